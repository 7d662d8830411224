"""What a place that is published to can do, and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

__all__ = [
    "MOST_DOCUMENT",
    "MOST_MANIFEST",
    "Denied",
    "Listed",
    "Lost",
    "Stored",
    "Target",
    "TargetError",
    "Unavailable",
    "Unconditional",
    "Unusable",
]

MOST_MANIFEST: Final = 16 << 20
MOST_DOCUMENT: Final = 512 << 20
"""Bytes of a file that are read at most, whatever the target holds."""


class TargetError(Exception):
    """Something could not be done at a target; the message says where and what, `help` the cure."""

    reason = "target"

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class Unavailable(TargetError):
    """It may work in a moment: a network error, a server in trouble, a lock that is taken."""

    reason = "unavailable"

    def __init__(self, message: str, help: str | None = None, after: float | None = None) -> None:
        super().__init__(message, help)
        self.after = after
        """Seconds for which the target asks to be left alone."""


class Denied(TargetError):
    """The target does not let us in, or not do this."""

    reason = "denied"


class Lost(TargetError):
    """A condition does not hold any more: somebody else wrote the file meanwhile."""

    reason = "lost"


class Unconditional(TargetError):
    """The target writes whatever the condition says, so two publishers could cross there."""

    reason = "unconditional"


class Unusable(TargetError):
    """This can be no target, or answers as none does."""

    reason = "unusable"


class Stored(Struct, frozen=True):
    """A file's bytes, and the condition under which it is still the one that was read."""

    data: bytes
    condition: str


class Listed(Struct, frozen=True):
    """A file that is there; `modified` is in seconds since 1970, by the target's own clock."""

    path: str
    size: int
    modified: float


class Target(Protocol):
    """A folder, bucket or server; paths have forward slashes and begin with an environment.

    Each call raises a TargetError where it fails, and leaves a file whole: as it was, or as it is
    to be.
    """

    @property
    def place(self) -> str:
        """What messages call it; holds no secret."""

    @property
    def streams(self) -> int:
        """How many files may well be written at once."""

    def read(self, path: str, most: int) -> Stored | None:
        """Return a file of at most `most` bytes, None where there is none."""

    def create(self, path: str, data: bytes) -> bool:
        """Make sure that a file whose name says what it holds is there, as young as a new one.

        Return whether it was not there before.
        """

    def write(self, path: str, data: bytes) -> None:
        """Put a file in place of whatever is there."""

    def replace(self, path: str, data: bytes, condition: str | None) -> None:
        """Put a file in place of the one read under `condition`, or where none was.

        Raises Lost where there is another one now.
        """

    def list(self, folder: str) -> Sequence[Listed] | None:
        """Return all files below a folder, None where the target cannot tell."""

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; one that is gone already is no error."""

    def prove(self, folder: str) -> None:
        """Raise Unconditional unless the target keeps to conditions in a folder."""

    def close(self) -> None:
        """Let go of connections."""
