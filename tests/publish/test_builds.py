"""Promise: what does not build is held at what is in force when it is published, not before."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from burgee.load import Refused
from burgee_compiler.build import Build, build
from burgee_compiler.facts import commit_facts
from burgee_compiler.load import load_repository
from burgee_compiler.publish.builds import HeldBuilds, LastGoodOf
from burgee_compiler.publish.folder import FolderTarget
from burgee_compiler.publish.publish import How, publish
from burgee_compiler.trees import open_commit
from support.build_history import BuildHistory
from support.targets import QUICK, loaded


def held_builds(history: BuildHistory, target: FolderTarget) -> HeldBuilds:
    """The builds of HEAD, whose flag `one` does not build."""
    root = history.repository.root

    def make(last_good: LastGoodOf) -> Build:
        tree, commit = open_commit(root, "HEAD")
        return build(load_repository(tree), commit_facts(commit, root), last_good, if_needed=True)

    return HeldBuilds(make, target, retry=QUICK)


@pytest.fixture
def history(tmp_path: Path) -> BuildHistory:
    return BuildHistory(tmp_path / "repo", count=2)


def test_what_was_published_meanwhile_is_what_is_held(
    history: BuildHistory, tmp_path: Path
) -> None:
    target = FolderTarget(tmp_path / "out")
    first, second = history.builds
    publish("production", lambda _: first, target, None, How(QUICK))
    history.repository.commit({"flags/one.yaml": "default: nowhere\n"})
    builds = held_builds(history, target)
    publish("production", lambda _: second, target, None, How(QUICK))
    done = publish(
        "production", partial(builds.offer, "production"), target, None, How(QUICK, keep=None)
    )
    assert done.held == {"acme": {"one": history.commits[1]}}
    assert loaded(target).tenants["acme"].evaluate("one", {}, 0).value == "b"


def test_what_is_damaged_holds_nothing_and_is_told(history: BuildHistory, tmp_path: Path) -> None:
    target = FolderTarget(tmp_path / "out")
    publish("production", lambda _: history.builds[0], target, None, How(QUICK))
    (document,) = (tmp_path / "out" / "production" / "acme").glob("flags-*")
    document.write_bytes(b"{}")
    assert held_builds(history, target).environments() == ["production"], "nobody asked for it"
    history.repository.commit({"flags/one.yaml": "default: nowhere\n"})
    with pytest.raises(Refused):
        held_builds(history, target)
