"""Builds to publish."""

from __future__ import annotations

import pytest

from support.build_history import BuildHistory


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> BuildHistory:
    """Three commits and their builds; no test adds to them."""
    return BuildHistory(tmp_path_factory.mktemp("history") / "repo")
