"""Python in a process of its own, which finds our packages where this process found them.

So the tree is tried where pytest runs over the tree, and the wheel where it runs over a wheel.
"""

import os
import subprocess
import sys
from pathlib import Path

import burgee
import burgee_compiler

__all__ = ["ROOT", "run_python"]

ROOT = Path(__file__).resolve().parents[2]


def run_python(
    *arguments: str, cwd: Path = ROOT, paths: list[Path] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS…`; `paths` replaces the folders where packages are looked for."""
    found = [Path(package.__file__ or "").parents[1] for package in (burgee, burgee_compiler)]
    search = os.pathsep.join(str(path) for path in dict.fromkeys(paths or found))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": search, "PYTHONUTF8": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
