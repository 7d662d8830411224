"""Promise: a folder and a commit give one tree; no folder or revision gives a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pygit2
import pytest

from burgee_compiler.trees import CommitTree, Entry, Folder, Tree, UnknownRevision, open_commit
from support.flag_repository import FlagRepository, git

FILES: dict[str, str | bytes] = {
    "flags/checkout/one-page.yaml": "default: off\n",
    "flags/checkout/one-page.lock.yaml": "tables: []\n",
    "flags/a.yaml": "default: on\n",
    "segments/vip.members.csv": b"u-1\r\nu-2\n",
    "README.md": "not looked at\n",
    ".hidden": "nor this\n",
    "flags/.b.yaml.swp": "nor this\n",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = FlagRepository(tmp_path_factory.mktemp("template") / "flags", FILES)
    made.commit()
    return made.root


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> FlagRepository:
    shutil.copytree(template, tmp_path / "flags")
    return FlagRepository(tmp_path / "flags")


def contents(tree: Tree) -> dict[str, bytes]:
    return {each.path: tree.read(each.path) for each in tree.entries() if each.kind == "file"}


def test_a_commit_reads_as_the_folder_it_was_made_from(repository: FlagRepository) -> None:
    commit, _ = open_commit(repository.root, "HEAD")
    folder = Folder(repository.root)
    assert commit.entries() == folder.entries()
    assert contents(commit) == contents(folder)
    assert [each.path for each in folder.entries()] == [
        "README.md",
        "acme",
        "acme/flags",
        "acme/flags/a.yaml",
        "acme/flags/checkout",
        "acme/flags/checkout/one-page.lock.yaml",
        "acme/flags/checkout/one-page.yaml",
        "acme/segments",
        "acme/segments/vip.members.csv",
        "burgee.yaml",
    ]


def test_entries_do_not_depend_on_the_order_of_the_directory(
    repository: FlagRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Folder(repository.root).entries()
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            with scandir(path) as scan:
                self._entries = sorted(scan, key=lambda each: each.name, reverse=True)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self._entries

        def __exit__(self, *exc: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Backwards)
    assert Folder(repository.root).entries() == before


def test_kinds_of_what_is_no_plain_file(repository: FlagRepository) -> None:
    flags = repository.root / "acme/flags"
    (flags / "link.yaml").symlink_to("a.yaml")
    (flags / "loop").symlink_to("..")
    os.mkfifo(flags / "pipe.yaml")
    kinds = {each.path: each.kind for each in Folder(repository.root).entries()}
    assert kinds["acme/flags/link.yaml"] == "symlink"
    assert kinds["acme/flags/loop"] == "symlink"
    assert "acme/flags/loop/flags" not in kinds
    assert kinds["acme/flags/pipe.yaml"] == "other"
    with pytest.raises(OSError, match="symbolic link"):
        Folder(repository.root).read("acme/flags/link.yaml")
    (flags / "pipe.yaml").unlink()
    repository.commit()
    kinds = {each.path: each.kind for each in open_commit(repository.root, "HEAD")[0].entries()}
    assert kinds["acme/flags/link.yaml"] == "symlink"


def test_a_folder_that_cannot_be_looked_into_is_an_entry(
    repository: FlagRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if Path(path).name == "checkout":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    entries = Folder(repository.root).entries()
    assert Entry("acme/flags/checkout", "closed") in entries
    assert Entry("acme/flags/a.yaml", "file", 12) in entries


def test_a_root_that_is_not_there_is_an_empty_tree(tmp_path: Path) -> None:
    assert Folder(tmp_path / "nothing").entries() == []


def test_a_file_name_that_is_no_text(repository: FlagRepository) -> None:
    name = os.fsencode(repository.root) + b"/acme/flags/b\xff.yaml"
    with open(name, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(b"default: off\n")
    repository.commit()
    commit, _ = open_commit(repository.root, "HEAD")
    assert commit.entries() == Folder(repository.root).entries()
    assert contents(commit) == contents(Folder(repository.root))


def test_submodules_are_no_part_of_a_commit(repository: FlagRepository, tmp_path: Path) -> None:
    other = FlagRepository(tmp_path / "other")
    other.commit()
    git(
        repository.root,
        *("-c", "protocol.file.allow=always"),
        *("submodule", "--quiet", "add", str(other.root), "acme/flags/shared"),
    )
    repository.commit()
    paths = [each.path for each in open_commit(repository.root, "HEAD")[0].entries()]
    assert "acme/flags/shared" not in paths


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("HEAD~1", "default: off"),
        ("main", "default: on"),
        ("v1", "default: off"),
        ("SHORT", "default: on"),
    ],
)
def test_revisions(repository: FlagRepository, revision: str, message: str) -> None:
    git(repository.root, "tag", "--annotate", "v1", "--message", "one")
    repository.commit({"flags/checkout/one-page.yaml": "default: on\n"})
    if revision == "SHORT":
        revision = git(repository.root, "rev-parse", "--short", "HEAD")
    tree, _ = open_commit(repository.root, revision)
    assert tree.read("acme/flags/checkout/one-page.yaml").decode() == message + "\n"


@pytest.mark.parametrize(
    "revision", ["nope", "", "HEAD~7", "HEAD:burgee.yaml", "a..b", "\0", "\udcff", "0" * 40, "-x"]
)
def test_a_revision_that_names_no_commit(repository: FlagRepository, revision: str) -> None:
    with pytest.raises(UnknownRevision, match="names no commit"):
        open_commit(repository.root, revision)


def test_reading_what_a_commit_does_not_hold(repository: FlagRepository) -> None:
    tree, _ = open_commit(repository.root, "HEAD")
    with pytest.raises(FileNotFoundError):
        tree.read("acme/flags/none.yaml")
    with pytest.raises(IsADirectoryError):
        tree.read("acme/flags")


def test_no_git_and_no_commit(tmp_path: Path) -> None:
    with pytest.raises(UnknownRevision, match="no git repository"):
        open_commit(tmp_path, "HEAD")
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UnknownRevision, match="names no commit"):
        open_commit(tmp_path, "HEAD")


def test_a_git_repository_that_cannot_be_opened(
    repository: FlagRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise pygit2.GitError("repository path is not owned by current user")

    monkeypatch.setattr(pygit2, "Repository", refuse)
    with pytest.raises(UnknownRevision, match="not owned by current user"):
        open_commit(repository.root, "HEAD")


def test_a_folder_inside_a_larger_repository(tmp_path: Path) -> None:
    outer = FlagRepository(tmp_path)
    inner = FlagRepository(tmp_path / "deploy/flags", {"flags/a.yaml": "default: on\n"})
    outer.commit()
    tree, _ = open_commit(inner.root, "HEAD")
    assert tree.entries() == Folder(inner.root).entries()
    later = FlagRepository(tmp_path / "later")
    with pytest.raises(UnknownRevision, match="has no folder later"):
        open_commit(later.root, "HEAD")


def test_bare_repositories_and_linked_work_trees(repository: FlagRepository) -> None:
    bare = repository.root.parent / "bare.git"
    git(repository.root, "clone", "--quiet", "--bare", ".", str(bare))
    linked = repository.root.parent / "linked"
    git(repository.root, "worktree", "add", "--quiet", "--detach", str(linked))
    expected = Folder(repository.root).entries()
    for root in (bare, linked):
        tree, _ = open_commit(root, "HEAD")
        assert isinstance(tree, CommitTree)
        assert tree.entries() == expected


def test_a_work_tree_is_never_touched(repository: FlagRepository) -> None:
    repository.commit({"flags/a.yaml": "default: off\n"})
    repository.write({"flags/a.yaml": "default: [\n"})
    tree, _ = open_commit(repository.root, "HEAD~1")
    assert tree.read("acme/flags/a.yaml") == b"default: on\n"
    assert repository.path("flags/a.yaml").read_text() == "default: [\n"
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=repository.root, capture_output=True, check=True
    )
    assert status.stdout == b" M acme/flags/a.yaml\n"
