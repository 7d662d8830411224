"""Promise: whoever runs a writer is told what it writes to and signs with, and when the repository
went away and came back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from burgee_writer import serve
from burgee_writer.writing.figures import WriteFigures
from support.flag_repository import git
from support.log_stream import log_stream
from support.waiting import until
from support.writer_git import branch_of
from support.writer_process import bare_repository, writer_process


def test_the_first_line_names_what_it_works_with(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    with writer_process(bare, tmp_path / "state") as writer:
        [line] = [each for each in writer.logs() if each["message"] == "writer"]
        assert line["repository"] == str(bare)
        assert (line["branch"], line["folder"]) == ("main", "")
        assert line["commit"] == git(bare, "rev-parse", "main")
        public = (Path(line["state_dir"]) / "commit.key.pub").read_text(encoding="ascii")
        assert line["signs_with"] == public.strip()
        assert line["git"] in git(bare, "--version")
        assert writer.metric("burgee_writer_unreachable") == 0
        bare.rename(tmp_path / "away")
        calls = (("GET", "/readyz"), ("GET", "/v1/flags"), ("DELETE", "/v1/flags/f"))
        answers = [writer.ask(*call) for call in calls]
        (tmp_path / "away").rename(bare)
        assert [each.status for each in answers] == [503, 503, 503]
        assert all(b'"unreachable"' in each.body for each in answers)
        error = writer.refused("DELETE", "/v1/flags/f")
        assert (error["status"], error["code"]) == (422, "invalid")
        assert error["message"] == "The change would add an error: the repository holds no tenant."
        assert writer.ask("PATCH", "/v1/flags/f", {"name": "F"}).status == 200


def test_probes_drown_nothing(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    found: dict[str, list[tuple[str, str]]] = {}
    for level in ("info", "debug"):
        with writer_process(bare, tmp_path / "state", "--log-level", level) as writer:
            for path in ("/healthz", "/readyz", "/metrics", "/v1/flags"):
                assert writer.ask("GET", path).status == 200
        lines = [each for each in writer.logs() if each["message"] == "request"]
        assert all(each["duration_ms"] > 0 for each in lines)
        found[level] = [(each["path"], each["level"]) for each in lines]
        writer.log.unlink()
    assert found["info"] == [("/v1/flags", "info")]
    probes = [(path, "debug") for path in ("/healthz", "/readyz", "/metrics")]
    assert found["debug"] == [*probes, ("/v1/flags", "info")]


def test_a_repository_that_went_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_REFRESH_SECONDS", 0.01)
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    branch, figures = branch_of(bare, tmp_path / "state"), WriteFigures()

    async def scene() -> None:
        following = asyncio.create_task(serve._follow(branch, figures))
        try:
            bare.rename(tmp_path / "away")
            await asyncio.to_thread(until, lambda: figures.unreachable, "it is missed")
            (tmp_path / "away").rename(bare)
            await asyncio.to_thread(until, lambda: not figures.unreachable, "it is seen")
        finally:
            following.cancel()

    with log_stream() as log:
        asyncio.run(scene())
    said = log.getvalue()
    assert said.count("the repository cannot be read") == 1
    assert said.count("the repository can be read again") == 1
