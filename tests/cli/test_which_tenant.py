"""Promise: a tenant need not be named where only one has the flag that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import run_burgee


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "burgee.yaml": "environments: [production]\n",
        "acme/flags/ours.yaml": "default: off\n",
        "acme/flags/both.yaml": "default: off\n",
        "globex/flags/both.yaml": "default: on\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_only_tenant_that_has_the_flag(repository: Path) -> None:
    assert run_burgee("eval", "ours", "-e", "production", cwd=repository).stdout.startswith("false")
    assert run_burgee("show", "ours", "-e", "production", cwd=repository).returncode == 0
    run_burgee("set", "ours", "state=off", cwd=repository)
    assert "state: off" in (repository / "acme/flags/ours.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("flag", ["both", "neither"])
def test_else_it_has_to_be_named(repository: Path, flag: str) -> None:
    for command in (("eval", flag), ("set", flag, "state=off"), ("show", flag)):
        told = run_burgee(*command, cwd=repository)
        assert told.returncode == 2
        assert "name the tenant: there are acme, globex" in told.stderr
