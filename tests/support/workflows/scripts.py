"""The shell scripts that stand in workflows and actions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

__all__ = ["shell_scripts"]


def shell_scripts(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each script of a workflow or an action."""
    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    parts = [read["runs"]] if "runs" in read else list(read["jobs"].values())
    for part in parts:
        for step in part["steps"]:
            if "run" in step:
                yield step.get("name", step["run"]), step["run"]
