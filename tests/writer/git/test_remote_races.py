"""Promise: of several writers on one remote, and people who push, nobody loses an update, and
nothing is there twice, whatever the remote does meanwhile."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from burgee_writer.git.branch import Branch, Done, Moved, Refused, Unknown, Unreachable
from support.flag_repository import git
from support.git_remotes import Exchange, HttpRemote, http_remote
from support.remote_truth import bare_repository, contains, push_as_somebody, tried
from support.writer_git import branch_of, draft, must_write

FOLDERS: Final = ("shared", "shared", "own")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burgee_writer.git.remote._PAUSE", 0.01)


class Trouble:
    """A remote that fails in many ways, as a seed has it, and into which somebody pushes."""

    def __init__(self, remote: HttpRemote, seed: int) -> None:
        self._random = random.Random(seed)
        self._remote = remote
        self._lock = threading.Lock()
        self.pushed: list[str] = []
        remote.before = self._before
        remote.after = self._after

    def _draw(self, *acts: tuple[float, Callable[[Exchange], None]]) -> Callable[[Exchange], None]:
        with self._lock:
            at = self._random.random()
        for share, act in acts:
            at -= share
            if at < 0:
                return act
        return lambda _: None

    def _before(self, exchange: Exchange) -> None:
        self._draw(
            (0.05, Exchange.cut),
            (0.04, lambda each: each.refuse(502)),
            (0.03, lambda each: each.refuse(403)),
            (0.08 if exchange.is_of_push else 0, self._push),
        )(exchange)

    def _after(self, exchange: Exchange) -> None:
        self._draw(
            (0.08 if exchange.is_push else 0.02, Exchange.cut),
            (0.06, Exchange.truncate),
            (0.04 if exchange.is_push else 0, lambda each: each.refuse(504)),
        )(exchange)

    def _push(self, _: Exchange) -> None:
        with self._lock:
            name = f"p{len(self.pushed)}"
            self.pushed.append(name)
        push_as_somebody(self._remote.bare, name)


class Client:
    """Makes writes until each is there, as the writer's loop does under an idempotency key."""

    def __init__(self, branch: Branch, bare: Path) -> None:
        self._branch = branch
        self._bare = bare
        self.never: list[str] = []
        self.kinds: set[str] = set()

    def write(self, name: str) -> None:
        tries: list[str] = []
        while not self._is_there(tries):
            parent = self._branch.tip()
            commit = self._branch.commit(
                parent,
                draft({f"acme/flags/{name}.yaml": b"default: off\n"}, f"{name}\n\n{len(tries)}\n"),
            )
            tries.append(commit)
            try:
                found = self._branch.publish(parent, commit)
            except Unreachable:
                self.kinds.add("Unreachable")
                self.never.append(commit)
                continue
            self.kinds.add(type(found).__name__)
            if isinstance(found, Done):
                assert contains(self._bare, commit)
                return
            if isinstance(found, Moved | Refused):
                self.never.append(commit)
            elif isinstance(found, Unknown):
                self._settle(commit)

    def write_all(self, names: Sequence[str]) -> None:
        for each in names:
            self.write(each)

    def _settle(self, commit: str) -> None:
        """Nobody knew; what the remote says when it can be asked again is what is there."""
        while True:
            try:
                tip = self._branch.refresh()
            except Unreachable:
                continue
            there = git(self._branch.repository_path, "merge-base", commit, tip) == commit
            assert there == contains(self._bare, commit)
            return

    def _is_there(self, tries: list[str]) -> bool:
        tip = self._branch.tip()
        path = self._branch.repository_path
        return any(git(path, "merge-base", each, tip) == each for each in tries)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_and_nothing_twice(tmp_path: Path, seed: int) -> None:
    """Three writers, two of which share a clone, a person, and a remote that fails all the time."""
    count = 3
    bare = bare_repository(tmp_path)
    with http_remote(bare) as remote:
        branches = [branch_of(remote.url, tmp_path / each) for each in FOLDERS]
        clients = [Client(each, bare) for each in branches]
        trouble = Trouble(remote, seed)
        with ThreadPoolExecutor(3) as pool:
            done = [
                pool.submit(client.write_all, [f"w{n}-{k}" for k in range(count)])
                for n, client in enumerate(clients)
            ]
        for each in done:
            each.result()
    subjects = git(bare, "log", "--format=%s", "main").splitlines()
    wanted = [f"w{n}-{k}" for n in range(3) for k in range(count)]
    assert sorted(subjects) == sorted(["change", *wanted, *trouble.pushed])
    names = git(bare, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert sorted(each for each in names if "/w" in each) == sorted(
        f"acme/flags/{each}.yaml" for each in wanted
    )
    for client in clients:
        for commit in client.never:
            assert not contains(bare, commit), "what was told not to be there came after all"
    git(bare, "fsck", "--strict", "--no-dangling")
    for branch in branches:
        git(branch.repository_path, "fsck", "--strict", "--no-dangling")


def _write_many(url: str, state: str, name: str, count: int) -> None:
    branch = branch_of(url, Path(state))
    for number in range(count):
        must_write(branch, {f"acme/flags/{name}/n{number}.yaml": b"default: off\n"})


def test_processes_that_share_a_state_folder(tmp_path: Path) -> None:
    """They begin at once, in a folder where nothing is yet; the tip that both know only goes on."""
    count = 3
    bare = bare_repository(tmp_path)
    context = multiprocessing.get_context("spawn")
    with http_remote(bare) as remote:
        watched = branch_of(remote.url, tmp_path / "shared")
        state = str(tmp_path / "shared")
        running = [
            context.Process(target=_write_many, args=(remote.url, state, f"w{n}", count))
            for n in range(2)
        ]
        for each in running:
            each.start()
        tips, pushed = [watched.tip()], 0
        while any(each.is_alive() for each in running):
            tips.append(watched.tip())
            if len(tips) % 60 == 0 and pushed < 4:
                push_as_somebody(bare, f"p{pushed}")
                pushed += 1
            time.sleep(0.005)
        for each in running:
            each.join(60)
            assert each.exitcode == 0
    assert int(git(bare, "rev-list", "--count", "main")) == 1 + 2 * count + pushed
    assert git(bare, "ls-tree", "-r", "--name-only", "main").count("/n") == 2 * count
    _require_onward(watched, tips)
    assert not list((tmp_path / "shared").glob(".*")), "nothing of a clone that lost the race"


def test_a_clone_that_others_write_to(tmp_path: Path) -> None:
    """Its tip is what another process of ours has pushed, unasked; another clone has to ask."""
    with http_remote(bare_repository(tmp_path)) as remote:
        one, two, apart = (branch_of(remote.url, tmp_path / each) for each in ("a", "a", "b"))
        commit = must_write(one, {"acme/flags/x.yaml": b"default: on\n"})
        assert two.tip() == commit
        asked = len(remote.asked)
        _, found = tried(two, "default: on\n")
        assert isinstance(found, Done)
        assert len(remote.asked) - asked == 2, "it went straight on from there"
        behind = apart.tip()
        late, moved = tried(apart, "default: off # 2\n")
        assert moved == Moved(two.tip())
        assert apart.tip() == one.tip() == two.tip() != behind
        assert not contains(remote.bare, late)


def test_asking_and_pushing_at_once(tmp_path: Path) -> None:
    """As the writer does: one thread follows the remote, another publishes. What is known of the
    tip never goes back, though an answer may be older than the last push."""
    bare = bare_repository(tmp_path)
    with http_remote(bare) as remote:
        delays = random.Random(3)
        remote.after = lambda _: time.sleep(delays.random() * 0.05)
        branch = branch_of(remote.url, tmp_path / "state")
        tips: list[str] = []
        over = threading.Event()

        def follow() -> None:
            follower = branch_of(remote.url, tmp_path / "state")
            while not over.is_set():
                follower.refresh()

        def watch() -> None:
            while not over.is_set():
                tips.append(branch.tip())
                time.sleep(0.002)

        with ThreadPoolExecutor(3) as pool:
            tasks = [pool.submit(each) for each in (follow, follow, watch)]
            try:
                for number in range(6):
                    commit = must_write(branch, {"acme/flags/x.yaml": b"x: %d\n" % number})
                    assert contains(bare, commit)
                    _require_onward(branch, [commit, branch.tip()])
            finally:
                over.set()
        for each in tasks:
            each.result()
        _require_onward(branch, tips)
        assert git(bare, "rev-list", "--count", "main") == "7"


def _require_onward(branch: Branch, tips: list[str]) -> None:
    """Each tip leads to the next, so that whoever reads sees no write undone."""
    ordered = list(dict.fromkeys(tips))
    assert [tip for n, tip in enumerate(tips) if n == 0 or tips[n - 1] != tip] == ordered
    for before, after in pairwise(ordered):
        assert git(branch.repository_path, "merge-base", before, after) == before
