"""The tree and its project table, for the packaging tests."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.process import ROOT


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
