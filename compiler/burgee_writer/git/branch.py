"""A branch as the writer needs it: a tip, commits beside it, and moves that lose nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = [
    "Author",
    "Branch",
    "BranchMissing",
    "Done",
    "Draft",
    "Moved",
    "Published",
    "Refused",
    "Unknown",
    "Unreachable",
]


class Author(Struct, frozen=True):
    """Who a commit is by."""

    name: str
    email: str


class Draft(Struct, frozen=True, kw_only=True):
    """A commit to make; paths are relative to the flag repository's folder, None is gone."""

    changes: Mapping[str, bytes | None]
    message: str
    author: Author
    at: int | None = None
    """Seconds since 1970; now where left out."""


class Done(Struct, frozen=True):
    """The branch is at the commit, or went on from it."""

    commit: str


class Moved(Struct, frozen=True):
    """Somebody else was faster, and nothing was changed: make the commit anew on the new tip."""

    tip: str | None


class Refused(Struct, frozen=True):
    """Certain: nothing was changed."""

    code: Literal["branch_protected", "worktree_dirty", "index_locked", "busy"]
    message: str
    help: str


class Unknown(Struct, frozen=True):
    """It may have arrived, and the remote could not be asked."""

    message: str


Published: TypeAlias = Done | Moved | Refused | Unknown


class Unreachable(Exception):
    """A remote that cannot be reached; the text is fit for a client and holds no secret."""


class BranchMissing(ValueError):
    """A repository, a branch or a folder in it that is not there."""


class Branch(ABC):
    """One branch of one git repository; the flag repository may be a folder in it."""

    def __init__(self, repository_path: Path, name: str, inside: str) -> None:
        self.repository_path = repository_path
        """Where the objects are; threads open it each for themselves."""
        self.name = name
        self.inside = inside
        """The folder of the flag repository, empty for the whole."""

    @property
    def reference(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.name}"

    @abstractmethod
    def tip(self) -> str:
        """Return the commit that the branch is at, as far as is known here; asks no remote."""

    @abstractmethod
    def refresh(self) -> str:
        """Ask the remote, if there is one, and return the tip; raises Unreachable."""

    @abstractmethod
    def commit(self, parent: str, draft: Draft) -> str:
        """Make a signed commit and return its id; no reference is moved."""

    @abstractmethod
    def publish(self, parent: str, commit: str) -> Published:
        """Move the branch from a commit to one that follows it, or not at all.

        Raises Unreachable or BranchMissing, and then it is certain that nothing was changed.
        """

    @abstractmethod
    def publish_beside(self, name: str, commit: str) -> Published:
        """Make another branch at a commit; Moved where there is one of that name already."""

    @abstractmethod
    def read_beside(self, name: str) -> str | None:
        """Return the tip of another branch, None where there is none; its commit is here then.

        Raises Unreachable.
        """
