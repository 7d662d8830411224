"""A change as webhooks hear of it, and where changes come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

__all__ = ["Change", "ChangesSince", "Entity", "Rewritten", "Target"]


class Entity(Struct, frozen=True):
    """A thing that a change is of: `entity` is such as `flag`, `key` what it is called, None where
    a tenant has but one of the sort.
    """

    entity: str
    key: str | None


class Target(Struct, frozen=True):
    """A webhook of a tenant; `entities` are the kinds of things it hears of."""

    url: str
    secret: str
    entities: tuple[str, ...]

    def hears(self, change: Change) -> bool:
        """Return whether a change has anything for it."""
        return any(each.entity in self.entities for each in change.entities)


class Change(Struct, frozen=True, kw_only=True):
    """What one step of the branch changed for one tenant.

    `time` is in microseconds since 1970; `action` and `reason` are known only of commits that the
    writer signed, and that are this tenant's alone.
    """

    commit: str
    previous_commit: str | None
    tenant: str
    time: int
    entities: tuple[Entity, ...]
    actor: str
    action: str | None = None
    reason: str | None = None
    targets: tuple[Target, ...] = ()


class Rewritten(Exception):
    """The commit that was told last is no ancestor of the branch any more."""


class ChangesSince(Protocol):
    """The changes of a branch, one step after the other. Asked from one thread."""

    def tip(self) -> str | None:
        """Return the commit that the branch stands at, None while it holds none."""

    def since(self, commit: str | None, until: str) -> Iterable[Change]:
        """Yield what changed after `commit` (None: from the beginning) up to `until`, oldest first.

        Raises Rewritten where `until` does not come after `commit`.
        """
