"""What the cache's files hold. Plain data: nothing in it is ever run."""

from __future__ import annotations

from msgspec import Struct, field

from burgee_compiler.memo import Checked, FileRecord, FlagRecord, SegmentRecord, TestRecord

__all__ = ["Built", "BuiltEnvironment", "Known", "KnownTenant"]


class KnownTenant(Struct, array_like=True):
    """A tenant's files by path, and what checking them came to."""

    files: dict[str, FileRecord] = field(default_factory=dict)
    checked: dict[str, Checked] = field(default_factory=dict)


class Known(Struct, array_like=True):
    """A repository as one run saw it; checks depend on the environments there are."""

    environments: tuple[str, ...] = ()
    tenants: dict[str, KnownTenant] = field(default_factory=dict)


class BuiltEnvironment(Struct, array_like=True):
    """Forms, and how tests went, by key; a segment's tests go by @NAME."""

    flags: dict[str, FlagRecord] = field(default_factory=dict)
    segments: dict[str, SegmentRecord] = field(default_factory=dict)
    tests: dict[str, tuple[TestRecord, ...]] = field(default_factory=dict)


class Built(Struct, array_like=True):
    """What a tenant's files, each with this digest, were compiled to."""

    sources: dict[str, bytes] = field(default_factory=dict)
    environments: dict[str, BuiltEnvironment] = field(default_factory=dict)
