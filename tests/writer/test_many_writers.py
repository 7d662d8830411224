"""Promise: many writers on one repository, people who push to it meanwhile, and writers that are
killed: no update is lost, each accepted call is in the history once, each refused one is told why.

`BURGEE_WRITES=200` makes each of the eight writers take so many calls.
"""

from __future__ import annotations

import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.command import run_burgee
from support.crowd import Client, Ledger
from support.flag_repository import FlagRepository, git
from support.writer_process import WriterProcess, bare_repository

WRITERS = 8
EACH = int(os.environ.get("BURGEE_WRITES", "6"))
MARGIN = 60 + EACH * WRITERS  # seconds, on a slow machine
OWN = "# of writer {0}\nmetadata: {{n: 0}}\ndefault: off  # none\n"
FILES = {
    "burgee.yaml": "environments: [staging, production]\n",
    "flags/shared.yaml": "# everybody's\nmetadata: {all: 0}  # counted\ndefault: off\n",
    "flags/ours.yaml": "# last one wins\ndescription: none\ndefault: off\n",
    "flags/persons.yaml": "metadata: {n: 0}\ndefault: off\n",
    "segments/team.yaml": "members:\n  - first\n",
    **{f"flags/own/w{number}.yaml": OWN.format(number) for number in range(WRITERS)},
}

pytestmark = pytest.mark.slow


@contextmanager
def many(folder: Path, bare: Path) -> Iterator[list[WriterProcess]]:
    """Writers with a state of their own each; started together, ended together."""
    headers = {"X-Tenant-ID": "acme"}
    made = [WriterProcess(bare, folder / f"s{n}", headers=headers) for n in range(WRITERS)]
    try:
        for first in range(0, WRITERS, 2):  # more at once would only wait for each other
            for writer in made[first : first + 2]:
                writer.launch()
            for writer in made[first : first + 2]:
                writer.wait()
        yield made
    finally:
        for writer in made:
            if writer.process.poll() is None:
                writer.terminate()
        for writer in made:
            writer.stop()


def edits(client: Client, count: int) -> int:
    """Make calls of every sort, a fifth of them on what others write too; how many counted."""
    own, draw, added = f"own.w{client.number}", random.Random(client.number), 0
    for step in range(1, count + 1):
        match step % 5:
            case 0:
                client.add_one("shared", "all")
                added += 1
            case 1:
                body: Any = {"metadata": {"n": step}}
                assert client.call("PATCH", f"/v1/flags/{own}", body).status == 200
            case 2:
                user = f"u-{client.number}-{step}"
                answer = client.call("PUT", f"/v1/segments/team/members/{user}", None)
                assert answer.status == 200, answer.body
            case 3:
                state = {"state": draw.choice(("on", "off")), "environments": ["staging"]}
                assert client.call("PUT", f"/v1/flags/{own}/state", state).status == 200
            case _:
                text = {"description": f"{client.number} {step}"}
                assert client.call("PATCH", "/v1/flags/ours", text).status == 200
    return added


def person(root: Path, stop: threading.Event) -> int:
    """Commit and push as people do: pull, rebase, push, again; how often it went through."""
    repository = FlagRepository(root, {"burgee.yaml": FILES["burgee.yaml"]})
    done = 0
    while not stop.wait(0.3):
        repository.commit({"flags/persons.yaml": f"metadata: {{n: {done + 1}}}\ndefault: off\n"})
        while True:
            git(root, "pull", "--quiet", "--rebase", "origin", "main")
            command = ["git", "-C", str(root), "push", "--quiet", "origin", "HEAD:main"]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                break
        done += 1
    return done


def run(clients: list[Client], root: Path, beside: Callable[[], None] = lambda: None) -> list[int]:
    """Let clients and a person work at once; how much each added, the person last."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(clients) + 1) as threads:
        pushing = threads.submit(person, root, stop)
        working = [threads.submit(edits, client, EACH) for client in clients]
        try:
            beside()
            added = [each.result(MARGIN) for each in working]
        finally:
            stop.set()
        return [*added, pushing.result(MARGIN)]


def judge(bare: Path, folder: Path, ledger: Ledger, added: list[int]) -> None:
    """Hold what clients were told against what is in git."""
    git(bare, "fsck", "--strict", "--no-dangling")
    git(bare, "log", "-1", "main")
    _judge_history(bare, ledger)
    _judge_files(bare, ledger, added)
    work = folder / "check"
    git(folder, "clone", "--quiet", str(bare), str(work))
    ran = run_burgee("check", work, cwd=folder)
    assert ran.returncode == 0, ran.shown
    locks = [str(each) for each in bare.rglob("*.lock")]
    assert locks == []
    assert git(bare, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def _judge_history(bare: Path, ledger: Ledger) -> None:
    ids = "%(trailers:key=Burgee-Request-Id,valueonly,separator=%x2C)"
    lines = git(bare, "log", "--first-parent", f"--format=%H|%P|{ids}", "main").splitlines()
    assert all(len(line.split("|")[1].split()) <= 1 for line in lines)  # one line, no merges
    history = [line.split("|") for line in lines]
    named = {name: commit for commit, _, name in history if name}
    names = [name for _, _, name in history if name]
    assert len(names) == len(set(names)), "a call was made twice"
    accepted = ledger.commits()
    assert named == accepted, set(named.items()) ^ set(accepted.items())
    refused = {each.code for each in ledger.told if each.commit is None and each.status != 200}
    assert refused <= {"precondition_failed"}, refused
    order = {commit: at for at, (commit, _, _) in enumerate(reversed(history))}
    for each in ledger.told:
        if each.passed_over:
            assert each.commit is not None
            places = [order[one] for one in each.passed_over]
            last = order[each.commit]
            assert places == list(range(last - len(places), last)), each


def _judge_files(bare: Path, ledger: Ledger, added: list[int]) -> None:
    def text(path: str) -> str:
        return git(bare, "show", f"main:acme/{path}")

    assert text("flags/shared.yaml") == FILES["flags/shared.yaml"].strip().replace(
        "all: 0", f"all: {sum(added[:-1])}"
    )
    if added[-1]:
        assert f"n: {added[-1]}}}" in text("flags/persons.yaml")
    members = text("segments/team.yaml").split("\n")
    wanted = [f"  - u-{n}-{step}" for n in range(WRITERS) for step in range(2, EACH + 1, 5)]
    assert sorted(members[2:]) == sorted(wanted)
    for number in range(WRITERS):
        own = text(f"flags/own/w{number}.yaml")
        last = max(step for step in range(1, EACH + 1) if step % 5 == 1)
        assert own.startswith(f"# of writer {number}\nmetadata: {{n: {last}}}\n"), own
        assert own.count("default: off  # none") == 1
    _judge_steps(bare)


def _judge_steps(bare: Path) -> None:
    """Each commit of a writer changes the one file that it was about."""
    log = git(bare, "log", "--format=%x01%(trailers:key=Burgee-Entity,valueonly)", "--name-only")
    for block in log.split("\x01")[1:]:
        lines = [line for line in block.splitlines() if line]
        if lines and "/" in lines[0] and not lines[0].startswith("acme/"):
            folder, _, key = lines[0].partition("/")
            assert lines[1:] == [f"acme/{folder}s/{key.replace('.', '/')}.yaml"]


def test_eight_writers_and_a_person_lose_nothing(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, FILES)
    ledger = Ledger()
    with many(tmp_path, bare) as writers:
        clients = [Client(n, writer, ledger, tries=False) for n, writer in enumerate(writers)]
        added = run(clients, tmp_path / "person")
        metrics = [writer.metric("burgee_writer_writes_total") for writer in writers]
    assert sum(metrics) == len(ledger.commits())
    assert ledger.retries == ledger.busy <= WRITERS * EACH // 500
    assert any(each.passed_over for each in ledger.told), "nobody was ever in another's way"
    judge(bare, tmp_path, ledger, added)


def test_killed_at_any_time_nothing_is_half_done(tmp_path: Path) -> None:
    """Clients ask again under the same key; writers start again on what their state is."""
    bare = bare_repository(tmp_path, FILES)
    ledger = Ledger()
    kills = random.Random(7)
    with many(tmp_path, bare) as writers:
        clients = [Client(n, writer, ledger, tries=True) for n, writer in enumerate(writers)]
        ended = threading.Event()

        def kill() -> None:
            for _ in range(max(4, EACH // 5)):
                if ended.wait(kills.uniform(0.1, 0.6)):
                    return
                victim = kills.choice(writers)
                victim.kill()
                victim.start()

        added = run(clients, tmp_path / "person", kill)
        ended.set()
        errors = [each for writer in writers for each in writer.logs() if each["level"] == "error"]
    assert [each for each in errors if each.get("status") != 503] == []
    assert len(errors) <= WRITERS * EACH // 500, "busy is seldom told, and asked again"
    assert ledger.retries > 0
    judge(bare, tmp_path, ledger, added)
