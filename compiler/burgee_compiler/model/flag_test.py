"""Tests that stand in flags and segments."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

from msgspec import UNSET, Struct, UnsetType, field

from burgee_compiler.model.decoder import Bad, Decoder, Kind, describe
from burgee_compiler.model.kinds import (
    BOOLEAN,
    IDENTIFIER,
    INSTANT,
    JSON,
    TEXT,
    VARIANT,
    WEIGHT,
    choice,
    map_of,
)
from burgee_compiler.model.structs import struct_of
from burgee_compiler.source import Node

__all__ = ["CALLERS_DEFAULT", "Expect", "FlagTest", "SegmentExpect", "SegmentTest"]

CALLERS_DEFAULT: Final = "the caller's default"
"""Stands for no variant at all among expected shares."""


def _read_bucket(decoder: Decoder, node: Node) -> Decimal | Bad:
    bucket = WEIGHT.read(decoder, node)
    if isinstance(bucket, Bad) or bucket < 1:
        return bucket  # type: ignore[no-any-return]
    return decoder.fault("B207", f"a bucket of {node}", "write a number from 0 to below 1")


def _read_context(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, dict):
        return JSON.read(decoder, node)
    return decoder.fault(
        "B203", f'"context" must be a mapping, not {describe(node)}', "write {targetingKey: u1, …}"
    )


_BUCKET: Final = Kind(_read_bucket, lambda: {"type": "number", "minimum": 0, "exclusiveMaximum": 1})
_CONTEXT: Final = Kind(_read_context, lambda: {"type": "object"})
_REASONS: Final = (
    "override",
    "flag_off",
    "prerequisite_failed",
    "rule_match",
    "experiment_assigned",
    "experiment_paused",
    "default",
    "default_distribution",
    "targeting_key_missing",
)


class Expect(Struct, frozen=True, kw_only=True):
    """What a flag's test expects; what it does not name is not looked at."""

    variant: Annotated[str | UnsetType | None, VARIANT, "The variant's name."] = UNSET
    value: Annotated[Any, JSON, "The value that is served."] = UNSET
    reason: Annotated[str | UnsetType, choice(*_REASONS), "The native reason."] = UNSET
    rule: Annotated[str | UnsetType, IDENTIFIER, "The rule that answers."] = UNSET
    experiment: Annotated[str | UnsetType, IDENTIFIER, "The experiment that assigns."] = UNSET
    shares: Annotated[
        dict[str, Decimal] | UnsetType,
        map_of(VARIANT, WEIGHT, "a mapping of variants to percent", least=1),
        "Percent of all units, for each variant, to three decimals; others get 0.",
    ] = UNSET


def _check_expect(decoder: Decoder, expect: Expect) -> bool:
    named = [name for name in expect.__struct_fields__ if getattr(expect, name) is not UNSET]
    if not named:
        decoder.fault("B214", '"expect" is empty', "name a variant, value, reason, rule or shares")
        return False
    if expect.shares is not UNSET and len(named) > 1:
        decoder.fault(
            "B213", '"shares" stands with another expectation', "write two tests, one for each"
        )
        return False
    return True


class FlagTest(Struct, frozen=True, kw_only=True):
    """A context and what the flag must answer."""

    expect: Annotated[
        Expect,
        struct_of(
            Expect,
            '"expect"',
            check=_check_expect,
            also={"minProperties": 1, "dependentSchemas": {"shares": {"maxProperties": 1}}},
        ),
        "What must come out.",
    ]
    it: Annotated[str | None, TEXT, "What the test shows."] = None
    context: Annotated[dict[str, Any], _CONTEXT, "The evaluation context."] = field(
        default_factory=dict
    )
    at: Annotated[int | None, INSTANT, "The clock; needed where the answer depends on it."] = None
    environment: Annotated[str | None, IDENTIFIER, "Left out: all."] = None
    bucket: Annotated[Decimal | None, _BUCKET, "Pins the slot of every table, in [0, 1)."] = None


class SegmentExpect(Struct, frozen=True):
    """What a segment's test expects."""

    member: Annotated[bool, BOOLEAN, "Whether the context is in the segment."]


class SegmentTest(Struct, frozen=True, kw_only=True):
    """A context, and whether it is in the segment."""

    expect: Annotated[SegmentExpect, struct_of(SegmentExpect, '"expect"'), "What must come out."]
    it: Annotated[str | None, TEXT, "What the test shows."] = None
    context: Annotated[dict[str, Any], _CONTEXT, "The evaluation context."] = field(
        default_factory=dict
    )
    at: Annotated[int | None, INSTANT, "The clock; needed where the answer depends on it."] = None
    environment: Annotated[str | None, IDENTIFIER, "Left out: all."] = None
