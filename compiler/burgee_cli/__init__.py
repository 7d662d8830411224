"""The command `burgee`: a file per sub-command, each imported only when it runs."""

import sys

__all__ = ["main"]

try:
    from burgee_cli.main import main
except ModuleNotFoundError as missing:
    if missing.name != "click":
        raise

    def main(arguments: list[str] | None = None) -> None:
        """Say what to install, where burgee is there as an app's library alone."""
        del arguments
        sys.stderr.write("error: the command needs click: pip install 'burgee[all]'\n")
        sys.exit(2)
