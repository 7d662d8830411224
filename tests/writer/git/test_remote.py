"""Promise: whatever a remote does, what is answered matches what is in it: done is there, moved and
refused are not and never will be, and unknown is said only where nobody could know."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from burgee_writer.git.branch import BranchMissing, Done, Moved, Refused, Unknown, Unreachable
from support.flag_repository import git
from support.git_remotes import Exchange, Fault, HttpRemote, git_daemon, http_remote
from support.remote_truth import (
    always,
    bare_repository,
    contains,
    hook,
    once,
    processes_naming,
    push_as_somebody,
    tried,
)
from support.waiting import until
from support.writer_git import branch_of, draft, must_write, written

FLAG = "acme/flags/f.yaml"
ON: dict[str, bytes | None] = {FLAG: b"default: on\n"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_repository(tmp_path_factory.mktemp("template"))


@pytest.fixture
def bare(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "bare.git"))


@pytest.fixture
def remote(bare: Path) -> Iterator[HttpRemote]:
    with http_remote(bare) as found:
        yield found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burgee_writer.git.remote._PAUSE", 0.01)
    monkeypatch.setattr("burgee_writer.git.remote._SETTLING", 1.0)
    monkeypatch.setattr("burgee_writer.git.references._PATIENCE", 0.2)


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
        commit, moved = tried(branch, "default: off # 2\n")
        assert moved == Moved(somebody)
        assert branch.tip() == somebody, "so that the next try begins there"
        assert not contains(bare, commit)
        script = hook(bare, "update", "echo no, said in good time >&2; exit 1")
        _, refused = tried(branch, "default: off # 3\n")
        assert isinstance(refused, Refused)
        assert "said in good time" in refused.message
        script.unlink()


class Case(NamedTuple):
    """What a remote does, what is answered, and whether the commit is there afterwards."""

    fault: Callable[[HttpRemote], None]
    answer: type
    arrives: bool
    text: str = ""


def before(fault: Fault) -> Callable[[HttpRemote], None]:
    return lambda remote: setattr(remote, "before", fault)


def after(fault: Fault) -> Callable[[HttpRemote], None]:
    return lambda remote: setattr(remote, "after", fault)


def refusing(status: int, *, announcement: bool = False) -> Callable[[HttpRemote], None]:
    def fault(exchange: Exchange) -> None:
        if exchange.announces_push if announcement else exchange.is_push:
            exchange.refuse(status)

    return before(fault)


def announced(act: Fault) -> Fault:
    return lambda exchange: act(exchange) if exchange.announces_push else None


def cut_and_gone(remote: HttpRemote) -> None:
    """The answer is lost, and from then on there is none at all."""
    gone: list[bool] = []

    def lost(exchange: Exchange) -> None:
        gone.append(True)
        exchange.cut()

    remote.after = once(lost)
    remote.before = lambda exchange: exchange.cut() if gone else None


def hung(remote: HttpRemote) -> None:
    """A push that is taken, and done long after everybody has given up."""
    remote.before = always(remote.hang)


FAULTS = {
    "nothing": Case(lambda remote: None, Done, True),
    **{
        f"{status} for the push": Case(refusing(status), Unreachable, False, str(status))
        for status in (403, 413, 429)
    },
    "401 for the push": Case(refusing(401), Unreachable, False, "credentials"),
    **{
        f"{status} for the push": Case(refusing(status), Unknown, False, str(status))
        for status in (408, 502)
    },
    **{
        f"{status} before it": Case(refusing(status, announcement=True), Unreachable, False)
        for status in (302, 401, 404, 503)
    },
    "cut before it": Case(before(announced(Exchange.cut)), Unreachable, False),
    "cut before git has it, once": Case(before(once(Exchange.cut)), Done, True),
    "cut before git has it": Case(before(always(Exchange.cut)), Unknown, False, "may still"),
    "its answer is lost": Case(after(once(Exchange.cut)), Done, True),
    "its answer is lost each time": Case(after(always(Exchange.cut)), Done, True),
    "half of its answer is lost": Case(after(once(Exchange.truncate)), Done, True),
    "half of what it begins with is lost": Case(
        after(announced(Exchange.truncate)), Unreachable, False
    ),
    "its answer is lost, and the remote too": Case(cut_and_gone, Unknown, True, "cannot be read"),
    "an answer of somebody else": Case(
        before(always(lambda exchange: exchange.refuse(200, "<html>log in</html>"))),
        Unknown,
        False,
    ),
    "slow": Case(after(lambda exchange: exchange.drip(0.2)), Done, True),
    "hangs before it": Case(
        lambda remote: setattr(remote, "before", announced(remote.hang)),
        Unreachable,
        False,
        "in time",
    ),
    "hangs with what was sent": Case(hung, Unknown, True, "in time"),
    "hangs when it is done": Case(
        lambda remote: setattr(remote, "after", always(remote.hang)), Done, True
    ),
    "hangs in its last hook": Case(
        lambda remote: _wait_in(remote, "post-receive"), Done, True
    ),
    "hangs in its first hook": Case(
        lambda remote: _wait_in(remote, "pre-receive"), Unknown, True, "in time"
    ),
    "protected": Case(
        lambda remote: _decline(remote, "pre-receive"), Refused, False, "GH006: main is protected"
    ),
    "protected by its update hook": Case(
        lambda remote: _decline(remote, "update"), Refused, False, "GH006: main is protected"
    ),
    "locked": Case(
        lambda remote: (remote.bare / "refs/heads/main.lock").touch(), Refused, False, "each time"
    ),
    "full": Case(
        lambda remote: _set(remote, "receive.maxInputSize", "10"), Refused, False, "unpacker error"
    ),
    "takes no forced pushes": Case(
        lambda remote: _set(remote, "receive.denyNonFastForwards", "true"), Done, True
    ),
    "takes no pushes over HTTP": Case(
        lambda remote: _set(remote, "http.receivepack", "false"), Unreachable, False, "403"
    ),
}  # fmt: skip


def _wait_in(remote: HttpRemote, name: str) -> None:
    hook(remote.bare, name, "until test -e go; do sleep 0.05; done")


def _decline(remote: HttpRemote, name: str) -> None:
    # What looks like a race in the words of a hook is none.
    told = r"GH006: main is protected, \033[31muse a PR, cannot lock ref"
    hook(remote.bare, name, f"printf '{told}\\n' >&2; exit 1")


def _set(remote: HttpRemote, name: str, value: str) -> None:
    git(remote.bare, "config", name, value)


def _heal(remote: HttpRemote) -> None:
    """Make the remote one that works, and wait until it has done what it had been sent."""
    (remote.bare / "go").touch()
    remote.finish()
    remote.before = remote.after = None
    for name in ("pre-receive", "update", "post-receive"):
        (remote.bare / "hooks" / name).unlink(missing_ok=True)
    (remote.bare / "refs/heads/main.lock").unlink(missing_ok=True)
    _set(remote, "receive.maxInputSize", "0")
    _set(remote, "http.receivepack", "true")


@pytest.mark.parametrize("what", FAULTS)
def test_what_is_answered_is_what_is_there(remote: HttpRemote, tmp_path: Path, what: str) -> None:
    case = FAULTS[what]
    timeout = 0.8 if what.startswith("hangs") else 20.0
    branch = branch_of(remote.url, tmp_path / "state", timeout=timeout)
    parent = branch.tip()
    case.fault(remote)
    began = time.monotonic()
    commit, found = tried(branch, "default: on\n")
    if timeout < 1:
        assert time.monotonic() - began < timeout + 1.0 + 1.0, "bounded, with the time to ask"
        assert sum(each.startswith("POST /bare.git/git-rec") for each in remote.asked) <= 1
        until(lambda: processes_naming(remote.url) == [], "nothing of ours runs on")
    assert type(found) is case.answer, found
    if isinstance(found, Done):
        assert contains(remote.bare, commit)
    _heal(remote)
    assert contains(remote.bare, commit) == case.arrives
    told = "" if isinstance(found, Done | Moved) else str(getattr(found, "message", found))
    assert case.text in told
    assert "\033" not in told
    # The truth is found later, and nothing is there twice.
    assert branch.publish(parent, commit) == Done(commit)
    assert branch.tip() == commit == git(remote.bare, "rev-parse", "main")
    assert git(remote.bare, "rev-list", "--count", "main") == "2"


def test_it_moves_while_we_push(remote: HttpRemote, tmp_path: Path) -> None:
    """After the remote has told where it is, and before it has what we send."""
    branch = branch_of(remote.url, tmp_path / "state")
    moved: list[str] = []
    remote.before = once(lambda _: moved.append(push_as_somebody(remote.bare, "x")))
    commit, found = tried(branch, "default: on\n")
    assert found == Moved(moved[0])
    assert branch.tip() == moved[0]
    assert not contains(remote.bare, commit)


def test_the_answer_is_lost_and_somebody_goes_on(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")

    def fault(exchange: Exchange) -> None:
        push_as_somebody(remote.bare, "x")
        exchange.cut()

    remote.after = once(fault)
    commit, found = tried(branch, "default: on\n")
    assert found == Done(commit)
    assert contains(remote.bare, commit)
    assert branch.tip() == git(remote.bare, "rev-parse", "main") != commit


def test_what_is_sent_is_lost_and_somebody_was_faster(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")

    def fault(exchange: Exchange) -> None:
        push_as_somebody(remote.bare, "x")
        exchange.cut()

    remote.before = once(fault)
    commit, found = tried(branch, "default: on\n")
    assert found == Moved(git(remote.bare, "rev-parse", "main"))
    assert not contains(remote.bare, commit)


@pytest.mark.parametrize("then", ["refused", "unsent", "locked"])
def test_a_push_in_doubt_stays_in_doubt(remote: HttpRemote, tmp_path: Path, then: str) -> None:
    """One push hangs behind a proxy that gives up on it, the next is told no: it was not that one
    that is asked about, and the first arrives after all."""
    branch = branch_of(remote.url, tmp_path / "state")
    held: list[bool] = []

    def fault(exchange: Exchange) -> None:
        if exchange.announces_push and held and then == "unsent":
            exchange.refuse(403)
        if not exchange.is_push:
            return
        if held:
            if then == "refused":
                hook(remote.bare, "pre-receive", "echo no >&2; exit 1")
            else:
                (remote.bare / "refs/heads/main.lock").touch()
            return
        held.append(True)
        exchange.refuse(504)
        remote.hang(exchange)
        (remote.bare / "hooks/pre-receive").unlink(missing_ok=True)
        (remote.bare / "refs/heads/main.lock").unlink(missing_ok=True)
        exchange.go_on()  # what the proxy had handed on comes through

    remote.before = fault
    commit, found = tried(branch, "default: on\n")
    assert isinstance(found, Unknown), found
    assert not contains(remote.bare, commit)
    remote.finish()
    assert contains(remote.bare, commit)
    assert branch.refresh() == commit


@pytest.mark.parametrize("then", ["rejected", "turned away", "nobody can be asked"])
def test_a_push_that_is_sent_twice(remote: HttpRemote, tmp_path: Path, then: str) -> None:
    """Its connection breaks without an answer, and libcurl sends it again of its own accord: git
    tells what became of the second one, where the first has arrived."""
    branch = branch_of(remote.url, tmp_path / "state")
    pushes: list[str] = []

    def before(exchange: Exchange) -> None:
        if exchange.is_push:
            pushes.append(exchange.path)
            if then == "turned away" and len(pushes) > 1:
                exchange.refuse(403)
        elif pushes and then == "nobody can be asked":
            exchange.refuse(503)

    remote.before, remote.after = before, once(Exchange.cut)
    commit, found = tried(branch, "default: on\n")
    assert len(pushes) == 2
    assert contains(remote.bare, commit)
    assert isinstance(found, Unknown) if then == "nobody can be asked" else found == Done(commit)


def test_a_push_that_is_sent_twice_and_comes_late(remote: HttpRemote, tmp_path: Path) -> None:
    """The second one is declined while the first is still under way."""
    branch = branch_of(remote.url, tmp_path / "state")
    held: list[bool] = []

    def before(exchange: Exchange) -> None:
        if not exchange.is_push or held:
            return
        held.append(True)
        decline = hook(remote.bare, "pre-receive", "echo another push is running >&2; exit 1")
        exchange.cut()
        remote.hang(exchange)
        decline.unlink()
        exchange.go_on()

    remote.before = before
    commit, found = tried(branch, "default: on\n")
    assert isinstance(found, Unknown)
    assert "another push is running" in found.message
    assert not contains(remote.bare, commit)
    remote.finish()
    assert contains(remote.bare, commit)


def test_a_remote_that_is_down(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    with remote.away():
        commit, found = tried(branch, "default: on\n")
        assert isinstance(found, Unreachable)
        assert "written to" in str(found)
        with pytest.raises(Unreachable, match="cannot be read"):
            branch.refresh()
        with pytest.raises(Unreachable):
            branch.read_beside("other")
        with pytest.raises(Unreachable):
            branch_of(remote.url, tmp_path / "another")
    assert not contains(remote.bare, commit)
    assert branch.publish(branch.tip(), commit) == Done(commit)


def test_a_large_push(remote: HttpRemote, tmp_path: Path) -> None:
    """One that git sends in pieces, without saying how long it is, after a probe."""
    branch = branch_of(remote.url, tmp_path / "state")
    large = b"".join(b"# %x\n" % (n * 7919**5 % 2**127) for n in range(90_000))
    done = written(branch, {FLAG: large})
    assert isinstance(done, Done)
    assert contains(remote.bare, done.commit)
    assert sum(each.startswith("POST") and "receive" in each for each in remote.asked) == 2


def test_a_history_that_is_rewritten_is_followed(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    first = must_write(branch, ON)
    other = git(remote.bare, "commit-tree", "main^{tree}", "-m", "anew")
    git(remote.bare, "update-ref", "refs/heads/main", other)
    commit, found = tried(branch, "default: off # 2\n")
    assert found == Moved(other)
    assert branch.tip() == other == branch.refresh()
    must_write(branch, ON | {"acme/flags/g.yaml": b"default: off\n"})
    back = git(remote.bare, "rev-parse", "main^")
    git(remote.bare, "update-ref", "refs/heads/main", back)
    assert branch.refresh() == back == other, "back to an older commit is followed too"
    assert not contains(remote.bare, first)
    assert not contains(remote.bare, commit)


def test_a_branch_that_is_gone(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    tip = branch.tip()
    git(remote.bare, "update-ref", "-d", "refs/heads/main")
    commit = branch.commit(tip, draft(ON))
    with pytest.raises(BranchMissing):
        branch.publish(tip, commit)
    with pytest.raises(BranchMissing):
        branch.refresh()
    assert git(remote.bare, "for-each-ref") == "", "it was not made anew"
    git(remote.bare, "update-ref", "refs/heads/main", tip)
    assert branch.refresh() == tip
    assert branch.publish(tip, commit) == Done(commit)


@pytest.mark.parametrize("name", [None, "main"])
def test_an_empty_remote(tmp_path: Path, name: str | None) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "empty.git")
    with http_remote(tmp_path / "empty.git") as remote, pytest.raises(BranchMissing):
        branch_of(remote.url, tmp_path / "state", branch=name)


def test_a_shallow_remote(remote: HttpRemote, tmp_path: Path) -> None:
    """It does not have the history that a clone would need, and says so."""
    push_as_somebody(remote.bare, "x")
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", f"file://{remote.bare}", "low.git")
    with http_remote(tmp_path / "low.git") as low, pytest.raises(Unreachable, match="shallow"):
        branch_of(low.url, tmp_path / "state")


def test_a_branch_that_was_never_there(remote: HttpRemote, tmp_path: Path) -> None:
    with pytest.raises(BranchMissing):
        branch_of(remote.url, tmp_path / "state", branch="other")


def test_a_commit_that_does_not_follow(remote: HttpRemote, tmp_path: Path) -> None:
    """The lease would let it replace what was pushed."""
    branch = branch_of(remote.url, tmp_path / "state")
    first = branch.tip()
    second = must_write(branch, ON)
    beside = branch.commit(first, draft({FLAG: b"default: off # 2\n"}))
    with pytest.raises(ValueError, match="does not lead"):
        branch.publish(second, beside)
    assert git(remote.bare, "rev-parse", "main") == second


def test_proposals(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    name = "burgee/acme/0123"
    assert branch.read_beside(name) is None
    commit = branch.commit(branch.tip(), draft(ON))
    remote.after = once(Exchange.cut)
    assert branch.publish_beside(name, commit) == Done(commit), "its answer is lost"
    other = branch_of(remote.url, tmp_path / "other")
    assert other.read_beside(name) == commit
    assert other.publish_beside("burgee/acme/4567", commit) == Done(commit), "it is here then"
    second = other.commit(other.tip(), draft({FLAG: b"default: off # 2\n"}))
    assert other.publish_beside(name, second) == Moved(commit)
    assert git(remote.bare, "rev-parse", name) == commit
    assert branch.tip() == other.tip() == git(remote.bare, "rev-parse", "main")


def test_a_proposal_that_a_reviewer_goes_on_with(remote: HttpRemote, tmp_path: Path) -> None:
    """Its answer is lost, and when the remote is asked somebody has pushed on top of it."""
    branch = branch_of(remote.url, tmp_path / "state")
    commit = branch.commit(branch.tip(), draft(ON))

    def fault(exchange: Exchange) -> None:
        on = git(remote.bare, "commit-tree", f"{commit}^{{tree}}", "-p", commit, "-m", "mine")
        git(remote.bare, "update-ref", "refs/heads/burgee/acme/1", on)
        exchange.cut()

    remote.after = once(fault)
    assert branch.publish_beside("burgee/acme/1", commit) == Done(commit)


def test_a_proposal_that_has_no_room(remote: HttpRemote, tmp_path: Path) -> None:
    """A branch of the name of its folder: told at once, and no race."""
    git(remote.bare, "update-ref", "refs/heads/burgee", "main")
    branch = branch_of(remote.url, tmp_path / "state")
    commit = branch.commit(branch.tip(), draft(ON))
    before = len(remote.asked)
    found = branch.publish_beside("burgee/acme/1", commit)
    assert isinstance(found, Refused)
    assert found.code == "branch_protected"
    assert "'refs/heads/burgee' exists" in found.message
    assert "propose" not in found.help
    assert len(remote.asked) - before == 2


def test_a_push_asks_no_more_than_it_has_to(remote: HttpRemote, tmp_path: Path) -> None:
    """Each request is a round trip, and where nothing goes wrong nothing more is asked."""
    branch = branch_of(remote.url, tmp_path / "state")
    remote.asked.clear()
    must_write(branch, ON)
    assert [each.split("?")[0].rpartition("/")[2] for each in remote.asked] == [
        "refs",
        "git-receive-pack",
    ]


def test_a_lock_that_a_kill_left_in_the_clone(remote: HttpRemote, tmp_path: Path) -> None:
    """It does not hide what others have pushed: that is told, or found."""
    branch = branch_of(remote.url, tmp_path / "state")
    lock = branch.repository_path / "refs/heads/main.lock"
    lock.touch()
    somebody = push_as_somebody(remote.bare, "x")
    with pytest.raises(Unreachable, match="locked"):
        branch.refresh()
    lock.unlink()
    assert branch.refresh() == somebody


def test_what_a_fetch_keeps_is_gone_when_it_is_read(remote: HttpRemote, tmp_path: Path) -> None:
    branch = branch_of(remote.url, tmp_path / "state")
    must_write(branch, ON)
    push_as_somebody(remote.bare, "x")
    branch.refresh()
    assert branch.read_beside("main") == branch.tip()
    names = git(branch.repository_path, "for-each-ref", "--format=%(refname)")
    assert names == "refs/heads/main"
    git(branch.repository_path, "fsck", "--strict", "--no-dangling")


def test_a_fetch_that_is_late_takes_nothing_back(remote: HttpRemote, tmp_path: Path) -> None:
    """What a slow answer says was true before our push; the tip does not go back to it."""
    branch = branch_of(remote.url, tmp_path / "state")
    writer = branch_of(remote.url, tmp_path / "state")
    commits: list[str] = []

    def fault(exchange: Exchange) -> None:
        if exchange.is_read and not commits:
            commits.append("")  # once, and not for what is asked meanwhile
            commits.append(must_write(writer, ON))

    remote.after = fault
    assert branch.refresh() == commits[-1] == branch.tip()


def test_a_hang_is_over_when_time_is(remote: HttpRemote, tmp_path: Path) -> None:
    """Reading too; and the remote works again as soon as it does."""
    branch = branch_of(remote.url, tmp_path / "state", timeout=0.5)
    remote.before = remote.hang
    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        branch.refresh()
    commit, found = tried(branch, "default: on\n")
    assert isinstance(found, Unreachable)
    assert time.monotonic() - began < 3
    until(lambda: processes_naming(remote.url) == [], "git and its helpers have ended")
    remote.finish()
    assert not contains(remote.bare, commit)
    remote.before = None
    assert isinstance(written(branch, ON), Done)
