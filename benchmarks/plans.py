"""A plan as a whole process: a change to a few flags of many, and what it does to real contexts.

Each is a commit edited in a work tree. Run: python -m benchmarks.plans
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks._claims import Claim, print_claims
from benchmarks._processes import Took, burgee, environment, median, run
from benchmarks._repositories import write_repository

__all__ = ["claims"]

_RUNS = 3
_CHANGED = 20
_CONTEXTS = 100_000
_TARGETS = {1_000: 2.0, 10_000: 3.0}
_CONTEXT_SECONDS = 5.0


def claims() -> list[Claim]:
    """Measure plans of both sizes, and one of real contexts."""
    made: list[Claim] = []
    for flags, most in _TARGETS.items():
        with TemporaryDirectory() as folder:
            made += _of_size(Path(folder), flags, most)
    return made


def _of_size(folder: Path, flags: int, most: float) -> list[Claim]:
    root = write_repository(folder / "repo", flags)
    git = ("git", "-C", str(root), "-c", "user.name=bench", "-c", "user.email=bench@acme.example")
    for step in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        subprocess.run((*git, *step), check=True)
    _edit(root, flags)
    env = environment(folder)
    command = burgee("plan", root, "--at", "2026-11-27", "--json")
    run(command, env)  # what the first run leaves behind is bytecode
    alone = median([run(command, env) for _ in range(_RUNS)])
    name = f"plan, {_CHANGED} of {flags:,} flags changed"
    made = [_claim(name, alone, most)]
    if flags == min(_TARGETS):
        contexts = _contexts(folder / "contexts.jsonl")
        took = median([run([*command, "--contexts", str(contexts)], env) for _ in range(_RUNS)])
        made.append(_claim(f"the same with {_CONTEXTS:,} contexts", took, _CONTEXT_SECONDS))
    return made


def _claim(name: str, took: Took, most: float) -> Claim:
    note = f"processor {took.processor:.2f} s"
    return Claim(name, f"{took.seconds:.2f} s", f"≤ {most:g} s", took.seconds <= most, note)


def _edit(root: Path, flags: int) -> None:
    """Halve a percentage in some flags, spread over all folders."""
    for number in range(0, flags, flags // _CHANGED):
        path = root / f"acme/flags/area-{number // 100}/flag-{number}.yaml"
        text = path.read_text(encoding="utf-8")
        share = re.search(r"percentage: ([0-9.]+)", text)
        assert share is not None
        halved = f"percentage: {float(share[1]) / 2 + 0.25:g}"
        path.write_text(text.replace(share[0], halved), encoding="utf-8")


def _contexts(path: Path) -> Path:
    draw = random.Random(7)
    with path.open("wb") as file:
        for number in range(_CONTEXTS):
            context = {
                "targetingKey": f"user-{number}",
                "plan": draw.choice(["free", "premium", "enterprise"]),
                "country": draw.choice(["DE", "FR", "US"]),
                "app": {"version": f"3.{number % 60}.1"},
            }
            file.write(msgspec.json.encode(context) + b"\n")
    return path


def main(made: Sequence[Claim]) -> None:
    """Print each figure with its target."""
    print_claims(made)


if __name__ == "__main__":
    main(claims())
