"""GitHub workflows and actions, run step by step on this machine."""

from __future__ import annotations

from support.workflows.run import Done, Runner
from support.workflows.scripts import shell_scripts

__all__ = ["Done", "Runner", "shell_scripts"]
