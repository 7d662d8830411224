"""What earlier runs learnt of a repository, as the compiler's rooms ask for it.

These classes remember nothing, which is always right; `cache` has those that do. Whatever a room
is given here is exactly what it would work out itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from burgee_compiler.diagnostics import Diagnostic

if TYPE_CHECKING:
    from burgee_compiler.repository import Repository
    from burgee_compiler.trees import Entry

__all__ = [
    "NO_MEMO",
    "Checked",
    "EnvironmentMemo",
    "FileRecord",
    "FlagRecord",
    "Memo",
    "Mentions",
    "Reached",
    "ReadAhead",
    "SegmentRecord",
    "TenantMemo",
    "TestRecord",
]


class FileRecord(Struct, frozen=True, array_like=True):
    """What reading one file came to: `digest` is of its bytes, `blob` what git calls them."""

    stamp: bytes
    digest: bytes
    blob: bytes
    good: bool = True
    found: tuple[Diagnostic, ...] = ()


class Mentions(Struct, frozen=True, array_like=True):
    """The names that a definition holds, in whatever environment, each sorted."""

    flags: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


class Checked(Struct, frozen=True, array_like=True):
    """What checking one definition came to."""

    mentions: Mentions = Mentions()
    found: tuple[Diagnostic, ...] = ()
    shape: bytes = b""
    """Of a segment: the same for any other that has the same users; empty where nobody is in it."""
    due: int | None = None
    """Of a flag: the instant, in microseconds, from which `check --now` has something to say."""


class FlagRecord(Struct, frozen=True, array_like=True):
    """A flag's form in one environment, and what it names there."""

    raw: bytes
    digest: str
    needs: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


class SegmentRecord(Struct, frozen=True, array_like=True):
    """A segment's form in one environment, and the segments that it names there."""

    form: bytes
    digest: str
    below: tuple[str, ...] = ()


class Reached(Struct, frozen=True, array_like=True):
    """A variant that a rule answered with; of the default the rule is None."""

    rule: str | None
    variant: str | None


class TestRecord(Struct, frozen=True, array_like=True):
    """How one test went in one environment, and which answers of a flag it saw."""

    __test__ = False  # pytest would collect the name

    name: str
    index: int
    found: Diagnostic | None = None
    reached: tuple[Reached, ...] = ()


class EnvironmentMemo:
    """Forms and tests of one tenant in one environment. A segment's tests go by @NAME."""

    def flag(self, key: str) -> FlagRecord | None:
        """Return a flag's form, None where it has to be made."""

    def keep_flag(self, key: str, record: FlagRecord) -> None:
        """Remember a flag's form."""

    def segment(self, name: str) -> SegmentRecord | None:
        """Return a segment's form, None where it has to be made."""

    def keep_segment(self, name: str, record: SegmentRecord) -> None:
        """Remember a segment's form."""

    def tests(self, name: str) -> Sequence[TestRecord] | None:
        """Return how a definition's tests went, None where they have to be run."""

    def keep_tests(self, name: str, records: Sequence[TestRecord]) -> None:
        """Remember how a definition's tests went."""


class TenantMemo:
    """What is known of one tenant's files."""

    def by_stamp(self, path: str, stamp: bytes) -> FileRecord | None:
        """Return what is known of a file that need not be read again."""

    def by_digest(self, path: str, digest: bytes) -> FileRecord | None:
        """Return what is known of a file that has these bytes."""

    def keep_file(self, path: str, record: FileRecord) -> None:
        """Remember a file as it is now; every file of the tenant is told of, read or not."""

    def settle(self, flags: Collection[str], segments: Collection[str]) -> None:
        """Take note that all files were told of, and which names exist."""

    def checked(self, path: str) -> Checked | None:
        """Return what checking a file came to, None where it has to be checked."""

    def keep_checked(self, path: str, checked: Checked) -> None:
        """Remember what checking a file came to."""

    def environment(self, name: str) -> EnvironmentMemo:
        """Return what is known of an environment; all files have been checked by now."""
        return _NOTHING


class ReadAhead(Protocol):
    """The loader, as who reads ahead for it sees it."""

    unread: list[tuple[str, Entry]]
    """Flags of which nothing is known, with their tenants."""

    def read_flag(self, tenant: str, entry: Entry) -> FileRecord | None:
        """Read one of them ahead of its turn; None where it cannot be read."""

    def take(self, records: Mapping[str, FileRecord]) -> None:
        """Take what somebody else has read."""

    def rest_later(self) -> Repository:
        """Return the repository with all that was not read so far still to be read."""


class Memo:
    """What is known of a repository."""

    remembers = False
    """Whether there is any use in telling it what was learnt."""

    def begin(self, environments: Sequence[str]) -> None:
        """Take note of the environments, on which nearly all else depends."""

    def tenant(self, name: str) -> TenantMemo:
        """Return what is known of a tenant."""
        return NO_MEMO

    def read_ahead(self, ahead: ReadAhead) -> None:
        """Read files that have to be read before their turn, where that is faster."""

    def compile_ahead(self, repository: Repository) -> None:
        """Compile what has to be compiled before its turn, where that is faster."""

    def blobs(self) -> Mapping[str, bytes]:
        """Return what git calls the files that were looked at, by path."""
        return {}


_NOTHING = EnvironmentMemo()
NO_MEMO = TenantMemo()
