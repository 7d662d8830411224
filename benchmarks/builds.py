"""Builds and checks as a user runs them: cold, after one edit, their memory, and how they grow.

Each figure is of a whole process, `burgee build` or `burgee check`, with Python's start. The floor
of a cold build is libyaml's parser alone over the same files, in one process; that of a load is
msgspec decoding the same documents untyped. Run: python -m benchmarks.builds [FLAGS …]
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from msgspec import Struct
from yaml._yaml import CParser

from benchmarks._claims import Claim, print_claims
from benchmarks._processes import Took, burgee, environment, median, peak_megabytes, run
from benchmarks._repositories import flag_path, write_repository
from burgee import load_environment, read_folder

__all__ = ["claims", "main"]

_SIZES: Final = (100, 1_000, 10_000, 100_000)
_JUDGED: Final = 10_000
_EDITS: Final = 5
_LINEAR: Final = 1.3
"""How much dearer a flag may be in a repository of ten times as many."""


class Measured(Struct, frozen=True):
    """What a repository of `flags` flags takes; load and floors in seconds, memory in MB."""

    flags: int
    cold: Took
    floor: float
    warm: Took
    check_one: Took
    check_all: Took
    memory: float | None
    load: float
    load_floor: float


def measure(flags: int) -> Measured:
    """Measure a made-up repository of so many flags."""
    with TemporaryDirectory() as folder:
        return _Bench(Path(folder), flags).measure()


class _Bench:
    def __init__(self, folder: Path, flags: int) -> None:
        self._folder = folder
        self._flags = flags
        self._env = environment(folder / "user")
        self._repo = write_repository(folder / "repo", flags)
        self._out = folder / "dist"
        self._edits = 0

    def measure(self) -> Measured:
        small = write_repository(self._folder / "small", 10)
        run(burgee("build", small, "--out", self._folder / "small-dist"), self._env)  # bytecode
        build = burgee("build", self._repo, "--out", self._out)
        cold = self._cold(build)
        self._forget()
        memory = peak_megabytes(build, self._env)
        production = self._out / "production"
        load = min(_timed(lambda: _load(production)) for _ in range(5))
        load_floor = min(_timed(lambda: _decode(production)) for _ in range(5))
        warm, one, whole = [], [], []
        for _ in range(_EDITS):
            self._edit()
            warm.append(run(build, self._env))
            edited = self._edit()
            one.append(run(burgee("check", self._repo, edited), self._env))
            self._edit()
            whole.append(run(burgee("check", self._repo), self._env))
        return Measured(
            self._flags,
            cold,
            _timed(lambda: _parse_all(self._repo)),
            median(warm),
            median(one),
            median(whole),
            memory,
            load,
            load_floor,
        )

    def _cold(self, build: list[str]) -> Took:
        runs = []
        for _ in range(1 if self._flags > _JUDGED else 3):
            self._forget()
            runs.append(run(build, self._env))
        return median(runs)

    def _forget(self) -> None:
        shutil.rmtree(self._out, ignore_errors=True)
        shutil.rmtree(self._env["XDG_CACHE_HOME"], ignore_errors=True)

    def _edit(self) -> Path:
        """Change one flag's answers; return its file."""
        self._edits += 1
        path = flag_path(self._repo, self._edits * 7 % self._flags)
        text = path.read_text()
        path.write_text(re.sub(r"percentage: .*", f"percentage: {self._edits}.25", text))
        return path


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _parse_all(root: Path) -> None:
    for path in root.rglob("*.yaml"):
        parser = CParser(path.read_bytes())
        while parser.check_event():
            parser.get_event()


def _load(out: Path) -> None:
    flags = load_environment(read_folder(out), "production").tenants["acme"]
    result = flags.evaluate("area-0.flag-0", {"targetingKey": "u1"}, 0)
    assert result.variant == "off"


def _decode(out: Path) -> None:
    for path in out.glob("acme/*.json"):
        msgspec.json.decode(path.read_bytes())


def claims(sizes: Sequence[int] = _SIZES) -> list[Claim]:
    """Measure, and return what is claimed of builds beside its target."""
    return _claims([measure(flags) for flags in sizes])


def _claims(measured: Sequence[Measured]) -> list[Claim]:
    made: list[Claim] = []
    for each in measured:
        if each.flags == _JUDGED:
            made += _of_ten_thousand(each)
    for less, more in pairwise(measured):
        ratio = more.cold.processor / more.flags / (less.cold.processor / less.flags)
        made.append(
            Claim(
                f"build, a flag among {more.flags:,} against one among {less.flags:,}",
                f"{ratio:.2f} times the processor time",
                f"≤ {_LINEAR}",
                ratio <= _LINEAR,
            )
        )
    return made


def _of_ten_thousand(each: Measured) -> list[Claim]:
    def seconds(name: str, took: Took, most: float) -> Claim:
        figure = f"{took.seconds:.2f} s"
        note = f"processor {took.processor:.2f} s"
        return Claim(f"{name}, 10,000 flags", figure, f"≤ {most} s", took.seconds <= most, note)

    made = [
        seconds("build, cold", each.cold, 6.0),
        seconds("build, warm after one edit", each.warm, 0.6),
        seconds("check of one changed file", each.check_one, 0.5),
        seconds("check of all after one edit", each.check_all, 0.5),
    ]
    if each.memory is not None:
        figure = f"{each.memory:.0f} MB"
        made.append(
            Claim("build, cold, peak memory, 10,000 flags", figure, "≤ 400 MB", each.memory <= 400)
        )
    return made


def _growth(each: Measured) -> str:
    memory = "" if each.memory is None else f"{each.memory:6.0f} MB"
    return (
        f"{each.flags:>8,}  {each.cold.seconds:7.2f} s ({each.cold.processor:6.2f} s)"
        f"  {each.cold.processor / each.floor:4.1f}  {each.warm.seconds:6.2f} s"
        f"  {each.check_one.seconds:6.2f} s  {memory}"
        f"  {each.load * 1000:7.1f} ms  {each.load / each.load_floor:4.2f}"
    )


def main(sizes: Sequence[int]) -> None:
    """Print how builds and loads grow, then each target with its figure."""
    print("   flags  cold build (processor)  ×yaml  warm   check one   memory  load  ×decode")
    measured = []
    for flags in sizes:
        measured.append(measure(flags))
        print(_growth(measured[-1]), flush=True)
    print_claims(_claims(measured))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or _SIZES)
