"""Promise: the next tip is what a fresh start would read, whatever a commit holds."""

from __future__ import annotations

import itertools
from pathlib import Path

import pygit2
import pytest

from burgee_writer.tips.tip import Tip, next_tip, open_tip
from support.raw_trees import Kind, raw_commit

Files = dict[str, tuple[Kind, str]]

ROOT: Files = {
    "burgee.yaml": ("file", "environments: [production]\n"),
    "acme/flags/f.yaml": ("file", "default: off\n"),
    "acme/flags/area/g.yaml": ("file", "default: on\n"),
}
ODD: dict[str, Files] = {
    "as it was": {},
    "a submodule beside the tenants": {"vendor": ("submodule", "")},
    "a submodule in a tenant": {"acme/vendor": ("submodule", "")},
    "a submodule among flags": {"acme/flags/h": ("submodule", "")},
    "a submodule in a flag's place": {"acme/flags/f.yaml": ("submodule", "")},
    "a link beside a flag": {"acme/flags/h.yaml": ("link", "f.yaml")},
    "a link in a flag's place": {"acme/flags/f.yaml": ("link", "area/g.yaml")},
    "a link in a folder's place": {"acme/flags/area": ("link", "../..")},
    "a link in a tenant's place": {"acme": ("link", ".")},
    "a link in the root file's place": {"burgee.yaml": ("link", "acme/flags/f.yaml")},
    "a hidden file": {"acme/flags/.f.yaml": ("file", "default: nope\n")},
    "a hidden folder": {".github/x.yaml": ("file", "x"), "acme/.x/flags/y.yaml": ("file", "y")},
    "a flag that may be run": {"acme/flags/f.yaml": ("program", "default: off\n")},
    "a file in a folder's place": {"acme/flags/area": ("file", "default: on\n")},
    "a file in a tenant's place": {"acme": ("file", "default: on\n")},
    "a folder in a file's place": {"acme/flags/f.yaml/x.yaml": ("file", "default: on\n")},
    "another tenant": {"globex/flags/f.yaml": ("file", "default: on\n")},
}


def with_(odd: Files) -> Files:
    """Return the root files with others in their place."""
    places = {*odd, *(f"{path}/" for path in odd)}
    kept = {
        path: each
        for path, each in ROOT.items()
        if not any(path == place or path.startswith(place) for place in places)
        and not any(odd_path.startswith(f"{path}/") for odd_path in odd)
    }
    return kept | odd


@pytest.fixture
def repository(tmp_path: Path) -> pygit2.Repository:
    made = pygit2.init_repository(tmp_path / "flags.git", bare=True, initial_head="main")
    raw_commit(made, ROOT, parents=False)
    return made


def assert_same(derived: Tip, root: Path, commit: str) -> None:
    fresh = open_tip(root, commit, "")
    assert derived.commit == commit
    assert derived.files.entries() == fresh.files.entries()
    assert derived.files.stamps() == fresh.files.stamps()
    assert derived.found == fresh.found
    assert derived.users == fresh.users
    for tenant, known in fresh.repository.tenants.items():
        got = derived.repository.tenants[tenant]
        assert {key: each.flag for key, each in got.flags.items()} == {
            key: each.flag for key, each in known.flags.items()
        }


def test_each_oddity_comes_and_goes(repository: pygit2.Repository) -> None:
    root = Path(repository.path)
    tip = open_tip(root, str(repository.references["refs/heads/main"].target), "")
    for odd in ODD.values():
        for files in (odd, {}):
            commit = raw_commit(repository, with_(files))
            tip = next_tip(tip, root, commit, "")
            assert_same(tip, root, commit)


def test_from_each_oddity_to_each_other(repository: pygit2.Repository) -> None:
    root = Path(repository.path)
    commits = {name: raw_commit(repository, with_(odd)) for name, odd in ODD.items()}
    tips = {name: open_tip(root, commit, "") for name, commit in commits.items()}
    for before, after in itertools.permutations(ODD, 2):
        assert_same(next_tip(tips[before], root, commits[after], ""), root, commits[after])


def test_a_history_that_is_gone(repository: pygit2.Repository) -> None:
    """The commit before is not there any more: rewritten, and cleaned up."""
    root = Path(repository.path)
    tip = open_tip(root, str(repository.references["refs/heads/main"].target), "")
    gone = tip.commit or ""
    changed: Files = {**ROOT, "acme/flags/f.yaml": ("file", "default: on\n")}
    commit = raw_commit(repository, changed, parents=False)
    (root / "objects" / gone[:2] / gone[2:]).unlink()
    assert gone not in pygit2.Repository(str(root))
    assert_same(next_tip(tip, root, commit, ""), root, commit)
