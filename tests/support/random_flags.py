"""Random small tenants, contexts and clocks, close enough together to meet and to differ."""

from typing import Any

from hypothesis import strategies as st

from burgee.buckets import member_digest
from burgee.snapshot.forms import (
    ConditionForm,
    ExperimentForm,
    FlagForm,
    GateForm,
    LayerForm,
    OutcomeForm,
    OverrideForm,
    PhaseForm,
    RequireForm,
    RuleForm,
    SegmentForm,
    SplitForm,
)
from support.snapshots import TenantParts, segment_digest

__all__ = ["CLOCKS", "CONTEXTS", "START", "TENANTS", "VALUES"]

TENANT = "acme"
HOUR = 3_600_000_000
START = 1_800_000_000_000_000
PATHS = ["a", "b.c", "targetingKey", "user.id"]
KEYS = ["f0", "f1", "f2", "f3"]

CLOCKS = st.one_of(
    st.sampled_from([START + n * HOUR + d for n in range(-1, 5) for d in (-1, 0, 1)]),
    st.integers(START - HOUR, START + 5 * HOUR),
)
_SCALARS = st.sampled_from(
    [
        "x",
        "y",
        "",
        "\ud800",
        0,
        -0.0,
        0.0,
        1,
        1.0,
        True,
        False,
        18,
        18.0,
        2**53,
        2.0**53,
        float(2**64),
        2**64,
        2**64 + 1,
        0.5,
        10**30,
        1e30,
        START // 1_000_000,
        (START - HOUR) / 1_000_000,
        "2027-01-15T08:00:00Z",
        None,
    ]
)
VALUES = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=3),
    st.dictionaries(st.sampled_from(["c", "d"]), _SCALARS, max_size=2),
)
_UNITS = st.sampled_from(["x", "y", "18", 18, 18.0, "u1", "u2", "u3", "u4"])
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "targetingKey": _UNITS | _SCALARS,
        "a": _UNITS | VALUES,
        "b": VALUES,
        "b.c": _UNITS,
        "user.id": _UNITS,
        "unread": _UNITS,
    },
)


def _attribute(path: str, tests: dict[str, Any], ignore_case: bool) -> ConditionForm:
    return ConditionForm(attribute=path, tests=tests, ignore_case=ignore_case)


_TESTS = st.one_of(
    st.builds(lambda c: {"eq": c}, st.sampled_from(["x", 1, 18, True, 0, 2**53])),
    st.builds(lambda c: {"nin": c}, st.lists(st.sampled_from(["x", "y", 1, 0.5]), min_size=1)),
    st.builds(lambda c: {"contains": c}, st.sampled_from(["x", 1, ["", 18]])),
    st.builds(lambda c: {"gte": c}, st.sampled_from([0, 1, 18.0, 2**53])),
    st.builds(lambda c: {"exists": c}, st.booleans()),
    st.builds(lambda c: {"before": c}, st.sampled_from([START, START + HOUR])),
    st.builds(lambda c: {"within_last": c}, st.sampled_from([HOUR, 2 * HOUR])),
    st.builds(lambda c: {"older_than": c, "exists": True}, st.sampled_from([HOUR, 2 * HOUR])),
)
_ATTRIBUTES = st.builds(_attribute, st.sampled_from(PATHS), _TESTS, st.booleans())


@st.composite
def _segments(draw: st.DrawFn) -> tuple[SegmentForm, ...]:
    members = [member_digest(TENANT, unit).hex() for unit in ("x", "18", "1")]
    return tuple(
        SegmentForm(
            name=f"s{n}",
            by=draw(st.sampled_from(PATHS)),
            when=draw(st.none() | _ATTRIBUTES),
            members="".join(draw(st.lists(st.sampled_from(members), unique=True, max_size=2))),
            excluded=draw(st.sampled_from(["", members[0]])),
        )
        for n in range(2)
    )


def _conditions(
    segments: tuple[SegmentForm, ...], below: list[str]
) -> st.SearchStrategy[ConditionForm]:
    leaves = [_ATTRIBUTES]
    named = st.sampled_from([segment_digest(each) for each in segments])
    leaves.append(st.builds(lambda name: ConditionForm(segment=name), named))
    if below:
        flags = st.sampled_from(below)
        leaves.append(st.builds(lambda key: ConditionForm(flag=key, serves=("on",)), flags))
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(
            st.builds(lambda parts: ConditionForm(all=tuple(parts)), st.lists(inner, min_size=1)),
            st.builds(lambda parts: ConditionForm(any=tuple(parts)), st.lists(inner, min_size=1)),
            st.builds(lambda part: ConditionForm(not_=part), inner),
        ),
        max_leaves=4,
    )


_SALTS = st.sampled_from(["s", "t"])
_GATES = st.one_of(
    st.none(),
    st.builds(
        lambda salt, end: GateForm(salt=salt, ranges=((0, end),)),
        _SALTS,
        st.sampled_from([0, 30_000, 70_000, 100_000]),
    ),
    st.builds(
        lambda salt, first: GateForm(salt=salt, moving=(first, 100_000, START, START + 2 * HOUR)),
        _SALTS,
        st.sampled_from([0, 40_000]),
    ),
)
_SPLITS = st.builds(
    lambda salt, cut: SplitForm(salt=salt, ranges=((0, cut, 0), (cut, 100_000, 1))),
    _SALTS,
    st.sampled_from([20_000, 50_000]),
)
_INSTANTS = st.none() | st.sampled_from([START + n * HOUR for n in range(4)])
_EXPERIMENTS = st.none() | st.builds(
    lambda status: ExperimentForm(status=status, control=0, winner=1),
    st.sampled_from(["draft", "running", "paused", "concluded"]),
)


def _outcome(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.one_of(_SPLITS, st.integers(0, 2)))
    return {
        "serve": chosen if isinstance(chosen, int) else None,
        "split": None if isinstance(chosen, int) else chosen,
        "gate": draw(_GATES),
        "by": draw(st.sampled_from(PATHS)),
    }


def _phase(draw: st.DrawFn, at: int | None, conditions: Any) -> PhaseForm:
    rules = tuple(
        RuleForm(
            name=f"r{n}",
            when=draw(st.none() | conditions),
            starts=draw(_INSTANTS),
            ends=draw(_INSTANTS),
            experiment=draw(_EXPERIMENTS),
            layer=draw(
                st.sampled_from([None, LayerForm(salt="l", name="l", ranges=((0, 60_000),))])
            ),
            **_outcome(draw),
        )
        for n in range(draw(st.integers(0, 2)))
    )
    overrides = tuple(
        OverrideForm(member=member_digest(TENANT, unit).hex(), serve=0, expires=draw(_INSTANTS))
        for unit in draw(st.lists(st.sampled_from(["x", "18"]), max_size=2))
    )
    return PhaseForm(
        at=at,
        state=draw(st.sampled_from(["on", "on", "on", "off"])),
        off_variant=draw(st.sampled_from([None, 0, 2])),
        overrides=overrides,
        rules=rules,
        default=OutcomeForm(**_outcome(draw)),
    )


@st.composite
def _tenants(draw: st.DrawFn) -> TenantParts:
    segments = draw(_segments())
    flags: dict[str, FlagForm] = {}
    for key in KEYS[: draw(st.integers(1, len(KEYS)))]:
        below = sorted(flags)
        conditions = _conditions(segments, below)
        instants = draw(st.sampled_from([(), (START,), (START, START + HOUR)]))
        needs = draw(st.lists(st.sampled_from(below), max_size=1)) if below else []
        flags[key] = FlagForm(
            type="boolean",
            variants=(("none", None), ("off", False), ("on", True)),
            phases=tuple(_phase(draw, at, conditions) for at in (None, *instants)),
            client_side=draw(st.booleans()),
            requires=tuple(RequireForm(flag=each, serves=("on", "off")) for each in needs),
        )
    return TenantParts(flags, segments)


TENANTS = _tenants()
