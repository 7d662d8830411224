"""A forge that comments are made at, and a shell in which `burgee` is this tree's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forge import Forge, forge
from support.guides import shell_in


@pytest.fixture
def hub() -> Iterator[Forge]:
    with forge() as made:
        yield made


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "shell").mkdir()
    found = shell_in(tmp_path / "shell")
    kept = ("GITHUB_", "GITLAB_", "CI_", "RUNNER_")
    return {name: text for name, text in found.items() if not name.startswith(kept)}
