"""A life as a git repository."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pygit2

from support.history.life import Commit

__all__ = ["write_history"]


def write_history(folder: Path, commits: Iterable[Commit]) -> list[str]:
    """Make a bare repository with these commits on main; return their ids."""
    repository = pygit2.init_repository(str(folder), bare=True, initial_head="main")
    index = pygit2.Index()
    made: list[pygit2.Oid] = []
    for commit in commits:
        for path, text in commit.files.items():
            if text is None:
                index.remove(path)
            else:
                blob = repository.create_blob(text.encode())
                index.add(pygit2.IndexEntry(path, blob, pygit2.enums.FileMode.BLOB))
        who = pygit2.Signature("Ann", "ann@acme.example", commit.at // 1_000_000, 0)
        tree = index.write_tree(repository)
        parents = made[-1:]
        made.append(
            repository.create_commit("refs/heads/main", who, who, commit.message, tree, parents)
        )
    return [str(each) for each in made]
