"""A write as it was asked for, and what came of it; plain data."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.plan.report import Plan
from burgee_writer.changes.working import Change, Did
from burgee_writer.tips.tip import Tip

__all__ = ["Entity", "Expected", "Key", "WriteRequest", "Written"]


class Entity(Struct, frozen=True):
    """A resource by its files: what an ETag is of."""

    name: str
    """Such as flag/checkout.one-page."""
    paths: tuple[str, ...]


class Expected(Struct, frozen=True):
    """What has to be so when the write is made: one of these ETags, `*` for any or none at all."""

    tags: tuple[str, ...] = ()
    """`If-Match`; empty where it was not sent."""
    none: bool = False
    """`If-None-Match: *`: there is no such resource yet."""


class Key(Struct, frozen=True):
    """An idempotency key, as SHA-256 in hex; `payload` is of all that was asked for."""

    key: str
    payload: str


class WriteRequest(Struct, frozen=True, kw_only=True):
    """One call that writes."""

    tenant: str
    subject: str
    """Who asks: the author of the commit."""
    change: Change
    request_id: str
    environments: frozenset[str] | None = None
    """Those that the token may change; None for all."""
    entity: Entity | None = None
    expected: Expected = Expected()
    key: Key | None = None
    reason: str | None = None
    dry_run: bool = False
    propose: bool = False


class Written(Struct, frozen=True, kw_only=True):
    """What a write came to. Without a `commit` nothing was, or would be, written."""

    did: Did | None
    previous: str
    commit: str | None = None
    tip: Tip
    """The files with the write."""
    existed: bool = True
    """Whether the resource was there before."""
    branch: str | None = None
    """Where it was proposed."""
    changed: bool = False
    plan: Plan | None = None
    findings: tuple[Diagnostic, ...] = ()
    passed_over: tuple[str, ...] = ()
    replayed: bool = False
    extra: dict[str, Any] = {}
