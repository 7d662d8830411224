"""Fuzzes one target for some seconds: `python tests/fuzz/run.py TARGET SECONDS`.

What breaks is written to `.build/fuzz/`; put it into `tests/fuzz/corpus/TARGET/` with its cure.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # in .fuzz

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Instrument what the target imports, and run until the time is over or something breaks."""
    target, seconds = sys.argv[1:]
    for folder in (HERE.parent, HERE.parents[1] / "edge", HERE.parents[1] / "compiler"):
        sys.path.insert(0, str(folder))
    found = HERE.parents[1] / ".build" / "fuzz" / target
    found.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["burgee", "burgee_http", "burgee_edge"]):
        run = importlib.import_module(f"support.fuzzing.{target}").run
    with atheris.instrument_imports(include=["burgee_compiler"]):
        importlib.import_module("burgee_compiler.build")
    arguments = [sys.argv[0], str(found), str(HERE / "corpus" / target)]
    arguments += [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024"]
    arguments += [f"-artifact_prefix={found.parent}/broken-{target}-", "-print_final_stats=1"]
    atheris.Setup(arguments, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
