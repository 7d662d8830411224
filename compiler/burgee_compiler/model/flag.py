"""A flag's file, as typed definitions."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from burgee_compiler.model.condition import CONDITION, Condition
from burgee_compiler.model.decoder import Bad, Decoder, Kind
from burgee_compiler.model.distribution import (
    DEFAULT,
    PERCENTAGE,
    SERVE,
    Default,
    Moving,
    Serve,
    Split,
)
from burgee_compiler.model.flag_test import FlagTest
from burgee_compiler.model.kinds import (
    BOOLEAN,
    FLAG_KEY,
    IDENTIFIER,
    INSTANT,
    PATH,
    SCALAR,
    SEED,
    TEXT,
    USER_ID,
    VARIANT,
    choice,
    list_of,
    map_of,
)
from burgee_compiler.model.structs import struct_of
from burgee_compiler.model.variants import VARIANTS, Variant
from burgee_compiler.source import Node

__all__ = [
    "FLAG",
    "Default",
    "Experiment",
    "Flag",
    "FlagOverlay",
    "FlagSet",
    "FlagStep",
    "FlagType",
    "Moving",
    "Override",
    "Require",
    "Rule",
    "RuleOverlay",
    "RuleSet",
    "RuleStep",
    "Serve",
    "Split",
    "Variant",
]

FlagType: TypeAlias = Literal["boolean", "string", "integer", "number", "object"]
State: TypeAlias = Literal["on", "off"]
STATE: Final = choice("on", "off")
_METADATA: Final = map_of(TEXT, SCALAR, "a mapping of names to text, numbers and booleans")


class Override(Struct, frozen=True, kw_only=True):
    """One user pinned to a variant."""

    user: Annotated[str, USER_ID, "The user's targeting key."]
    serve: Annotated[str, VARIANT, "The variant that this user gets, even when the flag is off."]
    reason: Annotated[str | None, TEXT, "Why; for people."] = None
    expires: Annotated[int | None, INSTANT, "In force before this instant."] = None


class Require(Struct, frozen=True):
    """A prerequisite."""

    flag: Annotated[str, FLAG_KEY, "The other flag's key."]
    serves: Annotated[
        tuple[str, ...], list_of(VARIANT, least=1, unique=True), "Variants that will do."
    ]


class Experiment(Struct, frozen=True, kw_only=True):
    """What makes a rule's split one to be measured."""

    status: Annotated[
        Literal["draft", "running", "paused", "concluded"],
        choice("draft", "running", "paused", "concluded"),
        "draft is skipped, paused serves control, concluded serves the winner.",
    ]
    control: Annotated[str, VARIANT, "The variant the others are compared with."]
    winner: Annotated[str | None, VARIANT, "What a concluded experiment serves."] = None
    hypothesis: Annotated[str | None, TEXT, "What it is to show."] = None
    layer: Annotated[str | None, IDENTIFIER, "The layer of layers.yaml it has slots in."] = None
    events: Annotated[
        tuple[str, ...], list_of(TEXT), "Names of events, for your own tracking."
    ] = ()


class RuleSet(Struct, frozen=True, kw_only=True):
    """What a step of a rule's schedule sets."""

    percentage: Annotated[int | Moving | UnsetType, PERCENTAGE, "The gate."] = UNSET
    serve: Annotated[Serve | UnsetType, SERVE, "What is served."] = UNSET
    when: Annotated[Condition | UnsetType, CONDITION, "The condition."] = UNSET


class RuleStep(Struct, frozen=True):
    """A step of a rule's schedule."""

    at: Annotated[int, INSTANT, "From this instant on."]
    set: Annotated[RuleSet, struct_of(RuleSet, "a rule's `set`"), "Fields and their new values."]


_RULE_STEPS: Final = list_of(struct_of(RuleStep, "a step"), least=1)
# In an environment an empty list has a meaning: no step of the base holds there.
_OVERLAY_RULE_STEPS: Final = list_of(struct_of(RuleStep, "a step"))
_EXPERIMENT: Final = struct_of(Experiment, "an experiment")


class RuleOverlay(Struct, frozen=True, kw_only=True):
    """What an environment replaces in a rule; whole fields."""

    description: Annotated[str | UnsetType, TEXT, "For people."] = UNSET
    when: Annotated[Condition | UnsetType, CONDITION, "Whom the rule is for."] = UNSET
    serve: Annotated[Serve | UnsetType, SERVE, "A variant, or {split: …}."] = UNSET
    percentage: Annotated[int | Moving | UnsetType, PERCENTAGE, "The gate."] = UNSET
    schedule: Annotated[
        tuple[RuleStep, ...] | UnsetType, _OVERLAY_RULE_STEPS, "Changes to come; [] for none."
    ] = UNSET
    starts: Annotated[int | UnsetType, INSTANT, "In force from this instant on."] = UNSET
    ends: Annotated[int | UnsetType, INSTANT, "No longer in force from this instant on."] = UNSET
    by: Annotated[str | UnsetType, PATH, "The attribute that is bucketed."] = UNSET
    seed: Annotated[str | UnsetType, SEED, "Draws gate and split anew."] = UNSET
    was: Annotated[str | UnsetType, IDENTIFIER, "The rule's earlier name."] = UNSET
    experiment: Annotated[Experiment | UnsetType, _EXPERIMENT, "What is measured."] = UNSET


class Rule(Struct, frozen=True, kw_only=True):
    """A rule: the first whose condition holds, and whose tables admit the unit, answers."""

    name: Annotated[str, IDENTIFIER, "Unique in the flag."]
    serve: Annotated[Serve, SERVE, "A variant, or {split: {VARIANT: WEIGHT, …}}."]
    description: Annotated[str | None, TEXT, "For people."] = None
    when: Annotated[Condition | None, CONDITION, "Whom the rule is for; everyone if left out."] = (
        None
    )
    percentage: Annotated[
        int | Moving | None, PERCENTAGE, "A gate: the others go on to the next rule."
    ] = None
    schedule: Annotated[tuple[RuleStep, ...], _RULE_STEPS, "Changes to come, in order."] = ()
    starts: Annotated[int | None, INSTANT, "In force from this instant on."] = None
    ends: Annotated[int | None, INSTANT, "No longer in force from this instant on."] = None
    by: Annotated[str | None, PATH, "The attribute that is bucketed; default: the flag's."] = None
    seed: Annotated[str | None, SEED, "Draws gate and split anew."] = None
    was: Annotated[str | None, IDENTIFIER, "The earlier name, so that a rename moves no one."] = (
        None
    )
    experiment: Annotated[Experiment | None, _EXPERIMENT, "Makes the split one to be measured."] = (
        None
    )
    environments: Annotated[
        dict[str, RuleOverlay],
        map_of(IDENTIFIER, struct_of(RuleOverlay, "a rule's overlay"), "a mapping"),
        "Fields that differ by environment.",
    ] = {}


class PlainRule(Rule, frozen=True, kw_only=True):
    """A rule that itself stands in an environment, where no overlay may stand."""

    environments: dict[str, RuleOverlay] = {}


_RULES: Final = list_of(struct_of(Rule, "a rule"))
_PLAIN_RULES: Final = list_of(struct_of(PlainRule, "a rule in an environment"))
_OVERRIDES: Final = list_of(struct_of(Override, "an override"))
_REQUIRE: Final = struct_of(Require, "a prerequisite")


def _read_require(decoder: Decoder, node: Node) -> Require | Bad:
    if isinstance(node, str) and node:
        hint = f"write {{flag: {node}, serves: [on]}}, with the variants that will do"
        return decoder.fault("B203", "a prerequisite must say what the flag serves", hint)
    return _REQUIRE.read(decoder, node)  # type: ignore[no-any-return]


_REQUIRES: Final = list_of(Kind(_read_require, _REQUIRE.schema))


class FlagSet(Struct, frozen=True, kw_only=True):
    """What a step of a flag's schedule sets."""

    state: Annotated[State | UnsetType, STATE, "on or off."] = UNSET
    default: Annotated[Default | UnsetType, DEFAULT, "The default."] = UNSET
    off_variant: Annotated[str | UnsetType, VARIANT, "What is served when off."] = UNSET
    rules: Annotated[tuple[Rule, ...] | UnsetType, _RULES, "All rules."] = UNSET
    overrides: Annotated[tuple[Override, ...] | UnsetType, _OVERRIDES, "All overrides."] = UNSET


class FlagStep(Struct, frozen=True):
    """A step of a flag's schedule."""

    at: Annotated[int, INSTANT, "From this instant on."]
    set: Annotated[FlagSet, struct_of(FlagSet, "a flag's `set`"), "Fields and their new values."]


_FLAG_STEPS: Final = list_of(struct_of(FlagStep, "a step"), least=1)


class PlainFlagSet(FlagSet, frozen=True, kw_only=True):
    """What a step sets that itself stands in an environment: its rules have no overlays."""

    rules: Annotated[tuple[PlainRule, ...] | UnsetType, _PLAIN_RULES, "All rules."] = UNSET


class PlainFlagStep(FlagStep, frozen=True):
    """A step that stands in an environment."""

    set: Annotated[
        PlainFlagSet, struct_of(PlainFlagSet, "a flag's `set`"), "Fields and their new values."
    ]


_PLAIN_STEPS: Final = list_of(struct_of(PlainFlagStep, "a step"))


class FlagOverlay(Struct, frozen=True, kw_only=True):
    """What an environment replaces in a flag; whole fields."""

    state: Annotated[State | UnsetType, STATE, "on or off."] = UNSET
    variants: Annotated[
        dict[str, Variant] | UnsetType, VARIANTS, "The same names and type, other values."
    ] = UNSET
    off_variant: Annotated[str | UnsetType, VARIANT, "What is served when off."] = UNSET
    by: Annotated[str | UnsetType, PATH, "The attribute that is bucketed."] = UNSET
    overrides: Annotated[tuple[Override, ...] | UnsetType, _OVERRIDES, "Pinned users."] = UNSET
    requires: Annotated[tuple[Require, ...] | UnsetType, _REQUIRES, "Prerequisites."] = UNSET
    rules: Annotated[tuple[PlainRule, ...] | UnsetType, _PLAIN_RULES, "All rules."] = UNSET
    default: Annotated[Default | UnsetType, DEFAULT, "The default."] = UNSET
    schedule: Annotated[tuple[PlainFlagStep, ...] | UnsetType, _PLAIN_STEPS, "Changes."] = UNSET
    metadata: Annotated[dict[str, Any] | UnsetType, _METADATA, "For OpenFeature clients."] = UNSET


class Flag(Struct, frozen=True, kw_only=True):
    """A flag: a named decision with variants."""

    default: Annotated[Default, DEFAULT, "A variant, {split: …} or {serve: …, percentage: …}."]
    name: Annotated[str | None, TEXT, "For people."] = None
    description: Annotated[str | None, TEXT, "For people."] = None
    owner: Annotated[str | None, TEXT, "The team that answers for it."] = None
    tags: Annotated[tuple[str, ...], list_of(TEXT, unique=True), "Words to select flags by."] = ()
    kind: Annotated[
        Literal["release", "experiment", "ops", "permission"],
        choice("release", "experiment", "ops", "permission"),
        "What the flag is for.",
    ] = "release"
    expires: Annotated[int | None, INSTANT, "By when it should be gone from code."] = None
    type: Annotated[
        FlagType | None,
        choice("boolean", "string", "integer", "number", "object"),
        "Of the variants' values; inferred where left out.",
    ] = None
    client_side: Annotated[bool, BOOLEAN, "Whether browser keys may see it."] = False
    metadata: Annotated[dict[str, Any], _METADATA, "Flat values for OpenFeature clients."] = {}
    state: Annotated[State, STATE, "The stop switch."] = "on"
    variants: Annotated[
        dict[str, Variant] | None, VARIANTS, "Names and JSON values; left out: on true, off false."
    ] = None
    off_variant: Annotated[str | None, VARIANT, "What is served when off."] = None
    by: Annotated[str, PATH, "The attribute that is bucketed."] = "targetingKey"
    seed: Annotated[str | None, SEED, "Keeps assignment through a rename; default: the key."] = None
    overrides: Annotated[tuple[Override, ...], _OVERRIDES, "Pinned users; first in force."] = ()
    requires: Annotated[tuple[Require, ...], _REQUIRES, "Prerequisites; all must hold."] = ()
    rules: Annotated[tuple[Rule, ...], _RULES, "In order; the first match answers."] = ()
    schedule: Annotated[tuple[FlagStep, ...], _FLAG_STEPS, "Changes to come, in order."] = ()
    environments: Annotated[
        dict[str, FlagOverlay],
        map_of(IDENTIFIER, struct_of(FlagOverlay, "a flag's overlay"), "a mapping"),
        "Fields that differ by environment.",
    ] = {}
    tests: Annotated[
        tuple[FlagTest, ...], list_of(struct_of(FlagTest, "a test")), "Run by every build."
    ] = ()


FLAG: Final[Kind] = struct_of(Flag, "a flag")
