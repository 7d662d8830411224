"""Promise: the page for whoever runs a writer does what it says: each command is run, also while
the remote is away; each line of the log and each metric is in it, and no other.
"""

from __future__ import annotations

import re
from pathlib import Path

from support.git_remotes import http_remote
from support.guides import steps
from support.process import ROOT
from support.sessions import free_ports, session
from support.wire import ask
from support.writer_process import bare_repository

PAGE = (ROOT / "docs" / "operations" / "writer.md").read_text(encoding="utf-8")
AWAY, BACK = "## When the remote is away", "## When it is back"
CODE = [*(ROOT / "compiler" / "burgee_writer").rglob("*.py")]
SHARED = {"request", "a request failed", "stopping", "stopped"}
"""Messages of what both servers share."""
SEEN_WITHIN = 12.0
"""A change that another writer made is fetched within 5 seconds."""


def test_the_page_runs(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path / "git", {"flags/f.yaml": "default: off\n"})
    here = tmp_path / "here"
    here.mkdir()
    (here / "git-token").write_text("a token of the tests\n", encoding="ascii")
    with http_remote(bare) as remote, session(here) as shell:
        page = PAGE.replace("https://git.example/acme/flags.git", remote.url)
        first, second = free_ports(2)
        page = page.replace("8081", str(first)).replace("8082", str(second))
        before, rest = page.split(AWAY)
        away, after = rest.split(BACK)
        shell.run(before, patience=SEEN_WITHIN)
        with remote.away():
            shell.run(away)
        shell.run(after, patience=SEEN_WITHIN)
        text = ask(first, "GET", "/metrics").body.decode()
        there = re.findall(r"^# TYPE ((?:burgee|http)_\S+)", text, re.MULTILINE)
        assert sorted(named("metric")) == sorted(there)
        assert shell.ran == len(list(steps(PAGE))) > 15


def rows(head: str) -> list[str]:
    """The first cells of the table whose head begins so."""
    table = PAGE.partition(f"\n| {head} |")[2].partition("\n\n")[0]
    return [line.split("|")[1] for line in table.splitlines()[2:]]


def named(head: str) -> list[str]:
    return [name for cell in rows(head) for name in re.findall(r"`([^`]+)`", cell)]


def test_each_message_of_the_log_is_told() -> None:
    said = set()
    for each in CODE:
        text = each.read_text(encoding="utf-8")
        said |= set(re.findall(r'_log\.(?:info|warning|error|exception)\(\s*"([^"]+)"', text))
    said |= {"a webhook was not taken, and is tried again", "a webhook could not be delivered"}
    assert sorted(named("message")) == sorted(said | SHARED)
