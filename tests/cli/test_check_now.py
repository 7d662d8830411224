"""Promise: what depends on today is found by `check --now` or `--at` alone, and exits 0."""

from __future__ import annotations

import json
from pathlib import Path

from support.command import run_burgee

FLAG = "default: off\nexpires: 2030-01-01\noverrides: [{user: u, serve: on, expires: 2020-01-01}]\n"


def codes(repo: Path, *options: str) -> list[str]:
    done = run_burgee("check", repo, "--json", *options, cwd=repo.parent)
    assert done.returncode == 0, done.shown
    return [each["code"] for each in json.loads(done.stdout)["findings"]]


def test_the_clock_is_asked_for(copy: Path) -> None:
    (copy / "acme" / "flags" / "old.yaml").write_text(FLAG, encoding="utf-8")
    assert codes(copy) == []
    assert codes(copy, "--now")[:1] == ["B723"]
    assert codes(copy, "--at", "2019-12-31") == []
    assert codes(copy, "--at", "2030-01-01") == ["B724", "B725", "B723"]
