"""Promise: over the life of a repository each commit builds, and does what it says and no more.

The life is made by a generator: 60 commits, at night 200, of what people do to 300 flags of three
tenants. Each is built from git. A commit changes the entries of the flags it is about and of those
that lean on them, and no others; a change of text alone changes nothing; what a commit reverts has
its digests back. Its plan names no other flags, and its shares are those of brute force.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pygit2
import pytest
from msgspec import Struct

from burgee.snapshot.forms import FlagsDocument
from burgee_compiler.build import Build, EnvironmentBuild, build
from burgee_compiler.facts import commit_facts
from burgee_compiler.load import load_repository
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.revisions import changed_files
from burgee_compiler.trees import CommitTree, open_commit
from support.flag_repository import manifests
from support.history import Commit, life_of, write_history
from support.history.life import ENVIRONMENTS
from support.memory_tree import MemoryTree
from support.plan_brute_force import held_against_brute_force
from support.rounds import rounds

SEEDS = rounds(range(1, 2), range(1, 6))
CONTEXTS: tuple[dict[str, object], ...] = (
    {},
    {"plan": "premium", "country": "DE", "email": "ann@staff.example"},
    {"plan": "free", "beta": True, "app": {"version": "3.12.1"}, "email": "bob@beta.example"},
)
"""None of them is a member by name, so a user of theirs may be in any slot."""


class State(Struct):
    """The repository at a commit, built."""

    commit: Commit
    tree: CommitTree
    revision: Revision
    manifests: dict[str, dict[str, str]]
    files: dict[str, frozenset[str]]
    """Documents by environment, each named by its digest."""
    entries: dict[tuple[str, str, str], bytes]
    """By environment, tenant and key: the flag's entry, digest and all."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_each_commit_does_what_it_says_and_no_more(tmp_path: Path, seed: int) -> None:
    commits = list(life_of(seed, flags=300, commits=rounds(60, 200)))
    ids = write_history(tmp_path / "flags.git", commits)
    held: list[bool] = []
    before_that: State | None = None
    for before, after in pairwise(_states(tmp_path / "flags.git", commits, ids)):
        told = after.commit.message
        _only_its_own(before, after)
        if after.commit.reverts is not None:
            assert before_that is not None
            assert after.manifests == before_that.manifests, told
        held += _planned(before, after, Random(f"{seed} {told}"))
        before_that = before
    assert sum(held) > 0.9 * len(held), (sum(held), len(held))


def _states(folder: Path, commits: list[Commit], ids: list[str]) -> Iterator[State]:
    for commit, name in zip(commits, ids, strict=True):
        tree, found = open_commit(folder, name)
        yield _state(folder, commit, tree, found)


def _state(folder: Path, commit: Commit, tree: CommitTree, found: pygit2.Commit) -> State:
    repository = load_repository(tree)
    made = build(repository, commit_facts(found, folder))
    assert made.environments, (commit.message, made.found)
    return State(
        commit,
        tree,
        Revision(str(found.id), repository),
        manifests(made),
        {each.environment: _documents(each) for each in made.environments},
        _entries(made),
    )


def _documents(made: EnvironmentBuild) -> frozenset[str]:
    return frozenset(made.files)


def _entries(made: Build) -> dict[tuple[str, str, str], bytes]:
    """Return what the documents hold of each flag."""
    found: dict[tuple[str, str, str], bytes] = {}
    for each in made.environments:
        for path, data in each.files.items():
            tenant, _, name = path.partition("/")
            if name.startswith("flags-"):
                read = msgspec.json.decode(data, type=FlagsDocument)
                for key, (digest, raw) in read.flags.items():
                    found[each.environment, tenant, key] = digest.encode() + bytes(raw)
    return found


def _only_its_own(before: State, after: State) -> None:
    """Hold a commit to what it is about."""
    told = after.commit.message
    affects = after.commit.affects
    names = before.entries.keys() | after.entries.keys()
    changed = {each for each in names if before.entries.get(each) != after.entries.get(each)}
    assert {each[1:] for each in changed} <= affects, told
    if after.commit.is_text:
        assert before.manifests == after.manifests, told
        return
    tenants = {tenant for tenant, _ in affects}
    for environment in ENVIRONMENTS:
        for tenant, digest in before.manifests[environment].items():
            others = after.manifests[environment][tenant] == digest
            assert others or tenant in tenants, f"{told}: {tenant} is not its business"
        kept = before.files[environment] & after.files[environment]
        fresh = after.files[environment] - kept
        assert {path.split("/")[0] for path in fresh} <= tenants, told
        kinds = {path.split("/")[1].split("-")[0] for path in fresh}
        segments = any("/segments/" in path for path in after.commit.files)
        assert segments or kinds <= {"manifest", "flags", "segments"}, told


def _planned(before: State, after: State, r: Random) -> Iterator[bool]:
    """Hold a commit's plan to what it is about, and each flag that it names to brute force.

    Yields whether a flag's slots are few enough for that.
    """
    now = after.commit.at
    changed = changed_files(before.tree, after.tree)
    made = plan(before.revision, after.revision, now, changed, ())
    told = after.commit.message
    assert not made.found, told
    named = [(each.tenant, each.flag) for each in made.flags]
    assert set(named) <= after.commit.affects, told
    if after.commit.is_text:
        assert named == [], told
        assert list(made.without_effect) == changed, told
    silent = sorted(after.commit.affects - set(named))
    for flag in (*named, *r.sample(silent, min(1, len(silent)))):
        context = {**r.choice(CONTEXTS), "targetingKey": "somebody"}
        sides = (before.revision, after.revision)
        moved = held_against_brute_force(*sides, flag, r.choice(ENVIRONMENTS), context, now)
        assert moved in (0, None) or flag in named, f"{told}: the plan says nothing of {flag}"
        yield moved is not None


def test_a_change_to_one_flag_of_many_changes_its_document_alone() -> None:
    """Documents are parts of a tenant once it has more flags than fit in one."""
    files = {f"acme/flags/f-{number}.yaml": "default: off\n" for number in range(2_100)}
    files["burgee.yaml"] = "environments: [production]\n"
    (before,) = build(load_repository(MemoryTree(files)), None).environments
    files["acme/flags/f-7.yaml"] = "default: on\n"
    (after,) = build(load_repository(MemoryTree(files)), None).environments
    parts = [path for path in before.files if "/flags-" in path]
    assert len(parts) == 4
    fresh = after.files.keys() - before.files.keys()
    assert sorted(path.split("/")[1].split("-")[0] for path in fresh) == ["flags", "manifest"]
