"""The bodies of calls that do not take a definition."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

__all__ = ["ChangesBody", "OneChange", "OverrideBody", "StateBody", "UndoBody"]


class StateBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A switch as it is to be, and where: `*` is every environment."""

    state: Literal["on", "off"]
    environments: tuple[str, ...] | Literal["*"] = "*"


class OverrideBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user is pinned to; in one environment, or in all that do not say otherwise."""

    serve: str
    reason: str | None = None
    expires: str | None = None
    environment: str | None = None


class OneChange(Struct, frozen=True, forbid_unknown_fields=True):
    """One call of several."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: str
    body: dict[str, Any] = {}


class ChangesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Several calls that are made in one commit."""

    changes: tuple[OneChange, ...]
    reason: str | None = None


class UndoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The commit to take back, and of several entities the one to take back alone."""

    commit: str
    entity: str | None = None
