"""What the index holds of a commit: whom it is by, and which resources it changed."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from burgee_writer.git.message import Message

__all__ = ["ENTITIES", "SHARED", "Change", "Entity", "Record", "Touched"]

Entity: TypeAlias = Literal[
    "flag", "segment", "layers", "attributes", "tenant", "repository", "file"
]
"""`repository` is burgee.yaml, `file` whatever else lies in a tenant's folder."""

ENTITIES: Final[tuple[Entity, ...]] = get_args(Entity)
SHARED: Final = ""
"""Stands for the tenant of what belongs to all of them."""


class Change(Struct, frozen=True, array_like=True, gc=False):
    """A file that is another one; the blobs before and after are None where there is no file."""

    path: str
    before: str | None
    after: str | None
    merged: bool = False
    """Whether it is to be held against what git makes of the two sides of a merge."""


class Touched(Struct, frozen=True, array_like=True, gc=False):
    """A resource that a commit changed; `key` is None where a tenant has but one of the sort."""

    tenant: str
    entity: Entity
    key: str | None
    changes: tuple[Change, ...]
    renamed_from: str | None = None


class Record(Struct, frozen=True, array_like=True, gc=False):
    """One commit. `at` is its committer's time in microseconds."""

    id: str
    parents: tuple[str, ...]
    at: int
    author: str
    email: str
    touched: tuple[Touched, ...] = ()
    tenants: tuple[str, ...] = ()
    """Those in whose folders it changed or brought anything, so that its message may be of them."""
    message: Message | None = None
    """What it says of itself; only where one of the writer's keys signed it."""
    is_edge: bool = False
    """Whether the clone's history ends here though the repository's does not."""
