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
    """One place in a merge: the first parent, each other parent behind its bases, the result.

    There are several bases where each side had merged the other before.
    """

    first: Side
    others: tuple[tuple[tuple[Side, ...], Side], ...]
    result: Side

    @property
    def expected(self) -> Side:
        """What it would be if nobody did anything by hand."""
        known = self.first
        for bases, other in self.others:
            if other == known or all(base == other for base in bases):
                continue
            if any(base != known for base in bases):
                return _UNKNOWN
            known = other
        return known


def made_by_hand(trees: TreeReader, commit: pygit2.Commit) -> Iterator[Change]:
    """Yield the files that a merge has otherwise than git makes them of its parents.

    In a conflict any form but the first parent's is a change: of what was live until then. That
    nothing came of a side which alone had changed a file is one too: else it would seem live. Where
    it takes more than one base to tell what a side changed, whatever was made of it is one.
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
    others = tuple((_roots(trees, parents[0], other), trees.root(other)) for other in parents[1:])
    yield from _walk(trees, Sides(trees.root(parents[0]), others, trees.root(commit)), "")


def automerged(trees: TreeReader, commit: pygit2.Commit, path: str) -> bytes | None:
    """Return what git makes of a file that both sides of a merge changed; None in a conflict."""
    first, other = commit.parents
    base = next(iter(_bases(trees.repository, first, other)), None)
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
    others = [
        ([trees.entries(base) for base in bases], trees.entries(other))
        for bases, other in at.others
    ]
    names = {name for name, _ in first.items() ^ result.items()}
    for _, other in others:
        names |= {name for name, _ in other.items() ^ result.items()}
    for name in sorted(names):
        path = prefix + text_of(name)
        was, now = parts(first.get(name)), parts(result.get(name))
        sides = [
            ([parts(base.get(name)) for base in bases], parts(other.get(name)))
            for bases, other in others
        ]
        file, folder = (
            Sides(
                was[kind],
                tuple((tuple(base[kind] for base in bases), other[kind]) for bases, other in sides),
                now[kind],
            )
            for kind in (0, 1)
        )
        yield from _file(file, path)
        yield from _walk(trees, folder, path + "/")


def _file(at: Sides, path: str) -> Iterator[Change]:
    expected = at.expected
    if expected == _UNKNOWN:
        is_plain = len(at.others) == len(at.others[0][0]) == 1
        if at.result != at.first:
            yield Change(path, hex_of(at.first), hex_of(at.result), merged=is_plain)
        elif not is_plain:
            yield Change(path, hex_of(at.others[-1][1]), hex_of(at.result))
    elif expected != at.result:
        yield Change(path, hex_of(expected), hex_of(at.result))


def _roots(trees: TreeReader, first: pygit2.Commit, other: pygit2.Commit) -> tuple[Side, ...]:
    found = _bases(trees.repository, first, other)
    return tuple(trees.root(each) for each in found) or (None,)


def _bases(
    repository: pygit2.Repository, first: pygit2.Commit, other: pygit2.Commit
) -> list[pygit2.Commit]:
    """Return the commits at which two parted: none that came out of another of them."""
    found = cast("pygit2.Oid | None", repository.merge_base(first.id, other.id))
    if found is None:
        return []
    ours, theirs = _since(repository, found, first), _since(repository, found, other)
    common = ours.keys() & theirs.keys()
    below = {parent for name in common for parent in ours[name].parent_ids}
    heads = sorted(name for name in common if name not in below)
    return [repository[found].peel(pygit2.Commit), *(ours[name] for name in heads)]


def _since(
    repository: pygit2.Repository, base: pygit2.Oid, tip: pygit2.Commit
) -> dict[pygit2.Oid, pygit2.Commit]:
    walk = repository.walk(tip.id, pygit2.enums.SortMode.NONE)
    walk.hide(base)
    return {each.id: each for each in walk}


def _index_entry(commit: pygit2.Commit, path: str) -> pygit2.IndexEntry | None:
    try:
        found = commit.tree[path]
    except KeyError:
        return None
    if not isinstance(found, pygit2.Blob):
        return None
    return pygit2.IndexEntry(path, found.id, pygit2.enums.FileMode(found.filemode))
