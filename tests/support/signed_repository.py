"""A flag repository some of whose commits are a writer's: signed, with trailers, at given times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pygit2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from burgee_writer.git.message import Message
from burgee_writer.git.ssh_signatures import CommitKey, CommitKeys
from support.dated_repository import DatedRepository
from support.flag_repository import git

__all__ = ["SignedRepository", "new_key"]


def new_key() -> CommitKey:
    """Return a key to sign commits with."""
    return CommitKey(Ed25519PrivateKey.generate())


class SignedRepository(DatedRepository):
    """A repository that people and a writer commit to."""

    def __init__(self, root: Path, files: Mapping[str, str | bytes] | None = None) -> None:
        super().__init__(root, files)
        self.key = new_key()

    @property
    def keys(self) -> CommitKeys:
        """The keys by which the writer's commits are known."""
        return CommitKeys([self.key.public])

    def sign_on(
        self,
        day: str,
        message: Message,
        files: Mapping[str, str],
        *,
        author: str = "svc",
        key: CommitKey | None = None,
        text: str | None = None,
    ) -> str:
        """Commit files as the writer does, on a day; `text` is signed in place of the message's."""
        unsigned = self.commit_on(day, "to be signed", files, author=author)
        repository = pygit2.Repository(str(self.root))
        head, _, _ = repository[unsigned].read_raw().partition(b"\n\n")
        content = (head.decode() + "\n\n" + (message.text() if text is None else text)).encode()
        signature = (key or self.key).sign(content)
        made = repository.create_commit_with_signature(content.decode(), signature, "gpgsig")
        git(self.root, "update-ref", "HEAD", str(made))
        return str(made)
