"""Commits that hold what no work tree of a test could: links, submodules, hidden files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pygit2

__all__ = ["Kind", "raw_commit"]

Kind = Literal["file", "program", "link", "submodule"]

_MODES: Mapping[Kind, pygit2.enums.FileMode] = {
    "file": pygit2.enums.FileMode.BLOB,
    "program": pygit2.enums.FileMode.BLOB_EXECUTABLE,
    "link": pygit2.enums.FileMode.LINK,
    "submodule": pygit2.enums.FileMode.COMMIT,
}


def raw_commit(
    repository: pygit2.Repository, files: Mapping[str, tuple[Kind, str]], *, parents: bool = True
) -> str:
    """Commit exactly these files onto `main`, or as its first commit; return the commit."""
    who = pygit2.Signature("Ann", "ann@acme.example", 1_790_000_000, 0)
    before = [repository.references["refs/heads/main"].target] if parents else []
    tree = _tree(repository, {tuple(path.split("/")): each for path, each in files.items()})
    made = repository.create_commit(None, who, who, "odd", tree, before)
    repository.references.create("refs/heads/main", made, force=True)
    return str(made)


def _tree(
    repository: pygit2.Repository, files: Mapping[tuple[str, ...], tuple[Kind, str]]
) -> pygit2.Oid:
    builder = repository.TreeBuilder()
    below: dict[str, dict[tuple[str, ...], tuple[Kind, str]]] = {}
    for path, each in files.items():
        if len(path) > 1:
            below.setdefault(path[0], {})[path[1:]] = each
            continue
        kind, text = each
        # What a submodule points at need not be there.
        made = pygit2.Oid(hex="1" * 40) if kind == "submodule" else repository.create_blob(text)
        builder.insert(path[0], made, _MODES[kind])
    for name, inside in below.items():
        builder.insert(name, _tree(repository, inside), pygit2.enums.FileMode.TREE)
    return builder.write()
