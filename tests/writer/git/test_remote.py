"""Promise: whatever a remote does, what is answered matches what is in it: done is there, moved and
refused are not, and unknown is said only where nobody could know."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from burgee_writer.git.branch import (
    BranchMissing,
    Done,
    Moved,
    Published,
    Refused,
    Unknown,
    Unreachable,
)
from burgee_writer.git.program import Ran
from burgee_writer.git.pushes import verdict_of
from support.flag_repository import FlagRepository, git
from support.git_remotes import Exchange, HttpRemote, git_daemon, http_remote
from support.writer_git import branch_of, draft, must_write, written
from support.writer_kills import killed_with_locks

FLAG = "acme/flags/f.yaml"
ON: dict[str, bytes | None] = {FLAG: b"default: on\n"}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    repo = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    repo.commit()
    git(repo.root, "clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    git(tmp_path / "bare.git", "config", "http.receivepack", "true")
    return tmp_path / "bare.git"


@pytest.fixture
def remote(bare: Path) -> Iterator[HttpRemote]:
    with http_remote(bare) as found:
        yield found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burgee_writer.git.remote._PAUSE", 0.01)


def holds(bare: Path, commit: str) -> bool:
    """Whether the remote's branch leads to a commit."""
    done = subprocess.run(
        ["git", "merge-base", "--is-ancestor", commit, "refs/heads/main"],
        cwd=bare,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def push_as_somebody(bare: Path, name: str) -> str:
    """Somebody's commit, made in the remote itself."""
    while True:
        try:
            return _push_once(bare, name)
        except AssertionError:  # a writer was faster
            continue


def _push_once(bare: Path, name: str) -> str:
    tip = git(bare, "rev-parse", "main")
    blob = git(bare, "hash-object", "-w", str(bare / "HEAD"))
    tree = git(bare, "ls-tree", "main") + f"\n100644 blob {blob}\t{name}"
    made = subprocess.run(
        ["git", "mktree"], cwd=bare, input=tree, capture_output=True, text=True, check=True
    ).stdout.strip()
    commit = git(bare, "commit-tree", made, "-p", tip, "-m", name)
    git(bare, "update-ref", "refs/heads/main", commit, tip)
    return commit


def once(act: Callable[[Exchange], None], *, on: str = "push") -> Callable[[Exchange], None]:
    """Do something to the first push, or to the first announcement of one."""
    left = [True]

    def fault(exchange: Exchange) -> None:
        wanted = exchange.is_push if on == "push" else exchange.announces_push
        if wanted and left:
            left.clear()
            act(exchange)

    return fault


def always(act: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
    return lambda exchange: act(exchange) if exchange.is_push else None


@pytest.mark.parametrize("kind", ["http", "git"])
def test_a_push_arrives(bare: Path, tmp_path: Path, kind: str) -> None:
    with http_remote(bare) if kind == "http" else git_daemon(bare) as found:
        url = found if isinstance(found, str) else found.url
        branch = branch_of(url, tmp_path / "state", branch=None)
        assert branch.name == "main"
        done = written(branch, ON)
        assert isinstance(done, Done)
        assert branch.tip() == done.commit == git(bare, "rev-parse", "main")
        somebody = push_as_somebody(bare, "x")
        assert branch.tip() == done.commit
        assert branch.refresh() == somebody == branch.tip()


def test_others_were_faster(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    somebody = push_as_somebody(remote.bare, "x")
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))
    assert branch.publish(parent, commit) == Moved(somebody)
    assert not holds(remote.bare, commit)
    assert branch.tip() == somebody, "so that the next try begins there"


def test_it_moves_while_we_push(remote: HttpRemote, tmp_path: Path) -> None:
    """After the remote has told where it is, and before it has what we send."""
    branch = branch_of(remote.url, tmp_path / "state")
    moved: list[str] = []
    remote.before = once(lambda _: moved.append(push_as_somebody(remote.bare, "x")))
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))
    assert branch.publish(parent, commit) == Moved(moved[0])
    assert not holds(remote.bare, commit)


def test_the_answer_is_lost(remote: HttpRemote, tmp_path: Path) -> None:
    """The remote has moved, and the connection breaks: the remote is asked, and says so."""
    branch = branch_of(remote.url, tmp_path / "state")
    remote.after = once(lambda exchange: exchange.cut())
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert holds(remote.bare, done.commit)
    assert branch.tip() == done.commit


def test_the_answer_is_lost_and_somebody_goes_on(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")

    def fault(exchange: Exchange) -> None:
        push_as_somebody(remote.bare, "x")
        exchange.cut()

    remote.after = once(fault)
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert holds(remote.bare, done.commit)
    assert branch.tip() == git(remote.bare, "rev-parse", "main") != done.commit


def test_what_is_sent_is_lost(remote: HttpRemote, tmp_path: Path) -> None:
    """Nothing has moved, as the remote says: it is sent again."""
    branch = branch_of(remote.url, tmp_path / "state")
    remote.before = once(lambda exchange: exchange.cut())
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert holds(remote.bare, done.commit)


def test_nobody_can_know(remote: HttpRemote, tmp_path: Path) -> None:
    """The answer is lost, and then the remote is gone; asked again later, it tells."""
    branch = branch_of(remote.url, tmp_path / "state")
    gone: list[bool] = []

    def after(exchange: Exchange) -> None:
        gone.append(True)
        exchange.cut()

    def before(exchange: Exchange) -> None:
        if gone:
            exchange.cut()

    remote.after, remote.before = once(after), before
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))
    assert isinstance(branch.publish(parent, commit), Unknown)
    remote.before = None
    assert branch.refresh() == commit, "it had arrived"


@pytest.mark.parametrize("status", [403, 404, 413, 500, 502, 503])
def test_a_remote_that_refuses_in_http(remote: HttpRemote, tmp_path: Path, status: int) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    remote.before = always(lambda exchange: exchange.refuse(status))
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))
    found: Published | Unreachable
    try:
        found = branch.publish(parent, commit)
    except Unreachable as error:
        found = error
    assert isinstance(found, Unknown | Unreachable), found
    assert not holds(remote.bare, commit)
    assert "127.0.0.1" not in str(found) or status not in (403, 404) or "URL" in str(found)


@pytest.mark.parametrize("status", [408, 500, 504])
def test_it_arrives_and_somebody_in_between_says_it_failed(
    remote: HttpRemote, tmp_path: Path, status: int
) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    remote.after = once(lambda exchange: exchange.refuse(status))
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert git(remote.bare, "rev-list", "--count", "main") == "2"


def test_it_may_still_arrive_when_a_second_try_finds_nobody(
    remote: HttpRemote, tmp_path: Path
) -> None:
    """What the second try meets says nothing of the first, which the remote may be at yet."""
    branch = branch_of(remote.url, tmp_path / "state", timeout=1.0)
    tried: list[bool] = []

    def before(exchange: Exchange) -> None:
        if exchange.is_push:
            tried.append(True)
            remote.hanging.wait(20)
        elif tried and exchange.announces_push:
            exchange.refuse(403)

    remote.before = before
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))
    assert isinstance(branch.publish(parent, commit), Unknown)
    remote.hanging.set()
    until = time.monotonic() + 10
    while not holds(remote.bare, commit) and time.monotonic() < until:
        time.sleep(0.05)
    assert holds(remote.bare, commit)


def test_a_lock_in_the_clone_is_told_and_one_that_was_left_removed(
    remote: HttpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the writer would read the tip of that moment for ever."""
    monkeypatch.setattr("burgee_writer.git.lock_files._YOUNG_NS", 0)
    state = tmp_path / "state"
    branch = branch_of(remote.url, state)
    lock = branch.repository_path / "refs/heads/main.lock"
    somebody = push_as_somebody(remote.bare, "x")
    lock.touch()
    monkeypatch.setattr("burgee_writer.git.references._PATIENCE", 0.2)
    with pytest.raises(Unreachable, match="locked") as told:
        branch.refresh()
    assert str(tmp_path) not in str(told.value)
    lock.unlink()
    killed_with_locks(state, [lock], None, "")
    assert branch.refresh() == somebody
    assert not lock.exists()


def test_settings_of_the_user_do_not_change_what_is_pushed(
    remote: HttpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
        (hooks / name).chmod(0o755)
    settings = tmp_path / "config"
    settings.write_text(
        f"[core]\nhooksPath = {hooks}\n[push]\nfollowTags = true\n[color]\nui = always\n"
        f"[init]\ntemplateDir = {tmp_path}\n[fetch]\nprune = true\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    branch = branch_of(remote.url, tmp_path / "state")
    git(branch.repository_path, "tag", "--annotate", "--message", "x", "mine", "main")
    assert isinstance(written(branch, ON), Done)
    assert git(remote.bare, "tag", "--list") == ""


def test_over_ssh(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in that runs the command here and leaves a shared connection open behind it."""
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nfor last; do :; done\nsleep 5 &\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    began = time.monotonic()
    branch = branch_of(f"somebody@host:{bare}", tmp_path / "state")
    done = written(branch, ON)
    assert isinstance(done, Done)
    assert git(bare, "rev-parse", "main") == done.commit
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_protected_branch(remote: HttpRemote, tmp_path: Path, hook: str) -> None:
    script = remote.bare / "hooks" / hook
    script.parent.mkdir(exist_ok=True)
    script.write_text("#!/bin/sh\necho 'GH006: main is protected, \033[31muse a PR' >&2\nexit 1\n")
    script.chmod(0o755)
    branch = branch_of(remote.url, tmp_path / "state")
    found = written(branch, ON)
    assert isinstance(found, Refused)
    assert found.code == "branch_protected"
    assert "main is protected" in found.message
    assert "\033" not in found.message
    assert "propose" in found.help
    assert git(remote.bare, "rev-list", "--count", "main") == "1"
    script.unlink()
    assert isinstance(written(branch, ON), Done)


def test_a_reference_that_stays_locked(remote: HttpRemote, tmp_path: Path) -> None:
    """Told as a race each time, though nobody moves it."""
    branch = branch_of(remote.url, tmp_path / "state")
    lock = remote.bare / "refs/heads/main.lock"
    lock.touch()
    found = written(branch, ON)
    assert isinstance(found, Refused)
    assert found.code == "busy"
    lock.unlink()
    assert isinstance(written(branch, ON), Done)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_remote_that_hangs(remote: HttpRemote, tmp_path: Path, when: str) -> None:
    """Bounded in time; whether it arrived is told as it is known."""
    branch = branch_of(remote.url, tmp_path / "state", timeout=1.0)
    parent = branch.tip()
    commit = branch.commit(parent, draft(ON))

    def hang(exchange: Exchange) -> None:
        remote.hanging.wait(20)
        exchange.cut()

    if when == "before":
        remote.before = always(hang)
    else:
        remote.after = always(hang)
    began = time.monotonic()
    found = branch.publish(parent, commit)
    assert time.monotonic() - began < 8
    if when == "after":
        assert found == Done(commit)
        assert holds(remote.bare, commit)
    else:
        assert isinstance(found, Unknown), "it may go on when the remote wakes up"
    remote.hanging.set()


def test_a_token_is_sent_and_never_told(remote: HttpRemote, tmp_path: Path) -> None:
    remote.password = "s3cret"
    branch = branch_of(remote.url, tmp_path / "state", token="s3cret")
    assert isinstance(written(branch, ON), Done)
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            assert b"s3cret" not in path.read_bytes(), path
    remote.password = "another"
    parent = branch.tip()
    commit = branch.commit(parent, draft({FLAG: b"default: off # 2\n"}))
    with pytest.raises(Unreachable) as told:
        branch.publish(parent, commit)
    assert "s3cret" not in str(told.value)
    with pytest.raises(Unreachable) as told:
        branch.refresh()
    assert "s3cret" not in str(told.value)


def test_a_password_in_the_address_is_kept_out_of_arguments(
    remote: HttpRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.password = "s3cret"
    seen: list[tuple[str, ...]] = []
    started = subprocess.Popen

    def popen(command: tuple[str, ...], **more: object) -> subprocess.Popen[bytes]:
        seen.append(tuple(command))
        return started(command, **more)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("burgee_writer.git.program.subprocess.Popen", popen)
    url = remote.url.replace("http://", "http://x:s3cret@")
    assert isinstance(written(branch_of(url, tmp_path / "state"), ON), Done)
    assert seen
    assert "s3cret" not in repr(seen)


def test_a_remote_that_was_never_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cannot be read"):
        branch_of("http://127.0.0.1:9/x.git", tmp_path / "state", timeout=5)


def test_a_branch_that_is_not_there(remote: HttpRemote, tmp_path: Path) -> None:
    with pytest.raises(BranchMissing):
        branch_of(remote.url, tmp_path / "state", branch="other")


def test_a_history_that_is_rewritten_is_followed(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    must_write(branch, ON)
    other = git(remote.bare, "commit-tree", "main^{tree}", "-m", "anew")
    git(remote.bare, "update-ref", "refs/heads/main", other)
    assert branch.refresh() == other


def test_proposals(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    name = "burgee/acme/0123"
    assert branch.read_beside(name) is None
    commit = branch.commit(branch.tip(), draft(ON))
    assert branch.publish_beside(name, commit) == Done(commit)
    other = branch_of(remote.url, tmp_path / "other")
    assert other.read_beside(name) == commit
    second = other.commit(other.tip(), draft({FLAG: b"default: off # 2\n"}))
    assert other.publish_beside(name, second) == Moved(commit)
    assert git(remote.bare, "rev-parse", name) == commit


def test_several_writers_and_a_person(remote: HttpRemote, tmp_path: Path) -> None:
    """Two share a clone, one has its own; what is lost in a race is made anew, nothing twice."""
    count = 5
    folders = ["shared", "shared", "own"]

    def work(number: int) -> None:
        branch = branch_of(remote.url, tmp_path / folders[number])
        for each in range(count):
            must_write(branch, {f"acme/flags/w{number}/n{each}.yaml": b"default: off\n"})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    for number in range(4):
        time.sleep(0.2)
        push_as_somebody(remote.bare, f"p{number}")
    for each in threads:
        each.join(60)
        assert not each.is_alive()
    names = git(remote.bare, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert sum("/w" in each for each in names) == 3 * count
    assert sum(each.startswith("p") for each in names) == 4
    assert git(remote.bare, "rev-list", "--count", "main") == str(1 + 3 * count + 4)
    git(remote.bare, "fsck", "--strict", "--no-dangling")


REF = "0123:refs/heads/main"
SAID = {
    f"*\t{REF}\t[new branch]": "done",
    f" \t{REF}\tabc..def": "done",
    f"=\t{REF}\t[up to date]": "done",
    f"!\t{REF}\t[rejected] (stale info)": "lost",
    f"!\t{REF}\t[rejected] (fetch first)": "lost",
    f"!\t{REF}\t[rejected] (non-fast-forward)": "lost",
    f"!\t{REF}\t[remote rejected] (failed to update ref)": "lost",
    f"!\t{REF}\t[remote rejected] (cannot lock ref 'refs/heads/main': is at a but expected b)": (
        "lost"
    ),
    f"!\t{REF}\t[remote rejected] (incorrect old value provided)": "lost",
    f"!\t{REF}\t[remote rejected] (pre-receive hook declined)": "refused",
    f"!\t{REF}\t[remote rejected] (protected branch hook declined)": "refused",
    f"!\t{REF}\t[remote rejected] (hook declined)": "refused",
    f"!\t{REF}\t[remote rejected] (n/a (unpacker error))": "lost",
    f"!\t{REF}\t[remote failure] (remote failed to report status)": "unknown",
    "": "unknown",
    "Done": "unknown",
}


@pytest.mark.parametrize("line", SAID)
def test_what_git_says_of_a_push(line: str) -> None:
    code = 0 if SAID[line] == "done" else 1
    found = verdict_of(Ran(code, f"To http://x\n{line}\nDone\n", ""))
    assert found.kind == SAID[line]
