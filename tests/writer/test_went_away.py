"""Promise: a repository that goes away is missed by callers for as long as it is gone, and no
longer: streams, webhooks and metrics outlive it.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from support.event_source import EventSource
from support.flag_repository import git
from support.scripted_server import Reply, scripted_server
from support.waiting import until
from support.writer_process import WriterProcess, bare_repository, writer_process

CALLS = (
    ("GET", "/readyz"),
    ("GET", "/v1/flags"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/stats"),
    ("PATCH", "/v1/flags/f"),
)


def stream(writer: WriterProcess) -> EventSource:
    return EventSource(writer.port, "/v1/events", writer.headers)


def test_a_repository_that_comes_back(tmp_path: Path) -> None:
    with scripted_server(lambda _: Reply()) as receiver:
        hooks = f"webhooks: [{{url: '{receiver.url}/in', secret: hooks}}]\n"
        files = {"flags/f.yaml": "default: off\n", "acme/tenant.yaml": hooks}
        bare = bare_repository(tmp_path, files)
        secrets = tmp_path / "secrets.yaml"
        secrets.write_text(f"secrets: [{{name: hooks, tenants: ['*'], values: ['{'x' * 40}']}}]\n")
        webhooks = ("--webhook-host", receiver.url.removeprefix("http://"), "--webhook-private")
        with (
            writer_process(
                bare, tmp_path / "state", *webhooks, "--webhook-secrets-file", str(secrets)
            ) as writer,
            stream(writer) as before,
        ):
            until(lambda: "delivers webhooks" in writer.log.read_text(), "webhooks have begun")
            first = writer.done("PATCH", "/v1/flags/f", {"name": "first"})["commit"]
            until(lambda: receiver.asked, "the first change is told")
            assert before.event().id == first
            bare.rename(tmp_path / "away")
            time.sleep(1.2)  # so that all who look at it now and then have missed it
            answers = [writer.ask(method, path, {}) for method, path in CALLS]
            assert [each.status for each in answers] == [503] * len(CALLS)
            assert writer.metric("burgee_writer_findings") == 0
            assert writer.metric("burgee_writer_unreachable") in (0, 1)
            with stream(writer) as during:
                during.comment()
                # Whoever restores it has the same commits, in other packs.
                git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "away"), str(bare))
                shutil.rmtree(tmp_path / "away")
                again = writer.done("PATCH", "/v1/flags/f", {"name": "again"})["commit"]
                assert before.event().id == during.event().id == again
            until(lambda: len(receiver.asked) > 1, "the next change is told")
            told = [each.json()["commit"] for each in receiver.asked]
            assert told == [first, again], "nothing from before is told once more"
