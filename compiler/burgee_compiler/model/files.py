"""The files beside flags: segments, layers, locks, attributes, a tenant's and burgee.yaml."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType, field

from burgee_compiler.diagnostics import Severity
from burgee_compiler.model.change_kind import CHANGE_KINDS
from burgee_compiler.model.condition import CONDITION, Condition
from burgee_compiler.model.decoder import BAD, Bad, Decoder, Kind, describe
from burgee_compiler.model.flag_test import SegmentTest
from burgee_compiler.model.kinds import (
    IDENTIFIER,
    INSTANT,
    INTEGER,
    PATH,
    SCALAR,
    TEXT,
    USER_ID,
    VARIANT,
    WEIGHT,
    choice,
    list_of,
    map_of,
    thousandths,
)
from burgee_compiler.model.structs import struct_of
from burgee_compiler.model.webhook import Webhook
from burgee_compiler.source import Node, Plain, resolve_plain

__all__ = [
    "ATTRIBUTES",
    "BURGEE",
    "LAYERS",
    "LOCK",
    "SEGMENT",
    "TENANT",
    "Attribute",
    "Burgee",
    "Layer",
    "Lock",
    "LockTable",
    "PlanSettings",
    "Policy",
    "Segment",
    "SegmentOverlay",
    "StaleSettings",
    "Tenant",
]

_IDS: Final = list_of(USER_ID, unique=True)
AttributeType = Literal[
    "string", "number", "integer", "boolean", "list", "object", "time", "semver"
]


class SegmentOverlay(Struct, frozen=True, kw_only=True):
    """What an environment replaces in a segment; whole fields."""

    when: Annotated[Condition | UnsetType, CONDITION, "Who is in it."] = UNSET
    members: Annotated[tuple[str, ...] | UnsetType, _IDS, "Ids that are in it."] = UNSET
    members_file: Annotated[str | UnsetType, TEXT, "A file beside it, one id a line."] = UNSET
    excluded: Annotated[tuple[str, ...] | UnsetType, _IDS, "Ids that are never in it."] = UNSET
    by: Annotated[str | UnsetType, PATH, "The attribute that holds the id."] = UNSET
    description: Annotated[str | UnsetType, TEXT, "For people."] = UNSET


class Segment(Struct, frozen=True, kw_only=True):
    """A reusable condition, a list of members, or both."""

    description: Annotated[str | None, TEXT, "For people."] = None
    when: Annotated[Condition | None, CONDITION, "Who is in it."] = None
    members: Annotated[tuple[str, ...], _IDS, "Ids that are in it."] = ()
    members_file: Annotated[str | None, TEXT, "A file beside it, one id a line."] = None
    excluded: Annotated[tuple[str, ...], _IDS, "Ids that are never in it."] = ()
    by: Annotated[str, PATH, "The attribute that holds the id."] = "targetingKey"
    environments: Annotated[
        dict[str, SegmentOverlay],
        map_of(IDENTIFIER, struct_of(SegmentOverlay, "a segment's overlay"), "a mapping"),
        "Fields that differ by environment.",
    ] = {}
    tests: Annotated[
        tuple[SegmentTest, ...], list_of(struct_of(SegmentTest, "a test")), "Run by every build."
    ] = ()


def _read_range(decoder: Decoder, node: Node) -> tuple[int, int] | Bad:
    hint = "write [from, to] in percent, the second not included, such as [5, 55]"
    if not isinstance(node, list) or len(node) != 2:
        what = str(len(node)) if isinstance(node, list) else describe(node)
        return decoder.fault("B415", f"a range must be two numbers, not {what}", hint)
    kind = Kind(thousandths, dict)
    start: int | Bad = decoder.read(0, kind, node[0])
    end: int | Bad = decoder.read(1, kind, node[1])
    if isinstance(start, Bad) or isinstance(end, Bad):
        return BAD
    if start >= end:
        return decoder.fault("B415", "a range that ends where it begins, or before", hint)
    return start, end


_RANGES: Final = list_of(
    Kind(
        _read_range,
        lambda: {
            "type": "array",
            "items": {"type": "number", "minimum": 0, "maximum": 100},
            "minItems": 2,
            "maxItems": 2,
        },
    )
)


def _read_ranges(decoder: Decoder, node: Node) -> tuple[tuple[int, int], ...] | Bad:
    if isinstance(node, list) and len(node) == 2 and all(isinstance(each, Plain) for each in node):
        hint = f"write a list of ranges: [[{node[0]}, {node[1]}]]"
        return decoder.fault("B415", f"{decoder.name} is one range, not a list of them", hint)
    if isinstance(node, Plain) and node:
        hint = "write a list of ranges [from, to] in percent, such as [[0, 5]]"
        return decoder.fault("B415", f"{decoder.name} is {describe(node)}, not a list", hint)
    return _RANGES.read(decoder, node)  # type: ignore[no-any-return]


_PERCENT_RANGES: Final = Kind(_read_ranges, _RANGES.schema)


class Layer(Struct, frozen=True, kw_only=True):
    """Experiments that must not share users; ranges in slots, half-open."""

    by: Annotated[str, PATH, "The attribute that is bucketed."] = "targetingKey"
    description: Annotated[str | None, TEXT, "For people."] = None
    holdout: Annotated[
        tuple[tuple[int, int], ...], _PERCENT_RANGES, "Percent kept out of every experiment."
    ] = ()
    slots: Annotated[
        dict[str, tuple[tuple[int, int], ...]],
        map_of(TEXT, _PERCENT_RANGES, "a mapping of FLAG/RULE to ranges in percent"),
        "Percent of each experiment, by FLAG/RULE.",
    ] = {}


LAYERS: Final = map_of(IDENTIFIER, struct_of(Layer, "a layer"), "a mapping of layers")


def _read_slots(decoder: Decoder, node: Node) -> tuple[int, int] | Bad:
    hint = "write [first, last + 1] in slots of 0 to 100000; `burgee lock` writes locks"
    if isinstance(node, list) and len(node) == 2:
        pair = [resolve_plain(each) if isinstance(each, Plain) else None for each in node]
        start, end = pair
        if type(start) is int and type(end) is int and 0 <= start < end <= 100_000:
            return start, end
    return decoder.fault("B410", "a range of slots is malformed", hint)


_SLOT_RANGES: Final = list_of(
    Kind(
        _read_slots,
        lambda: {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 100_000},
            "minItems": 2,
            "maxItems": 2,
        },
    )
)


class LockTable(Struct, frozen=True, kw_only=True):
    """One bucket table to keep."""

    table: Annotated[str, IDENTIFIER, "A rule's name, or default."]
    environments: Annotated[
        tuple[str, ...], list_of(IDENTIFIER, least=1, unique=True), "Where it holds."
    ]
    weights: Annotated[
        dict[str, Decimal],
        map_of(VARIANT, WEIGHT, "a mapping of variants to weights", least=1),
        "The weights it was made for.",
    ]
    ranges: Annotated[
        dict[str, tuple[tuple[int, int], ...]],
        map_of(VARIANT, _SLOT_RANGES, "a mapping of variants to ranges of slots", least=1),
        "Which slots each variant has.",
    ]
    at: Annotated[int | None, INSTANT, "The schedule step that sets the split."] = None


class Lock(Struct, frozen=True):
    """Bucket tables of one flag that are not the canonical ones."""

    tables: Annotated[
        tuple[LockTable, ...], list_of(struct_of(LockTable, "a locked table")), "The tables."
    ]


class Attribute(Struct, frozen=True, kw_only=True):
    """A context attribute that apps send."""

    type: Annotated[
        AttributeType,
        choice("string", "number", "integer", "boolean", "list", "object", "time", "semver"),
        "What apps send.",
    ]
    enum: Annotated[tuple[Any, ...], list_of(SCALAR, least=1), "The values it may have."] = ()
    description: Annotated[str | None, TEXT, "For people."] = None


ATTRIBUTES: Final = map_of(PATH, struct_of(Attribute, "an attribute"), "a mapping of attributes")


class Tenant(Struct, frozen=True, kw_only=True):
    """What people should know of a tenant."""

    name: Annotated[str | None, TEXT, "For people."] = None
    description: Annotated[str | None, TEXT, "For people."] = None
    owners: Annotated[tuple[str, ...], list_of(TEXT), "Teams or people who answer for it."] = ()
    contacts: Annotated[
        dict[str, str], map_of(TEXT, TEXT, "a mapping of names to addresses"), "How to reach them."
    ] = {}
    webhooks: Annotated[
        tuple[Webhook, ...], list_of(struct_of(Webhook, "a webhook")), "Who hears of changes."
    ] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """One line of the policy: what may happen to a change that it matches."""

    then: Annotated[
        Literal["allow", "review", "deny"], choice("allow", "review", "deny"), "What happens."
    ]
    environments: Annotated[tuple[str, ...], list_of(IDENTIFIER), "Left out: all."] = ()
    tenants: Annotated[tuple[str, ...], list_of(IDENTIFIER), "Left out: all."] = ()
    flag_kind: Annotated[
        str | None, choice("release", "experiment", "ops", "permission"), "Left out: all."
    ] = None
    change: Annotated[
        tuple[str, ...], list_of(choice(*CHANGE_KINDS)), "Kinds of change; left out: all."
    ] = ()
    class_: Annotated[
        tuple[str, ...], list_of(choice("none", "low", "medium", "high")), "Left out: all."
    ] = field(name="class", default=())


_PERCENT: Final = Kind(thousandths, lambda: {"type": "number", "minimum": 0, "maximum": 100})


class PlanSettings(Struct, frozen=True, kw_only=True):
    """Settings of the plan; shares in thousandths of a percent, of the group that is hit most."""

    medium: Annotated[int, _PERCENT, "From which percentage of a group on it is medium."] = 5_000
    high: Annotated[int, _PERCENT, "From which percentage of a group on it is high."] = 25_000
    fail_on: Annotated[
        Literal["low", "medium", "high"] | None,
        choice("low", "medium", "high"),
        "The class from which on `burgee plan` exits with 1; `--fail-on` wins.",
    ] = None


def _in_order(decoder: Decoder, settings: PlanSettings) -> bool:
    if settings.medium <= settings.high:
        return True
    decoder.fault(
        "B213",
        f"medium begins at {settings.medium / 1000:g} %, above high at {settings.high / 1000:g} %",
        "write medium not above high, such as {medium: 5, high: 25}",
        key="medium",
    )
    return False


class StaleSettings(Struct, frozen=True, kw_only=True):
    """When `burgee stale` calls a flag stale."""

    days: Annotated[int, INTEGER, "How long everyone must have got one answer."] = 30
    ignore: Annotated[
        tuple[str, ...],
        list_of(choice("release", "experiment", "ops", "permission"), unique=True),
        "Kinds of flags that may give everyone one answer for ever.",
    ] = ("ops", "permission")


class Burgee(Struct, frozen=True, kw_only=True):
    """burgee.yaml: what holds for the whole repository."""

    environments: Annotated[
        tuple[str, ...], list_of(IDENTIFIER, least=1, unique=True), "One set of snapshots each."
    ]
    epoch: Annotated[int, INTEGER, "Raised when the git history is rewritten."] = 0
    levels: Annotated[
        dict[str, Severity],
        map_of(TEXT, choice("error", "warning", "note", "off"), "a mapping of codes to levels"),
        "The level of a finding, by code.",
    ] = {}
    policy: Annotated[
        tuple[Policy, ...], list_of(struct_of(Policy, "a line of the policy")), "First match wins."
    ] = ()
    plan: Annotated[
        PlanSettings,
        struct_of(PlanSettings, "the plan's settings", check=_in_order),
        "Settings of the plan.",
    ] = PlanSettings()
    stale: Annotated[
        StaleSettings, struct_of(StaleSettings, "the settings of stale"), "Settings of stale."
    ] = StaleSettings()


SEGMENT: Final = struct_of(Segment, "a segment")
LOCK: Final = struct_of(Lock, "a lock")
TENANT: Final = struct_of(Tenant, "tenant.yaml")
BURGEE: Final = struct_of(Burgee, "burgee.yaml")
