"""Promise: commits on a repository of this machine are whole, signed, and never lose an update;
a work tree where the branch is checked out follows, and what somebody edited there is safe."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from burgee_writer.git.branch import BranchMissing, Done, Moved, Refused
from burgee_writer.keys import own_key
from support.flag_repository import FlagRepository, git
from support.rounds import rounds
from support.writer_git import branch_of, draft, must_write, written

FLAG = "acme/flags/f.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(tmp_path / "repo", {"flags/f.yaml": "default: off\n"})
    made.commit()
    return made


@pytest.fixture
def bare(repo: FlagRepository, tmp_path: Path) -> Path:
    git(repo.root, "clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare.git"))
    return tmp_path / "bare.git"


def test_a_commit_is_whole_and_signed(bare: Path, tmp_path: Path) -> None:
    branch = branch_of(bare, tmp_path / "state")
    before = branch.tip()
    done = written(branch, {FLAG: b"default: on\n", "acme/flags/a/b.yaml": b"default: off\n"})
    assert isinstance(done, Done)
    assert branch.tip() == done.commit
    assert git(bare, "show", f"main:{FLAG}") == "default: on"
    assert git(bare, "log", "-1", "--format=%P %an <%ae> %cn %s", "main") == (
        f"{before} Ann <ann@example.com> Burgee writer change"
    )
    signers = tmp_path / "signers"
    signers.write_text(f'writer namespaces="git" {own_key(tmp_path / "state").public_line}\n')
    shown = git(
        bare, "-c", f"gpg.ssh.allowedSignersFile={signers}", "log", "--show-signature", "-1", "main"
    )
    assert 'Good "git" signature for writer' in shown
    git(bare, "fsck", "--strict", "--no-dangling")


def test_folders_go_with_their_last_file(bare: Path, tmp_path: Path) -> None:
    branch = branch_of(bare, tmp_path / "state")
    must_write(branch, {"acme/flags/deep/er/x.yaml": b"default: off\n"})
    must_write(branch, {"acme/flags/deep/er/x.yaml": None})
    assert git(bare, "ls-tree", "-r", "--name-only", "main", "acme") == FLAG


def test_modes_stay(repo: FlagRepository, tmp_path: Path) -> None:
    (repo.root / FLAG).chmod(0o755)
    repo.commit()
    must_write(branch_of(repo.root, tmp_path / "state"), {FLAG: b"default: on\n"})
    assert git(repo.root, "ls-tree", "HEAD", FLAG).startswith("100755")
    assert (repo.root / FLAG).stat().st_mode & 0o111
    assert git(repo.root, "status", "--porcelain") == ""


def test_a_race_is_told_and_changes_nothing(bare: Path, tmp_path: Path) -> None:
    one, other = (branch_of(bare, tmp_path / name) for name in ("a", "b"))
    parent = one.tip()
    first, second = (
        each.commit(parent, draft({FLAG: f"default: off # {n}\n".encode()}))
        for n, each in enumerate((one, other))
    )
    assert one.publish(parent, first) == Done(first)
    assert other.publish(parent, second) == Moved(first)
    assert other.tip() == first


@pytest.mark.parametrize("packed", [False, True])
def test_what_others_do_is_seen_at_once(bare: Path, tmp_path: Path, packed: bool) -> None:
    branch = branch_of(bare, tmp_path / "state")
    for _ in range(5):
        other = must_write(
            branch_of(bare, tmp_path / "other"), {FLAG: os.urandom(4).hex().encode()}
        )
        if packed:
            git(bare, "pack-refs", "--all")
        assert branch.tip() == other


def _write_many(source: str, state: str, name: str, count: int) -> None:
    branch = branch_of(source, Path(state))
    for number in range(count):
        must_write(branch, {f"acme/flags/{name}/n{number}.yaml": b"default: off\n"})


def _run(targets: list[tuple[str, str, str, int]]) -> list[multiprocessing.process.BaseProcess]:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_many, args=each) for each in targets]
    for each in processes:
        each.start()
    return list(processes)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bare", "checked out"])
def test_eight_processes_and_a_person(
    repo: FlagRepository, bare: Path, tmp_path: Path, kind: str
) -> None:
    source = bare if kind == "bare" else repo.root
    count = rounds(4, 16)
    running = _run([(str(source), str(tmp_path / f"s{n}"), f"w{n}", count) for n in range(8)])
    pushed = 0
    person = tmp_path / "person"
    git(tmp_path, "clone", "--quiet", str(source), str(person))
    while any(each.is_alive() for each in running):
        if kind == "bare":
            _push(person, pushed)
        else:
            _commit(source, pushed)
        pushed += 1
        time.sleep(0.2)
    for each in running:
        each.join(60)
        assert each.exitcode == 0
    names = git(source, "ls-tree", "-r", "--name-only", "main" if kind == "bare" else "HEAD")
    written_files = [each for each in names.splitlines() if "/w" in each]
    assert len(written_files) == 8 * count
    assert sum("/person/" in each for each in names.splitlines()) == pushed
    commits = git(source, "rev-list", "--count", "--no-merges", "HEAD")
    assert int(commits) == 1 + 8 * count + pushed
    git(source, "fsck", "--strict", "--no-dangling")
    if kind != "bare":
        assert git(repo.root, "status", "--porcelain") == ""


def _push(person: Path, number: int) -> None:
    """Commit and push as people do: again, after a rebase, where somebody was faster."""
    file = person / f"acme/flags/person/p{number}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("default: off\n", encoding="utf-8")
    git(person, "add", "--all")
    git(person, "commit", "--quiet", "--message", f"person {number}")
    for _ in range(100):
        git(person, "pull", "--quiet", "--rebase", "origin", "main")
        try:
            git(person, "push", "--quiet", "origin", "HEAD:main")
        except AssertionError:
            continue
        return
    raise AssertionError("the person never got through")


def _commit(root: Path, number: int) -> None:
    """Commit as people do where the writer's branch is checked out: again, where git refuses.

    A commit that git refuses since the branch has moved may leave the index as it was before.
    """
    file = root / f"acme/flags/person/p{number}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("default: off\n", encoding="utf-8")
    for _ in range(200):
        try:
            git(root, "reset", "--quiet")
            git(root, "add", str(file))
            git(root, "commit", "--quiet", "--message", f"person {number}")
        except AssertionError:
            time.sleep(random.uniform(0.01, 0.03))
            continue
        return
    raise AssertionError("the person never got through")


@pytest.mark.slow
def test_killed_at_any_point(repo: FlagRepository, tmp_path: Path) -> None:
    """What was told as done is there, nothing is half done, and the next one can write."""
    state = tmp_path / "state"
    for _ in range(4):
        (running,) = _run([(str(repo.root), str(state), f"k{random.randrange(10**6)}", 10_000)])
        time.sleep(random.uniform(0.6, 1.2))
        assert running.pid is not None
        os.kill(running.pid, signal.SIGKILL)
        running.join(30)
    time.sleep(1.6)  # what a killed process had started may still hold a lock for that long
    branch = branch_of(repo.root, state)
    must_write(branch, {"acme/flags/last.yaml": b"default: on\n"})
    assert git(repo.root, "status", "--porcelain") == ""
    git(repo.root, "fsck", "--strict", "--no-dangling")
    assert list(state.glob("intents/*.json")) == []
    assert not (repo.root / ".git/index.lock").exists()


def test_a_work_tree_follows(repo: FlagRepository, tmp_path: Path) -> None:
    repo.write({"flags/untracked.yaml": "default: off\n"})
    branch = branch_of(repo.root, tmp_path / "state", branch=None)
    must_write(branch, {FLAG: b"default: on\n", "acme/flags/n/e/w.yaml": b"default: off\n"})
    assert (repo.root / FLAG).read_bytes() == b"default: on\n"
    assert git(repo.root, "status", "--porcelain") == "?? acme/flags/untracked.yaml"
    must_write(branch, {"acme/flags/n/e/w.yaml": None})
    assert not (repo.root / "acme/flags/n").exists()
    assert git(repo.root, "status", "--porcelain") == "?? acme/flags/untracked.yaml"


def test_a_linked_work_tree_follows(repo: FlagRepository, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repo.root, "worktree", "add", "--quiet", "-b", "live", str(linked))
    branch = branch_of(linked, tmp_path / "state", branch=None)
    assert branch.name == "live"
    must_write(branch, {FLAG: b"default: on\n"})
    assert (linked / FLAG).read_bytes() == b"default: on\n"
    assert (repo.root / FLAG).read_bytes() == b"default: off\n"
    assert git(linked, "status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["edited", "staged", "gone", "in the way", "a link"])
def test_what_somebody_edits_is_safe(repo: FlagRepository, tmp_path: Path, how: str) -> None:
    path = FLAG
    if how == "edited":
        repo.write({"flags/f.yaml": "default: on # mine\n"})
    elif how == "staged":
        repo.write({"flags/f.yaml": "default: on # mine\n"})
        git(repo.root, "add", "--all")
        repo.write({"flags/f.yaml": "default: off\n"})
    elif how == "gone":
        repo.remove("flags/f.yaml")
    elif how == "in the way":
        path = "acme/flags/new.yaml"
        repo.write({"flags/new.yaml": "default: on # mine\n"})
    else:
        repo.remove("flags/f.yaml")
        (tmp_path / "elsewhere").write_text("default: off\n", encoding="utf-8")
        (repo.root / FLAG).symlink_to(tmp_path / "elsewhere")
    before = git(repo.root, "status", "--porcelain"), git(repo.root, "rev-parse", "HEAD")
    branch = branch_of(repo.root, tmp_path / "state")
    found = written(branch, {path: b"default: on\n"})
    assert isinstance(found, Refused)
    assert found.code == "worktree_dirty"
    assert path in found.message
    after = git(repo.root, "status", "--porcelain"), git(repo.root, "rev-parse", "HEAD")
    assert after == before
    assert not (repo.root / ".git/index.lock").exists()


def test_other_ends_of_lines_are_no_edit(repo: FlagRepository, tmp_path: Path) -> None:
    repo.write({"flags/f.yaml": "default: off\r\n"})
    assert isinstance(
        written(branch_of(repo.root, tmp_path / "state"), {FLAG: b"default: on\n"}), Done
    )


def test_an_index_that_somebody_else_locks(
    repo: FlagRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("burgee_writer.git.work_tree._PATIENCE", 0.1)
    lock = repo.root / ".git/index.lock"
    lock.touch()
    found = written(branch_of(repo.root, tmp_path / "state"), {FLAG: b"default: on\n"})
    assert isinstance(found, Refused)
    assert found.code == "index_locked"
    assert lock.exists(), "it is not ours to remove"


def test_a_folder_of_a_larger_repository(tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    FlagRepository(outer / "flags-repo", {"flags/f.yaml": "default: off\n"})
    (outer / "code.py").write_text("pass\n", encoding="utf-8")
    git(outer, "init", "--quiet", "--initial-branch=main")
    git(outer, "add", "--all")
    git(outer, "commit", "--quiet", "--message", "all")
    branch = branch_of(outer / "flags-repo", tmp_path / "state", branch=None)
    assert branch.inside == "flags-repo"
    must_write(branch, {FLAG: b"default: on\n"})
    assert git(outer, "show", f"HEAD:flags-repo/{FLAG}") == "default: on"
    assert git(outer, "status", "--porcelain") == ""
    assert git(outer, "show", "HEAD:code.py") == "pass"


@pytest.mark.parametrize(
    "path",
    ["../x", "acme/../../x", "a/.git/config", ".GIT/x", "a//b", "a/./b", "a/.g\u200cit/x",
     "a/git~1/x", "a/b\n", "a/\x00", "a\\b", "C:x", "a/.git ./x", ""],
)  # fmt: skip
def test_paths_that_lead_out(bare: Path, tmp_path: Path, path: str) -> None:
    branch = branch_of(bare, tmp_path / "state")
    with pytest.raises(ValueError, match="no path"):
        branch.commit(branch.tip(), draft({path: b"x"}))


def test_beside(bare: Path, tmp_path: Path) -> None:
    branch = branch_of(bare, tmp_path / "state")
    assert branch.read_beside("burgee/acme/1") is None
    made = branch.commit(branch.tip(), draft({FLAG: b"default: on\n"}))
    assert branch.publish_beside("burgee/acme/1", made) == Done(made)
    assert branch.read_beside("burgee/acme/1") == made
    other = branch.commit(branch.tip(), draft({FLAG: b"default: off # other\n"}))
    assert branch.publish_beside("burgee/acme/1", other) == Moved(made)


@pytest.mark.parametrize("what", ["no folder", "no git", "no commit", "no branch", "no head"])
def test_what_cannot_be_opened(repo: FlagRepository, tmp_path: Path, what: str) -> None:
    source, name = repo.root, "main"
    if what == "no folder":
        source = tmp_path / "none"
    elif what == "no git":
        source = tmp_path / "plain"
        source.mkdir()
    elif what == "no commit":
        source = tmp_path / "empty"
        git(tmp_path, "init", "--quiet", "--initial-branch=main", str(source))
    elif what == "no branch":
        name = "other"
    else:
        git(repo.root, "checkout", "--quiet", "--detach")
    cures = {"no head": "git switch", "no git": "git init", "no commit": "commit something"}
    with pytest.raises(BranchMissing, match=cures.get(what, ".")):
        branch_of(source, tmp_path / "state", branch=None if what == "no head" else name)
