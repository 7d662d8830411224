"""What an evaluation answers."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

__all__ = ["ERRORS", "OpenFeatureReason", "Reason", "Result"]

Reason: TypeAlias = Literal[
    "override",
    "flag_off",
    "prerequisite_failed",
    "rule_match",
    "experiment_assigned",
    "experiment_paused",
    "default",
    "default_distribution",
    "targeting_key_missing",
    "flag_not_found",
    "error",
]
OpenFeatureReason: TypeAlias = Literal["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "ERROR"]
ERRORS: Final = frozenset({"targeting_key_missing", "flag_not_found", "error"})


class Result(Struct, frozen=True):
    """One decision.

    `value` is None where the caller's default is to be used: on every error, and where the
    variant holds null or there is none; `openfeature_reason` then says ERROR or DISABLED.
    `bucket` is slot/100000 of the table that chose, in [0, 1).
    """

    flag_key: str
    variant: str | None
    value: Any
    reason: Reason
    openfeature_reason: OpenFeatureReason
    rule: str | None = None
    experiment: str | None = None
    layer: str | None = None
    bucket: float | None = None
    metadata: dict[str, str | int | float | bool] = {}

    @property
    def is_error(self) -> bool:
        """Whether the flag could not be evaluated."""
        return self.reason in ERRORS
