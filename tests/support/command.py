"""The command `burgee` as a process of its own, and git repositories to run it on."""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import burgee
import burgee_compiler

__all__ = ["PYTHON", "Ran", "environment", "git", "run_burgee", "start_burgee"]

PYTHON = (sys.executable, "-m", "burgee_cli")


class Ran(subprocess.CompletedProcess[str]):
    """How a command ended and what it printed."""

    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def shown(self) -> str:
        """All that a person sees, for messages of asserts."""
        return f"exit {self.returncode}\n{self.stdout}\n{self.stderr}"


@cache
def _home() -> Path:
    """A folder for what commands remember, gone at the end of the tests."""
    folder = tempfile.TemporaryDirectory(prefix="burgee-tests-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def environment(**variables: str) -> dict[str, str]:
    """Our packages where this process found them; no settings of the user who runs the tests."""
    found = [Path(package.__file__ or "").parents[1] for package in (burgee, burgee_compiler)]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("BURGEE_")}
    return {
        **kept,
        "BURGEE_CACHE": str(_home() / "builds"),
        "XDG_STATE_HOME": str(_home() / "state"),
        "PYTHONPATH": os.pathsep.join(str(path) for path in dict.fromkeys(found)),
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **variables,
    }


def run_burgee(
    *arguments: str | Path, cwd: Path, stdin: str = "", env: dict[str, str] | None = None
) -> Ran:
    """Run `burgee ARGUMENTS…` to its end."""
    done = subprocess.run(
        [*PYTHON, *map(str, arguments)],
        cwd=cwd,
        env=environment(**(env or {})),
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ran(done.args, done.returncode, done.stdout, done.stderr)


def start_burgee(
    *arguments: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `burgee ARGUMENTS…` and leave it running."""
    return subprocess.Popen(
        [*PYTHON, *map(str, arguments)],
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody whom no configuration knows."""
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@acme.example")
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.strip()
