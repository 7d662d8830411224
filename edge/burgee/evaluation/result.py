"""What an evaluation answers."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from burgee.buckets import SLOTS, slot_in

__all__ = ["ERRORS", "Answer", "OpenFeatureReason", "Reason", "Result", "failed"]

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
Metadata: TypeAlias = "dict[str, str | int | float | bool]"
ERRORS: Final = frozenset({"targeting_key_missing", "flag_not_found", "error"})

# Both are made without the garbage collector's knowledge: what they hold is JSON and text, which
# cannot refer back to them.


class Answer(Struct, eq=False, gc=False):
    """All that a decision says but the bucket: made once, shared by everyone it is served to.

    `wire` is for a server to keep what it wrote of this answer; nothing here reads it.
    """

    flag_key: str
    variant: str | None
    value: Any
    reason: Reason
    openfeature_reason: OpenFeatureReason
    rule: str | None
    experiment: str | None
    layer: str | None
    metadata: Metadata
    wire: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash((self.flag_key, self.variant, self.reason, self.rule))

    def _said(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name != "wire")


class Result(Struct, frozen=True, gc=False):
    """One decision.

    `value` is None where the caller's default is to be used: on every error, and where the
    variant holds null or there is none; `openfeature_reason` then says ERROR or DISABLED.
    """

    answer: Answer
    draw: int = -1
    """The unit's hash under the table that chose, -1 where none did."""

    @property
    def flag_key(self) -> str:
        return self.answer.flag_key

    @property
    def variant(self) -> str | None:
        return self.answer.variant

    @property
    def value(self) -> Any:
        return self.answer.value

    @property
    def reason(self) -> Reason:
        return self.answer.reason

    @property
    def openfeature_reason(self) -> OpenFeatureReason:
        return self.answer.openfeature_reason

    @property
    def rule(self) -> str | None:
        return self.answer.rule

    @property
    def experiment(self) -> str | None:
        return self.answer.experiment

    @property
    def layer(self) -> str | None:
        return self.answer.layer

    @property
    def metadata(self) -> Metadata:
        return self.answer.metadata

    @property
    def slot(self) -> int | None:
        """The slot of the table that chose, 0 to 99,999; None where none did."""
        return None if self.draw < 0 else slot_in(self.draw)

    @property
    def bucket(self) -> float | None:
        """slot/100000 of the table that chose, in [0, 1)."""
        return None if self.draw < 0 else slot_in(self.draw) / SLOTS

    @property
    def is_error(self) -> bool:
        """Whether the flag could not be evaluated."""
        return self.answer.reason in ERRORS

    def as_dict(self) -> dict[str, Any]:
        """Return all fields by name, as JSON values."""
        return {name: getattr(self, name) for name in _FIELDS}


_FIELDS: Final = (
    "flag_key",
    "variant",
    "value",
    "reason",
    "openfeature_reason",
    "rule",
    "experiment",
    "layer",
    "bucket",
    "metadata",
)


def failed(key: str, reason: Reason, metadata: Metadata | None = None) -> Result:
    """Return the result of a flag that cannot be evaluated."""
    return Result(
        Answer(
            key, None, None, reason, "ERROR", None, None, None, {} if metadata is None else metadata
        )
    )
