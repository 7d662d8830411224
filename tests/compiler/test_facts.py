"""Promise: a manifest names a commit only where the files are its files, and counts it right."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from burgee_compiler.facts import commit_facts, dirty_note
from burgee_compiler.trees import Folder, open_commit
from support.flag_repository import FlagRepository, git

FILES = {
    "flags/a.yaml": "default: on\n",
    "flags/ops/b.yaml": "default: off\n",
    "flags/ops/b.lock.yaml": "tables: []\n",
    "segments/vip.yaml": "members_file: vip.csv\n",
    "segments/vip.csv": "u-1\n",
    "layers.yaml": "{}\n",
    "other/flags/c.yaml": "default: off\n",
    "README.md": "hello\n",
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


def test_a_clean_tree_is_its_commit(repository: FlagRepository) -> None:
    second = repository.commit({"flags/a.yaml": "default: off\n"})
    facts = repository.facts()
    assert facts is not None
    assert (facts.commit, facts.sequence) == (second, 2)
    assert facts == commit_facts(open_commit(repository.root, "HEAD")[1], repository.root)


def test_time_is_the_committer_s_in_utc(repository: FlagRepository) -> None:
    git(
        repository.root,
        *("commit", "--quiet", "--amend", "--no-edit", "--date=2001-01-01T00:00:00Z"),
        GIT_COMMITTER_DATE="2026-11-21T14:30:05+0530",
    )
    facts = repository.facts()
    assert facts is not None
    assert facts.committed_at == "2026-11-21T09:00:05Z"


def stage(repository: FlagRepository) -> None:
    repository.write({"flags/a.yaml": "default: off\n"})
    git(repository.root, "add", "--all")


def link(repository: FlagRepository) -> None:
    repository.remove("flags/a.yaml")
    repository.path("flags/a.yaml").symlink_to("ops/b.yaml")


DIRTY: dict[str, Callable[[FlagRepository], object]] = {
    "changed flag": lambda repo: repo.write({"flags/a.yaml": "default: off\n"}),
    "changed lock": lambda repo: repo.write({"flags/ops/b.lock.yaml": "tables: [] # x\n"}),
    "changed members": lambda repo: repo.write({"segments/vip.csv": "u-2\n"}),
    "changed root": lambda repo: repo.write({"burgee.yaml": "environments: [a]\n"}),
    "staged flag": stage,
    "deleted flag": lambda repo: repo.remove("flags/ops/b.yaml"),
    "deleted layers": lambda repo: repo.remove("layers.yaml"),
    "deleted root": lambda repo: repo.remove("burgee.yaml"),
    "deleted tenant": lambda repo: repo.remove("other"),
    "untracked flag": lambda repo: repo.write({"flags/new.yaml": "default: off\n"}),
    "untracked tenant": lambda repo: repo.write({"third/flags/a.yaml": "default: off\n"}),
    "ignored flag": lambda repo: repo.write(
        {".git/info/exclude": "new.yaml\n", "flags/new.yaml": "default: off\n"}
    ),
    "renamed flag": lambda repo: repo.path("flags/a.yaml").rename(repo.path("flags/z.yaml")),
    "flag replaced by a link": link,
}


@pytest.mark.parametrize("change", DIRTY.values(), ids=DIRTY.keys())
def test_a_dirty_tree_is_no_commit(
    repository: FlagRepository, change: Callable[[FlagRepository], object]
) -> None:
    change(repository)
    assert repository.facts() is None
    note = dirty_note(repository.root, Folder(repository.root))
    assert note is not None
    assert (note.code, note.severity) == ("B801", "note")


CLEAN: dict[str, Callable[[FlagRepository], object]] = {
    "changed readme": lambda repo: repo.write({"README.md": "other\n"}),
    "untracked readme": lambda repo: repo.write({"NEWS.md": "other\n"}),
    "note in a tenant": lambda repo: repo.write({"acme/notes.md": "other\n"}),
    "a folder that is no tenant": lambda repo: repo.write({"docs/a.yaml": "other\n"}),
    "hidden files": lambda repo: repo.write({".editor": "x", "flags/.a.yaml.swp": "x"}),
    "an empty folder": lambda repo: (repo.root / "empty/flags").mkdir(parents=True),
    "a touched file": lambda repo: repo.path("flags/a.yaml").touch(),
    "other ends of lines": lambda repo: repo.write({"flags/a.yaml": "default: on\r\n"}),
    "detached": lambda repo: git(repo.root, "checkout", "--quiet", "--detach"),
}


@pytest.mark.parametrize("change", CLEAN.values(), ids=CLEAN.keys())
def test_what_is_not_read_makes_no_tree_dirty(
    repository: FlagRepository, change: Callable[[FlagRepository], object]
) -> None:
    before = repository.facts()
    change(repository)
    assert before is not None
    assert repository.facts() == before
    assert dirty_note(repository.root, Folder(repository.root)) is None


def test_merge_commits_and_both_sides_count(repository: FlagRepository) -> None:
    git(repository.root, "checkout", "--quiet", "-b", "side")
    repository.commit({"flags/side.yaml": "default: on\n"})
    git(repository.root, "checkout", "--quiet", "main")
    repository.commit({"flags/main.yaml": "default: on\n"})
    git(repository.root, "merge", "--quiet", "--no-edit", "side")
    facts = repository.facts()
    assert facts is not None
    assert facts.sequence == 4


def test_an_earlier_commit_has_a_lower_sequence(repository: FlagRepository) -> None:
    for text in ("one", "two", "three"):
        repository.commit({"README.md": text})
    found = [
        commit_facts(open_commit(repository.root, revision)[1], repository.root)
        for revision in ("HEAD~3", "HEAD~1", "HEAD")
    ]
    assert [each and each.sequence for each in found] == [1, 3, 4]


def test_a_sub_folder_counts_the_whole_repository_and_looks_at_itself_alone(tmp_path: Path) -> None:
    inner = FlagRepository(tmp_path / "deploy/flags", FILES)
    outer = FlagRepository(tmp_path, {"app.py": "1\n"})
    commit = outer.commit()
    outer.write({"app.py": "2\n", "burgee.yaml": "environments: [x]\n"})
    facts = inner.facts()
    assert facts is not None
    assert (facts.commit, facts.sequence) == (commit, 1)
    inner.write({"flags/a.yaml": "default: off\n"})
    assert inner.facts() is None


def test_a_shallow_clone_cannot_count(repository: FlagRepository) -> None:
    repository.commit({"flags/a.yaml": "default: off\n"})
    shallow = repository.root.parent / "shallow"
    git(repository.root, "clone", "--quiet", "--depth=1", f"file://{repository.root}", str(shallow))
    assert FlagRepository(shallow).facts() is None
    assert commit_facts(open_commit(shallow, "HEAD")[1], shallow) is None


def test_a_bare_repository_has_facts_by_revision(repository: FlagRepository) -> None:
    bare = repository.root.parent / "bare.git"
    git(repository.root, "clone", "--quiet", "--bare", ".", str(bare))
    facts = commit_facts(open_commit(bare, "main")[1], bare)
    assert facts is not None
    assert facts == repository.facts()


def test_without_git_or_commit_there_are_none(tmp_path: Path) -> None:
    repository = FlagRepository(tmp_path, FILES)
    for _ in range(2):
        assert repository.facts() is None
        assert dirty_note(tmp_path, Folder(tmp_path)) is None
        git(tmp_path, "init", "--quiet")


def test_a_clone_with_windows_line_ends_is_the_commit(repository: FlagRepository) -> None:
    clone = repository.root.parent / "crlf"
    git(repository.root, *("-c", "core.autocrlf=true"), "clone", "--quiet", ".", str(clone))
    other = FlagRepository(clone, {"burgee.yaml": (clone / "burgee.yaml").read_bytes()})
    assert b"\r\n" in other.path("flags/a.yaml").read_bytes()
    assert other.facts() == repository.facts()
