"""Running a benchmark's parts in processes of their own, and reading the JSON they end with."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec

__all__ = ["CannotRun", "ask_worker"]


class CannotRun(Exception):
    """A worker that ended badly; the message is the last that it said."""


def ask_worker(module: str, *arguments: str, timeout: float = 600) -> Any:
    """Run `python -m benchmarks.MODULE ARGUMENTS` and return the JSON of its last line."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise CannotRun(f"stopped after {timeout:.0f} s") from None
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise CannotRun(said[-1][:200])
    return msgspec.json.decode(lines[-1])
