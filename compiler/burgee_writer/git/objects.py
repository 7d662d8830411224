"""Commits made of changes: blobs, the trees along their paths, and the signed commit itself."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from typing import Final, cast

import pygit2

from burgee_writer.git.branch import Author, Draft, Unreachable
from burgee_writer.git.ssh_signatures import CommitKey

__all__ = ["Obstructed", "check_path", "check_room", "write_commit"]

_TRIES: Final = 6
_PAUSE: Final = 0.02

_FILE: Final = pygit2.enums.FileMode.BLOB
_EXECUTABLE: Final = pygit2.enums.FileMode.BLOB_EXECUTABLE
_TREE: Final = pygit2.enums.FileMode.TREE
# What HFS+ leaves out of names, so that .g<joiner>it would be .git there.
_IGNORED: Final = frozenset(
    (*map(chr, range(0x200C, 0x2010)), *map(chr, range(0x202A, 0x202F)),
     *map(chr, range(0x206A, 0x2070)), "\ufeff")
)  # fmt: skip
_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})

Nested = dict[str, "bytes | Nested | None"]


class Obstructed(ValueError):
    """A file would take the place of something that is none, or lie below something like that."""


def check_room(tree: pygit2.Tree, inside: str, changes: Mapping[str, bytes | None]) -> None:
    """Raise Obstructed where these changes of a commit's tree cannot be made."""
    _check_room(tree, _nested(inside, changes), "")


def write_commit(
    repository: pygit2.Repository,
    parent: str,
    inside: str,
    draft: Draft,
    committer: Author,
    key: CommitKey,
) -> str:
    """Write a commit on a parent and return its id.

    Raises ValueError for a path that is not safe, Obstructed where something else is in its place,
    Unreachable where nothing can be written.
    """
    nested = _nested(inside, draft.changes)
    for again in range(_TRIES):
        try:
            return _write(repository, parent, nested, draft, committer, key)
        except (OSError, pygit2.GitError) as error:  # a full disk, say
            # Who packs takes empty folders away, perhaps the one that was just made for an object.
            if "No such file" not in str(error) or again == _TRIES - 1:
                raise Unreachable(f"the repository cannot be written to: {error}") from error
        time.sleep(_PAUSE * again)
    raise AssertionError("the last try returns or raises")


def _write(
    repository: pygit2.Repository,
    parent: str,
    nested: Nested,
    draft: Draft,
    committer: Author,
    key: CommitKey,
) -> str:
    before = repository[parent].peel(pygit2.Tree)
    _check_room(before, nested, "")
    tree = _write_tree(repository, before, nested)
    at = round(time.time()) if draft.at is None else draft.at
    made = repository.create_commit_string(
        pygit2.Signature(draft.author.name, draft.author.email, at, 0),
        pygit2.Signature(committer.name, committer.email, at, 0),
        draft.message,
        tree,
        [parent],
    )
    text = cast(str, made)  # which the annotations of pygit2 take for an id
    return str(repository.create_commit_with_signature(text, key.sign(text.encode())))


def check_path(path: str) -> None:
    """Raise ValueError for a path that would leave its folder, or reach into git's own."""
    for part in path.split("/"):
        bare = "".join(each for each in part if each not in _IGNORED).lower().rstrip(". ")
        if bare in ("", ".git") or bare.startswith(("git~", ".git:", ".git ")):
            raise ValueError(f"{path!r} is no path of a flag repository")
        if any(unicodedata.category(each) in _CONTROLS or each in "\\:" for each in part):
            raise ValueError(f"{path!r} is no path of a flag repository")


def _nested(inside: str, changes: Mapping[str, bytes | None]) -> Nested:
    found: Nested = {}
    prefix = f"{inside}/" if inside else ""
    for path, data in changes.items():
        check_path(path)
        *folders, name = f"{prefix}{path}".split("/")
        place = found
        for each in folders:
            below = place.setdefault(each, {})
            if not isinstance(below, dict):
                raise ValueError(f"{path} lies below a file")
            place = below
        if name in place:
            raise ValueError(f"{path} is a folder")
        place[name] = data
    return found


def _check_room(tree: pygit2.Tree, changes: Mapping[str, object], above: str) -> None:
    for name, change in changes.items():
        old = tree[name] if name in tree else None  # noqa: SIM401  a tree has no `get`
        if isinstance(change, dict):
            if isinstance(old, pygit2.Tree):
                _check_room(old, change, f"{above}{name}/")
            elif old is not None:
                raise Obstructed(f"{above}{name} is no folder")
        elif old is not None and not isinstance(old, pygit2.Blob):
            raise Obstructed(f"{above}{name} is no file")


def _write_tree(
    repository: pygit2.Repository, tree: pygit2.Tree | None, changes: Mapping[str, object]
) -> pygit2.Oid:
    builder = repository.TreeBuilder() if tree is None else repository.TreeBuilder(tree)
    for name, change in changes.items():
        old = None if tree is None or name not in tree else tree[name]
        if isinstance(change, dict):
            made = _write_tree(repository, old if isinstance(old, pygit2.Tree) else None, change)
            if len(repository[made].peel(pygit2.Tree)):
                builder.insert(name, made, _TREE)
            elif old is not None:
                builder.remove(name)
        elif isinstance(change, bytes):
            executable = old is not None and old.filemode == _EXECUTABLE
            mode = _EXECUTABLE if executable else _FILE  # what was a link is a file then
            builder.insert(name, repository.create_blob(change), mode)
        elif old is not None:
            builder.remove(name)
    return builder.write()
