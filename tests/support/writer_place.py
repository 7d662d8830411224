"""A writer over a bare repository, and a person who pushes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.flag_repository import FlagRepository, git
from support.writer_process import CLIENTS, WriterProcess, bare_repository, writer_process

__all__ = ["Place", "opened_place"]


class Place:
    """A writer over a bare repository, and a person who pushes to it."""

    def __init__(self, writer: WriterProcess, bare: Path) -> None:
        self.writer = writer
        self.bare = bare
        root = bare.parent / "person"
        self.person = FlagRepository(root, {"burgee.yaml": (root / "burgee.yaml").read_bytes()})

    @property
    def tip(self) -> str:
        return git(self.bare, "rev-parse", "main")

    def text(self, path: str, rev: str = "main") -> str:
        return git(self.bare, "show", f"{rev}:{path}")

    def tree(self, rev: str = "main") -> str:
        return git(self.bare, "rev-parse", f"{rev}^{{tree}}")

    def files(self, rev: str = "main") -> list[str]:
        """What a commit changed."""
        return git(self.bare, "show", "--format=", "--name-only", rev).split()

    def push(self, files: Mapping[str, str]) -> str:
        git(self.person.root, "pull", "--quiet", "--rebase", "origin", "main")
        made = self.person.commit(files)
        git(self.person.root, "push", "--quiet", "origin", "HEAD:main")
        return made


@contextmanager
def opened_place(folder: Path, files: Mapping[str, str], *arguments: str) -> Iterator[Place]:
    """A writer with clients over a bare repository; the client `writer` calls."""
    bare = bare_repository(folder, files)
    with writer_process(bare, folder / "state", *arguments, clients=CLIENTS) as writer:
        writer.headers["X-API-Key"] = "key-of-writer"
        yield Place(writer, bare)
