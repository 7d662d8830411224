"""What a merge changed by hand: where it is not what git makes of its sides.

Most of it is told by names of folders and files alone: a side that did not change gives way to one
that did. Only where both changed one file are their lines merged, in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import pygit2
from msgspec import Struct

from burgee_writer.history.records import Change
from burgee_writer.history.trees import Side, TreeReader, hex_of, parts, text_of

__all__ = ["automerged", "made_by_hand"]

_UNKNOWN: Final = b"?"
"""Stands for what follows from no rule: both sides changed it."""


class Sides(Struct, frozen=True):
    """One place in a merge: the first parent, each other parent beside its base, the result."""

    first: Side
    others: tuple[tuple[Side, Side], ...]
    result: Side

    @property
    def expected(self) -> Side:
        """What it would be if nobody did anything by hand."""
        known = self.first
        for base, other in self.others:
            if other in (known, base):
                continue
            if base != known:
                return _UNKNOWN
            known = other
        return known

    @property
    def is_new(self) -> bool:
        """Whether no parent has it so."""
        return self.result not in (self.first, *(other for _, other in self.others))


def made_by_hand(trees: TreeReader, commit: pygit2.Commit) -> Iterator[Change]:
    """Yield the files that a merge has otherwise than its parents give them.

    One that both sides changed, and that has the form of either, is a choice and not a change.
    """
    for each in _differing(trees, commit):
        if not each.merged:
            yield each
            continue
        made = automerged(trees, commit, each.path)
        if made is None:
            yield Change(each.path, each.before, each.after)
        elif pygit2.hash(made).raw.hex() != each.after:
            yield each


def _differing(trees: TreeReader, commit: pygit2.Commit) -> Iterator[Change]:
    parents = commit.parents
    others = tuple((_base(trees, parents[0], other), trees.root(other)) for other in parents[1:])
    yield from _walk(trees, Sides(trees.root(parents[0]), others, trees.root(commit)), "")


def automerged(trees: TreeReader, commit: pygit2.Commit, path: str) -> bytes | None:
    """Return what git makes of a file that both sides of a merge changed; None in a conflict."""
    if len(commit.parent_ids) != 2:
        return None
    first, other = commit.parents
    base = _merge_base(trees.repository, first, other)
    place = trees.place(path)
    ours, theirs = _index_entry(first, place), _index_entry(other, place)
    if ours is None or theirs is None:
        return None
    shared = None if base is None else _index_entry(base, place)
    try:
        merged = trees.repository.merge_file_from_index(shared, ours, theirs, use_deprecated=False)
    except (UnicodeDecodeError, pygit2.GitError):
        return None
    return merged.contents.encode() if merged.automergeable else None


def _walk(trees: TreeReader, at: Sides, prefix: str) -> Iterator[Change]:
    if at.result == at.expected:
        return
    first, result = trees.entries(at.first), trees.entries(at.result)
    others = [(trees.entries(base), trees.entries(other)) for base, other in at.others]
    names = {name for name, _ in first.items() ^ result.items()}
    for _, other in others:
        names |= {name for name, _ in other.items() ^ result.items()}
    for name in sorted(names):
        path = prefix + text_of(name)
        was, now = parts(first.get(name)), parts(result.get(name))
        sides = [(parts(base.get(name)), parts(other.get(name))) for base, other in others]
        file, folder = (
            Sides(was[kind], tuple((base[kind], other[kind]) for base, other in sides), now[kind])
            for kind in (0, 1)
        )
        yield from _file(file, path)
        yield from _walk(trees, folder, path + "/")


def _file(at: Sides, path: str) -> Iterator[Change]:
    expected = at.expected
    if expected == _UNKNOWN:
        if at.is_new:
            yield Change(path, hex_of(at.first), hex_of(at.result), merged=True)
    elif expected != at.result:
        yield Change(path, hex_of(expected), hex_of(at.result))


def _base(trees: TreeReader, first: pygit2.Commit, other: pygit2.Commit) -> Side:
    base = _merge_base(trees.repository, first, other)
    return None if base is None else trees.root(base)


def _merge_base(
    repository: pygit2.Repository, first: pygit2.Commit, other: pygit2.Commit
) -> pygit2.Commit | None:
    found = cast("pygit2.Oid | None", repository.merge_base(first.id, other.id))
    return None if found is None else repository[found].peel(pygit2.Commit)


def _index_entry(commit: pygit2.Commit, path: str) -> pygit2.IndexEntry | None:
    try:
        found = commit.tree[path]
    except KeyError:
        return None
    if not isinstance(found, pygit2.Blob):
        return None
    return pygit2.IndexEntry(path, found.id, pygit2.enums.FileMode(found.filemode))
