"""Promise: a writer whose remote is away when it starts says so and ends, or goes on with what it
knew where it was there before; it counts what it could not push, and heals by itself.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from support.command import run_burgee
from support.flag_repository import git
from support.git_remotes import http_remote
from support.writer_process import bare_repository, writer_process

QUICK = ("--remote-seconds", "10")


def test_a_remote_that_is_away_at_the_start(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    state = tmp_path / "state"
    with http_remote(bare) as remote:
        with remote.away():
            command = ("writer", "--repo", remote.url, "--state-dir", state, "--port", "0")
            ran = run_burgee(*command, "--insecure", *QUICK, cwd=tmp_path)
            assert (ran.returncode, ran.stdout) == (2, "")
            [said] = [each for each in ran.stderr.splitlines() if not each.startswith("{")]
            assert said.startswith("error: the remote cannot be read: ")
        with writer_process(remote.url, state, *QUICK) as writer:
            commit = writer.done("PATCH", "/v1/flags/f", {"name": "before"})["commit"]
        with ExitStack() as stack:
            with remote.away():
                writer = stack.enter_context(writer_process(remote.url, state, *QUICK))
                assert writer.get("/v1/flags/f")["flag"]["name"] == "before"
                answer = writer.ask("PATCH", "/v1/flags/f", {"name": "away"})
                assert (answer.status, b'"unreachable"' in answer.body) == (503, True)
                assert writer.metric("burgee_writer_push_failures_total") == 1
            [warned] = [each for each in writer.logs() if "begun with" in each["message"]]
            assert warned["commit"] == commit
            writer.done("PATCH", "/v1/flags/f", {"name": "after"})
        assert git(bare, "rev-parse", "main~1") == commit
