"""What a client knows: the snapshot that it holds, how its source does, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from burgee.evaluation import Result, TenantFlags
from burgee.load import Refused
from burgee.snapshot.forms import TenantManifest

__all__ = [
    "FATAL",
    "Change",
    "Details",
    "Exposure",
    "Held",
    "Mark",
    "Origin",
    "Problem",
    "State",
    "Status",
    "Trouble",
    "Unavailable",
]

Status: TypeAlias = Literal["not_ready", "ready", "stale", "fatal", "closed"]
"""`stale`: evaluated from what is held, which could not be confirmed for too long; `fatal`:
nothing is held, and the source does not let this client in."""

Problem: TypeAlias = Literal[
    "not_ready", "flag_not_found", "targeting_key_missing", "type_mismatch", "error"
]
Origin: TypeAlias = Literal["flag", "configured", "default"]

FATAL: Final = frozenset({"unauthenticated", "forbidden"})
"""Reasons that only a person can mend; it is tried again all the same, since a person may."""


class Unavailable(Refused):
    """The source gives nothing to look at, perhaps for a stated time."""

    def __init__(self, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


class Mark(Struct, frozen=True):
    """Which snapshot a source holds: its order, and the digest of the tenant's manifest in it."""

    epoch: int
    sequence: int
    version: str
    digest: str
    compiler: str | None = None

    @property
    def order(self) -> tuple[int, int]:
        return self.epoch, self.sequence


class Held(Struct, frozen=True):
    """A tenant's flags, ready to be evaluated, and the documents that they came from."""

    mark: Mark
    flags: TenantFlags
    manifest: TenantManifest
    documents: Mapping[str, bytes]


class Trouble(Struct, frozen=True):
    """Why what the source holds is not taken, or why it cannot be asked."""

    reason: str
    detail: str


class State(Struct, frozen=True):
    """How a client stands: `age` is the seconds since its source was last asked with success."""

    status: Status
    version: str | None = None
    order: tuple[int, int] | None = None
    age: float | None = None
    trouble: Trouble | None = None


class Change(Struct, frozen=True):
    """A new snapshot was taken; `keys` are the flags that are new, gone or not the same."""

    version: str
    keys: frozenset[str]


class Details(Struct, frozen=True):
    """A decision as the app gets it.

    `value` is the flag's, the configured default of a flag that is missing, or the caller's
    default, as `origin` says. `result` is what the evaluator found, `problem` why it is not the
    flag's value though the flag was not switched off; `version` and `status` tell of the snapshot.
    """

    key: str
    value: Any
    result: Result
    origin: Origin
    problem: Problem | None
    version: str | None
    status: Status


class Exposure(Struct, frozen=True):
    """A user was given an arm of a running experiment; `at` is in microseconds since 1970."""

    flag_key: str
    variant: str | None
    rule: str | None
    experiment: str
    layer: str | None
    bucket: float | None
    targeting_key: Any
    context: Mapping[str, Any]
    version: str
    at: int


Exposed: TypeAlias = Callable[[Exposure], object]
