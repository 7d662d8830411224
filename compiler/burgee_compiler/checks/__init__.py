"""The checks: each looks at what was read, and yields what is wrong with it. One file a subject."""

from __future__ import annotations

from burgee_compiler.checks.run import run_checks, run_clock_checks

__all__ = ["run_checks", "run_clock_checks"]
