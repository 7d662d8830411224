"""Promise: a writer whose disk is full changes nothing and says so, to callers and in its log, goes
on reading, and writes again once there is room.
"""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest

from support.flag_repository import git
from support.writer_process import bare_repository, writer_process


@pytest.mark.parametrize("checked_out", [False, True])
def test_a_full_disk(tmp_path: Path, checked_out: bool) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    repo = tmp_path / "person" if checked_out else bare
    before = git(repo, "rev-parse", "main")
    with writer_process(repo, tmp_path / "state") as writer:
        pid = writer.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        # Nothing that the writer or git below it puts into a file finds room.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        answers = [
            writer.ask("PUT", "/v1/flags/f/overrides/u-1", {"serve": "on"}) for _ in range(2)
        ]
        assert writer.send("GET", "/readyz").status == 200
        assert writer.get("/v1/flags/f")["flag"] == {"key": "f", "default": "off"}
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        for answer in answers:
            error: Any = answer.json()
            assert (answer.status, error["error"]["code"]) == (503, "unreachable")
        assert git(repo, "rev-parse", "main") == before
        writer.done("PUT", "/v1/flags/f/overrides/u-1", {"serve": "on"})
        assert git(repo, "rev-parse", "main~1") == before
        if checked_out:
            assert git(repo, "status", "--porcelain") == ""
        git(repo, "fsck", "--no-dangling")
