"""Promise: the audit tells what `git log` tells, each change once, whatever was merged into what.

Git is asked with `--name-status -m --no-renames`. Each file that a commit without a second parent
changed is in one entry of that commit; and whatever differs between two commits of the first
parents is in an entry that became live by the later one. Read bit by bit or at once is the same.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.history.audit import AuditEntry, AuditPage, AuditQuery
from burgee_writer.history.index import HistoryIndex
from burgee_writer.history.resources import place_of
from support.flag_repository import git
from support.random_merges import RandomHistory

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SEEDS = range(40) if NIGHTLY else range(2)
STEPS = 45
TENANTS = ("acme", "globex")


def whole(index: HistoryIndex, tenant: str) -> list[AuditEntry]:
    found: list[AuditEntry] = []
    cursor = None
    while True:
        page = index.page(AuditQuery(tenant=tenant, limit=37, cursor=cursor))
        assert isinstance(page, AuditPage)
        found += page.entries
        cursor = page.cursor
        if cursor is None:
            return found


def asked(root: Path, *options: str) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    """Return the commits that `git log` shows: their parents, and the files that they changed."""
    parents: dict[str, list[str]] = {}
    files: dict[str, set[str]] = defaultdict(set)
    name = ""
    form = ("--format=commit %H from %P", "--name-status", "--no-renames")
    for line in git(root, "log", *form, *options, "main").splitlines():
        if line.startswith("commit "):
            name, *rest = line.removeprefix("commit ").split(" from")
            parents[name] = rest[0].split()
        elif line:
            path = line.split("\t")[1]
            place = place_of(path)
            if place is not None and place[0] in (*TENANTS, ""):
                files[name].add(path)
    return parents, files


@pytest.mark.parametrize("seed", SEEDS)
def test_every_change_is_told_once(tmp_path: Path, seed: int) -> None:
    history = RandomHistory(tmp_path / "repo", seed)
    bit_by_bit = HistoryIndex(history.root, "", CommitKeys(()), None)
    for step in range(STEPS):
        history.step()
        if step % 5 == 0:
            bit_by_bit.advance(git(history.root, "rev-parse", "main"))
    tip = git(history.root, "rev-parse", "main")
    bit_by_bit.advance(tip)
    index = HistoryIndex(history.root, "", CommitKeys(()), None)
    index.advance(tip)
    entries = {tenant: whole(index, tenant) for tenant in TENANTS}
    for tenant in TENANTS:
        assert whole(bit_by_bit, tenant) == entries[tenant]
    shared = [each for each in entries["acme"] if each.tenant is None]
    every = [*shared, *(e for found in entries.values() for e in found if e.tenant is not None)]
    told = Counter((each.commit, path) for each in every for path in each.files)
    assert set(told.values()) == {1}
    parents, files = asked(history.root)
    for commit, above in parents.items():
        if len(above) < 2:
            assert {path for name, path in told if name == commit} == files[commit]
    live: dict[str, set[str]] = defaultdict(set)
    for each in every:
        live[each.live_commit] |= set(each.files)
    line, brought = asked(history.root, "--first-parent", "-m")
    assert set(live) <= set(line)
    for commit in line:
        assert brought[commit] <= live[commit]
    in_order(entries["acme"], parents)


def in_order(entries: list[AuditEntry], parents: dict[str, list[str]]) -> None:
    """No commit is told before one that came out of it, and what came live later comes first."""
    seen: set[str] = set()
    for each in reversed(entries):
        assert not (above(each.commit, parents) - {each.commit}) & (
            {other.commit for other in entries} - seen
        )
        seen.add(each.commit)


def above(commit: str, parents: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    stack = [commit]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += parents[name]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_merge_is_told_of_where_git_shows_it_as_combined(tmp_path: Path, seed: int) -> None:
    """Whatever has no parent's form, and is not what git makes of two sides, is in an entry."""
    history = RandomHistory(tmp_path / "repo", seed + 1_000)
    for _ in range(STEPS):
        history.step()
    index = HistoryIndex(history.root, "", CommitKeys(()), None)
    index.advance(git(history.root, "rev-parse", "main"))
    told = {
        (each.commit, path)
        for tenant in TENANTS
        for each in whole(index, tenant)
        for path in each.files
    }
    for commit in git(history.root, "log", "--merges", "--format=%H").split():
        combined = git(history.root, "diff-tree", "--cc", "--name-only", commit).splitlines()[1:]
        for path in combined:
            if (place_of(path) or ("?",))[0] not in (*TENANTS, ""):
                continue
            text = git(history.root, "show", "--format=", "--cc", commit, "--", path)
            if text:  # there is a hunk that no parent has
                assert (commit, path) in told
