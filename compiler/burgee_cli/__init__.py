"""The command `burgee`: a file per sub-command, each imported only when it runs."""

from burgee_cli.main import main

__all__ = ["main"]
