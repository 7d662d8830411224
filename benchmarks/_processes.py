"""The command `burgee`, and others, as processes: what they take in time and memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

__all__ = ["Took", "burgee", "environment", "median", "peak_megabytes", "run"]

_SAMPLE_SECONDS = 0.02


class Took(Struct, frozen=True):
    """Seconds that a process took: by the clock, and of processors with all its children."""

    seconds: float
    processor: float


def burgee(*arguments: str | Path) -> list[str]:
    """Return the command line of `burgee ARGUMENTS…`."""
    return [sys.executable, "-m", "burgee_cli", *map(str, arguments)]


def environment(cache: Path) -> dict[str, str]:
    """Return variables under which nothing is known yet but compiled bytecode, as installed."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("BURGEE_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    folders = {"XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state", "PYTHONPYCACHEPREFIX": "code"}
    return kept | {name: str(cache / folder) for name, folder in folders.items()}


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Took:
    """Run a command to its end; CalledProcessError with what it printed where it fails."""
    before, start = _children(), time.perf_counter()
    subprocess.run(command, env=env, cwd=cwd, check=True, capture_output=True)
    return Took(time.perf_counter() - start, _children() - before)


def median(runs: Sequence[Took]) -> Took:
    """Return the median of each figure."""
    return Took(
        statistics.median(each.seconds for each in runs),
        statistics.median(each.processor for each in runs),
    )


def peak_megabytes(command: Sequence[str], env: Mapping[str, str]) -> float | None:
    """Return the most memory that a command and its children held at once, each page counted once.

    None where the system does not tell (it takes Linux's /proc).
    """
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_proportional(each) for each in _tree(process.pid)))
        time.sleep(_SAMPLE_SECONDS)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return peak / 1024 or None


def _tree(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        try:
            text = Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue
        found += [int(child) for child in text.split()]
    return found


def _proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    line = next((each for each in text.splitlines() if each.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1])


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
