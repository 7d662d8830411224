"""Promise: `burgee stale --metrics` names the flags that no node was asked for, and no others, and
says how far what it knows goes back.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burgee_compiler.stale.asked import read_asked
from support.command import run_burgee
from support.edge_process import EdgeProcess, edge_process
from support.flag_repository import FlagRepository
from support.servers.running import free_port

FILES = {
    "burgee.yaml": "environments: [production]\n",
    "flags/asked.yaml": "default: {split: {on: 1, off: 1}}\n",
    "flags/leaned-on.yaml": "default: {split: {on: 1, off: 1}}\n",
    "flags/leans.yaml": "requires: [{flag: leaned-on, serves: [on]}]\n"
    "default: {split: {on: 1, off: 1}}\n",
    "flags/forgotten.yaml": "default: {split: {on: 1, off: 1}}\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(tmp_path / "repo", FILES)
    made.commit()
    made.publish(tmp_path / "dist")
    return made


def ask(node: EdgeProcess, *flags: str) -> None:
    for flag in flags:
        assert node.ofrep(flag, {"targetingKey": "u"}, x_tenant_id="acme").status == 200


def unasked(repository: FlagRepository, *more: str) -> list[str]:
    done = run_burgee("stale", "--repo", repository.root, *more, "--json", cwd=repository.root)
    assert done.returncode == 0, done.shown
    return [
        each["name"]
        for each in done.json()["stale"]
        if any(reason["reason"] == "unasked" for reason in each["reasons"])
    ]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_flags_that_nobody_asks_for(
    repository: FlagRepository, tmp_path: Path, workers: str
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    admin = ("--admin-listen", str(port), "--workers", workers)
    with edge_process(tmp_path / "dist", *admin) as node:
        ask(node, "asked", "leans")
        named = ("--metrics", url, "--days", "0")
        assert unasked(repository, *named) == ["forgotten"]
        assert unasked(repository, *named, "--at", "2100-01-01T00:00:00Z") == [
            "asked",
            "forgotten",
            "leans",
        ]
        later = ("--metrics", f"{url}/metrics", "--days", "0", "--at", "2020-01-01T00:00:00Z")
        assert unasked(repository, *later) == []
        text = run_burgee("stale", *named, cwd=repository.root).stdout
        assert re.search(r"unasked +no node was asked for it since \d{4}-", text)
        early = run_burgee("stale", "--metrics", url, cwd=repository.root)
        assert "forgotten" not in early.stdout
        assert "the nodes count since 20" in early.stderr
        assert "in 30 days cannot be told yet" in early.stderr


def test_it_goes_by_what_was_seen_last(repository: FlagRepository) -> None:
    text = """
# TYPE burgee_flag_last_evaluated_timestamp_seconds gauge
burgee_flag_last_evaluated_timestamp_seconds{flag="asked",tenant="acme"} 1.79e+09
burgee_flag_last_evaluated_timestamp_seconds{flag="a\\\\"b\\\\n",tenant="x"} 1.0
burgee_evaluations_total{tenant="acme",flag="asked",variant="on"} 5.0
burgee_evaluations_since_timestamp_seconds 1.7e+09
"""
    found = read_asked([text, text.replace("1.79e+09", "1.78e+09").replace("1.7e", "1.75e")])
    assert found.last["acme", "asked"] == 1_790_000_000_000_000
    assert found.since == 1_750_000_000_000_000
    with pytest.raises(ValueError, match="answer 2 does not say"):
        read_asked([text, "# nothing\n"])


def test_what_cannot_be_asked_is_told(repository: FlagRepository, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with edge_process(tmp_path / "dist") as node:
        for url in (nobody, node.url, "ftp://x", "x"):
            done = run_burgee("stale", "--metrics", url, cwd=repository.root)
            assert done.returncode == 2, done.shown
            assert "--admin-listen" in done.stderr
            assert "Traceback" not in done.stderr
