"""Promise: what was made up once, and what once broke something, breaks nothing: `make fuzz` makes
up more.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"
INPUTS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.relative_to(CORPUS).as_posix())
def test_it_breaks_nothing(path: Path) -> None:
    run = importlib.import_module(f"support.fuzzing.{path.parent.name}").run
    run(path.read_bytes())


def test_there_is_something_for_each_target() -> None:
    targets = {path.parent.name for path in INPUTS}
    assert targets == {"http", "manifest", "snapshot", "source"}


@pytest.mark.parametrize("target", ["http", "manifest", "snapshot", "source"])
def test_each_target_reaches_what_it_is_there_for(target: str) -> None:
    """A fault behind the first checks would be found."""
    module = importlib.import_module(f"support.fuzzing.{target}")
    for data in (b"", b"\x00", b"{}", b"\xff" * 100):
        module.run(data)
