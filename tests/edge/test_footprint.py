"""Each thing that an answer can depend on is in the key, and nothing is that is not read."""

from typing import Any

import pytest

from burgee.buckets import member_digest
from burgee.evaluation.footprint import Footprint
from burgee.snapshot.forms import (
    ConditionForm,
    ExperimentForm,
    FlagForm,
    GateForm,
    LayerForm,
    OutcomeForm,
    PhaseForm,
    SegmentForm,
)
from burgee_edge.view import TenantView
from support.snapshots import (
    TenantParts,
    attribute,
    flag,
    override,
    rule,
    segment_digest,
    split,
    tenant_flags,
)

HOUR = 3_600_000_000
NOON = 1_800_000_000_000_000

ON, OFF = OutcomeForm(serve=1), OutcomeForm(serve=0)
HALF = GateForm(salt="g", ranges=((0, 50_000),))
MOVING = GateForm(salt="g", moving=(0, 100_000, NOON, NOON + HOUR))
LISTED = SegmentForm(name="s", by="account.id", members=member_digest("acme", "a1").hex())
NESTED = SegmentForm(name="t", when=ConditionForm(segment=segment_digest(LISTED)))
EXCLUDING = SegmentForm(
    name="e", excluded=member_digest("acme", "a1").hex(), when=attribute("plan", exists=True)
)

# In slot 0 to 49,999 of the salt "g", and in the rest.
IN, OUT = {"targetingKey": "u2"}, {"targetingKey": "u1"}

Point = tuple[dict[str, Any], int]


def when(condition: ConditionForm, **more: Any) -> FlagForm:
    return flag(rules=(rule("r", when=condition, **more),))


def always(**more: Any) -> FlagForm:
    return flag(rules=(rule("r", **more),))


def segment(form: SegmentForm) -> FlagForm:
    return when(ConditionForm(segment=segment_digest(form)))


def experiment(status: Any) -> FlagForm:
    return always(experiment=ExperimentForm(status=status, control=1), gate=HALF)


READ: dict[str, tuple[FlagForm, Point, Point]] = {
    "an attribute": (when(attribute("a", eq=1)), ({"a": 1}, 0), ({"a": 2}, 0)),
    "a boolean that is no number": (when(attribute("a", eq=1)), ({"a": 1}, 0), ({"a": True}, 0)),
    "a string that is no number": (when(attribute("a", eq=1)), ({"a": 1}, 0), ({"a": "1"}, 0)),
    "presence": (when(attribute("a", exists=True)), ({"a": {}}, 0), ({"a": None}, 0)),
    "a list": (when(attribute("a", contains="x")), ({"a": ["y", "x"]}, 0), ({"a": ["y"]}, 0)),
    "a path through objects": (
        when(attribute("a.b", eq=1)),
        ({"a": {"b": 1}}, 0),
        ({"a": {"b": 2}}, 0),
    ),
    "a whole key first": (
        when(attribute("a.b", eq=1)),
        ({"a": {"b": 1}}, 0),
        ({"a": {"b": 1}, "a.b": None}, 0),
    ),
    "the targeting key by its other name": (
        when(attribute("user.id", eq="u1")),
        ({"targetingKey": "u1"}, 0),
        ({"targetingKey": "u2"}, 0),
    ),
    "the clock against an attribute": (
        when(attribute("t", within_last=HOUR)),
        ({"t": NOON // 1_000_000}, NOON),
        ({"t": NOON // 1_000_000}, NOON + HOUR),
    ),
    "the clock within another condition": (
        when(ConditionForm(not_=attribute("t", older_than=HOUR))),
        ({"t": NOON // 1_000_000}, NOON),
        ({"t": NOON // 1_000_000}, NOON + HOUR),
    ),
    "a list of a segment": (
        segment(LISTED),
        ({"account.id": "a1"}, 0),
        ({"account.id": "a2"}, 0),
    ),
    "a segment in a segment": (
        segment(NESTED),
        ({"account.id": "a1"}, 0),
        ({"account.id": "a2"}, 0),
    ),
    "who is excluded": (
        segment(EXCLUDING),
        ({"targetingKey": "a1", "plan": 1}, 0),
        ({"targetingKey": "a2", "plan": 1}, 0),
    ),
    "an override": (
        flag(overrides=(override("acme", "u1", 1),)),
        ({"targetingKey": "u1"}, 0),
        ({"targetingKey": "u2"}, 0),
    ),
    "an override of a flag that is off": (
        flag(overrides=(override("acme", "u1", 1),), state="off"),
        ({"targetingKey": "u1"}, 0),
        ({"targetingKey": "u2"}, 0),
    ),
    "the end of an override": (
        flag(overrides=(override("acme", "u1", 1, NOON),)),
        ({"targetingKey": "u1"}, NOON - 1),
        ({"targetingKey": "u1"}, NOON),
    ),
    "a start": (always(starts=NOON), ({}, NOON - 1), ({}, NOON)),
    "an end": (always(ends=NOON), ({}, NOON - 1), ({}, NOON)),
    "a phase": (
        flag(phases=(PhaseForm(default=ON), PhaseForm(default=OFF, at=NOON))),
        ({}, NOON - 1),
        ({}, NOON),
    ),
    "a split": (flag(OutcomeForm(split=split("g", 50, 50))), (IN, 0), (OUT, 0)),
    "a split by another id": (
        flag(OutcomeForm(split=split("g", 50, 50), by="device")),
        ({"device": "u2"}, 0),
        ({"device": "u1"}, 0),
    ),
    "a gate": (always(gate=HALF), (IN, 0), (OUT, 0)),
    "a gate of the default": (
        flag(OutcomeForm(serve=1, gate=HALF), off="off"),
        (IN, 0),
        (OUT, 0),
    ),
    "a gate that moves": (always(gate=MOVING), (OUT, NOON), (OUT, NOON + HOUR - 1)),
    "whom a moving gate lets in": (
        always(gate=MOVING),
        (IN, NOON + HOUR // 2),
        (OUT, NOON + HOUR // 2),
    ),
    "a layer": (
        always(layer=LayerForm(salt="g", name="l", ranges=((0, 50_000),))),
        (IN, 0),
        (OUT, 0),
    ),
    "a running experiment": (experiment("running"), (IN, 0), (OUT, 0)),
    "a paused experiment": (experiment("paused"), (IN, 0), (OUT, 0)),
    "a unit that is no float": (
        flag(OutcomeForm(split=split("g", 50, 50))),
        ({"targetingKey": 2**53}, 0),
        ({"targetingKey": 2.0**53}, 0),
    ),
    "what a prerequisite reads": (
        flag("on", off="off", requires={"below": ("on",)}),
        ({"a": 1}, 0),
        ({"a": 2}, 0),
    ),
    "what a flag in a condition reads": (
        when(ConditionForm(flag="below", serves=("on",))),
        ({"a": 1}, 0),
        ({"a": 2}, 0),
    ),
}
BELOW = {"below": when(ConditionForm(flag="deepest", serves=("on",)))}
DEEPEST = {"deepest": when(attribute("a", eq=1))}


def view_of(form: FlagForm) -> TenantView:
    parts = TenantParts({"f": form, **BELOW, **DEEPEST}, (LISTED, NESTED, EXCLUDING))
    return TenantView("production", tenant_flags("acme", parts), {}, "", None)


@pytest.mark.parametrize(("form", "first", "second"), READ.values(), ids=READ)
def test_what_changes_an_answer_changes_its_key(
    form: FlagForm, first: Point, second: Point
) -> None:
    view = view_of(form)
    answers = [view.evaluate("f", *point, browser=False) for point in (first, second)]
    assert answers[0] != answers[1]
    footprint = view.single("f").footprint
    assert footprint.key(*first) != footprint.key(*second)


ANY = {"a": 1, "targetingKey": "u1", "t": 5, "device": "d"}
UNREAD: dict[str, FlagForm] = {
    "a fixed default": flag("on"),
    "a table of one range": flag(OutcomeForm(split=split("g", 0, 100))),
    "a gate of 100": always(gate=GateForm(salt="g", ranges=((0, 100_000),))),
    "a draft": always(
        experiment=ExperimentForm(status="draft", control=1),
        gate=HALF,
        when=attribute("a", eq=1),
    ),
    "the split of a paused experiment": flag(
        rules=(
            rule(
                "r",
                split=split("g", 50, 50),
                experiment=ExperimentForm(status="paused", control=1),
            ),
        )
    ),
    "a rule that has ended": always(ends=NOON, when=attribute("a", eq=1)),
    "a rule to come": always(starts=NOON + 3 * HOUR, gate=MOVING),
    "an override that has expired": flag(overrides=(override("acme", "u1", 1, NOON),)),
    "the rules of a flag that is off": flag(
        rules=(rule("r", when=attribute("a", eq=1), gate=HALF),), state="off"
    ),
}


@pytest.mark.parametrize("form", UNREAD.values(), ids=UNREAD)
def test_what_is_not_read_is_not_in_the_key(form: FlagForm) -> None:
    footprint = view_of(form).single("f").footprint
    later = NOON + HOUR
    assert footprint.paths(later) == ()
    assert footprint.key(ANY, later) == footprint.key({}, later + HOUR)


def test_nodes_agree_on_a_key_whatever_they_were_asked_before() -> None:
    forms = {f"f{n}": form for n, (form, _, _) in enumerate(READ.values())}
    parts = TenantParts({**forms, **BELOW, **DEEPEST}, (LISTED, NESTED, EXCLUDING))
    turned = TenantParts(dict(sorted(parts.flags.items(), reverse=True)), parts.segments)
    first, second = (tenant_flags("acme", each) for each in (parts, turned))
    one, other = Footprint.of(first, first.keys()), Footprint.of(second, reversed(second.keys()))
    other.key({}, NOON + 2 * HOUR)
    for now in (0, NOON, NOON + HOUR):
        assert one.key(ANY, now) == other.key(ANY, now)
