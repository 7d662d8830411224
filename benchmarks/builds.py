"""A cold build, and loading what it made: flags a second, and how the cost grows.

The floor of a build is libyaml's parser alone over the same files; that of a load is msgspec
decoding the same flags document untyped. Run: python -m benchmarks.builds [FLAGS …]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from yaml._yaml import CParser

from benchmarks._repositories import write_repository
from burgee import load_environment, read_folder
from burgee_compiler.build import build
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder
from burgee_compiler.write import write_builds


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _parse_all(root: Path) -> None:
    for path in root.rglob("*.yaml"):
        parser = CParser(path.read_bytes())
        while parser.check_event():
            parser.get_event()


def _build(root: Path, out: Path) -> None:
    made = build(load_repository(Folder(root)), None)
    assert made.environments, made.found[:3]
    write_builds(made.environments, out)


def _load(out: Path) -> None:
    flags = load_environment(read_folder(out), "production").tenants["acme"]
    result = flags.evaluate("area-0.flag-0", {"targetingKey": "u1"}, 0)
    assert result.variant == "off"


def _decode(out: Path) -> None:
    for path in out.glob("acme/*.json"):
        msgspec.json.decode(path.read_bytes())


def main(sizes: list[int]) -> None:
    """Print seconds and ratios for each size."""
    for flags in sizes:
        with TemporaryDirectory() as folder:
            _measure(write_repository(Path(folder) / "repo", flags), Path(folder) / "dist", flags)


def _measure(root: Path, out: Path, flags: int) -> None:
    floor = _timed(lambda: _parse_all(root))
    taken = _timed(lambda: _build(root, out))
    print(
        f"build {flags:>7,} flags  {taken:6.2f} s  {flags / taken:>8,.0f} flags/s  "
        f"ratio to libyaml alone {taken / floor:.2f}"
    )
    decoded = min(_timed(lambda: _decode(out / "production")) for _ in range(5))
    loaded = min(_timed(lambda: _load(out / "production")) for _ in range(5))
    print(
        f"load  {flags:>7,} flags  {loaded * 1000:6.1f} ms to the first answer  "
        f"ratio to decoding alone {loaded / decoded:.2f}"
    )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [1_000, 10_000])
