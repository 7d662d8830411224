"""Promise: a switch that is pulled is as asked from now on, in those environments and no others,
by what the evaluator answers; steps to come still come, and nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from burgee.instants import format_instant, parse_instant
from burgee_compiler.build import check
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import flags_of
from burgee_compiler.load import load_repository
from burgee_compiler.model.flag import Flag
from burgee_compiler.resolve import flag_at
from burgee_compiler.writes import Overlaid
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.states import State, set_state, states_of
from burgee_writer.changes.working import Working
from support.memory_tree import MemoryTree
from support.tips import tip_of
from support.yaml_text import yaml_text

ENVIRONMENTS = ("staging", "production", "test")
NOW = parse_instant("2026-11-01T12:00:00Z") or 0
HOUR = 3_600_000_000
PATH = "acme/flags/f.yaml"
TIMES = [NOW + hours * HOUR for hours in range(-1, 6)]

states = st.sampled_from(("on", "off"))
sets = st.one_of(
    st.fixed_dictionaries({"state": states}),
    st.fixed_dictionaries({"default": states}),
    st.fixed_dictionaries({"state": states, "default": states}),
)


@st.composite
def schedules(draw: st.DrawFn) -> list[dict[str, Any]]:
    hours = draw(st.lists(st.integers(-4, 4), min_size=1, max_size=4, unique=True))
    return [{"at": format_instant(NOW + each * HOUR), "set": draw(sets)} for each in sorted(hours)]


@st.composite
def flags(draw: st.DrawFn) -> dict[str, Any]:
    """A flag whose state is said in as many ways as there are."""
    flag: dict[str, Any] = {"default": "on"}
    if draw(st.booleans()):
        flag["state"] = draw(states)
    if draw(st.booleans()):
        flag["schedule"] = draw(schedules())
    overlays = {}
    for name in draw(st.lists(st.sampled_from(ENVIRONMENTS), unique=True)):
        overlay: dict[str, Any] = {}
        if draw(st.booleans()):
            overlay["state"] = draw(states)
        if draw(st.booleans()):
            overlay["schedule"] = draw(st.one_of(schedules(), st.just([])))
        if draw(st.booleans()) or not overlay:
            overlay["default"] = draw(states)
        overlays[name] = overlay
    if overlays:
        flag["environments"] = overlays
    return flag


def files_of(flag: str) -> dict[str, str]:
    return {"burgee.yaml": f"environments: [{', '.join(ENVIRONMENTS)}]\n", PATH: flag}


def pulled(text: str, state: State, named: Sequence[str] | None) -> tuple[Flag, Flag, Any, Any]:
    """Return the flag before and after, what the change said, and the repository with it."""
    working = Working("acme", tip_of(files_of(text)), NOW)
    before = working.flag("f")
    did = set_state("f", state, named)(working)
    tree = Overlaid(MemoryTree(files_of(text)), working.writing.changes)
    return before, working.flag("f"), did, load_repository(tree)


def served(repository: Any, environment: str, now: int) -> str:
    """What the evaluator says of the switch."""
    flags = flags_of(emit_tenant(repository.tenants["acme"], environment))
    result = flags.evaluate("f", {"targetingKey": "u"}, now)
    return "off" if result.reason == "flag_off" else "on"


def expected(
    flag: Mapping[str, Any], environment: str, state: str, now: int, *, everywhere: bool
) -> str:
    """Work out anew, from the YAML, what the switch has to be."""
    overlay = flag.get("environments", {}).get(environment, {})
    steps = overlay.get("schedule")
    if steps is None:
        names_state = "state" in overlay and not everywhere
        steps = [] if names_state else flag.get("schedule", [])
    for step in steps:
        at = parse_instant(step["at"]) or 0
        if NOW < at <= now and "state" in step["set"]:
            state = step["set"]["state"]
    return state


@settings(deadline=None, max_examples=300)
@given(flags(), states, st.none() | st.lists(st.sampled_from(ENVIRONMENTS), min_size=1))
def test_as_asked_from_now_on(flag: dict[str, Any], state: State, named: list[str] | None) -> None:
    text = yaml_text(flag)
    before, after, did, repository = pulled(text, state, named)
    assert [each for each in check(repository) if each.severity == "error"] == []
    was = {each.environment: each.state for each in states_of(before, ENVIRONMENTS, NOW)}
    wanted = ENVIRONMENTS if named is None else named
    untouched = all(was[each] == state for each in wanted)
    for environment in ENVIRONMENTS:
        for now in TIMES[1:]:
            got = served(repository, environment, now)
            if environment in wanted and not untouched:
                assert got == expected(flag, environment, state, now, everywhere=named is None)
            else:
                assert got == flag_at(before, environment, now).state
            then, here = (flag_at(each, environment, now) for each in (before, after))
            assert replace(here, state="on") == replace(then, state="on")
    assert {each["environment"]: each["after"] for each in did.detail["environments"]} == {
        each: served(repository, each, NOW) for each in ENVIRONMENTS
    }


@settings(deadline=None, max_examples=100)
@given(flags(), states, st.none() | st.lists(st.sampled_from(ENVIRONMENTS), min_size=1))
def test_the_answer_tells_of_the_next_step(
    flag: dict[str, Any], state: State, named: list[str] | None
) -> None:
    _, after, did, _ = pulled(yaml_text(flag), state, named)
    for told in did.detail["environments"]:
        environment, step = told["environment"], told["next"]
        later = [now for now in TIMES if now > NOW]
        changes = [now for now in later if flag_at(after, environment, now).state != told["after"]]
        if step is None:
            assert changes == []
        else:
            at = parse_instant(step.at) or 0
            assert at == changes[0]
            assert step.state == flag_at(after, environment, at).state


def test_comments_stay() -> None:
    text = "# a flag\ndefault: on  # served\nstate: on # the switch\n"
    working = Working("acme", tip_of(files_of(text)), NOW)
    set_state("f", "off", None)(working)
    assert working.writing.changes == {PATH: text.replace("state: on", "state: off").encode()}


PLAIN = (
    "default: on # served\n",
    "state: on\ndefault: on\nenvironments:\n  staging: {default: off}\n",
    "default: on\nenvironments:\n  production:\n    default: off # here\n",
)


@pytest.mark.parametrize("text", PLAIN)
def test_off_and_on_again_gives_back_the_bytes(text: str) -> None:
    files = files_of(text)
    for state in ("off", "on"):
        working = Working("acme", tip_of(files), NOW)
        set_state("f", state, ["production"])(working)
        files[PATH] = (working.writing.changes[PATH] or b"").decode()
    assert files[PATH] == text


def test_rules_that_differ_by_environment_are_not_copied() -> None:
    step = f"{{at: {format_instant(NOW + HOUR)}, set: {{state: off, rules: [%s]}}}}"
    rule = "{name: r, serve: on, environments: {staging: {percentage: 5}}}"
    text = f"default: on\nschedule: [{step % rule}]\n"
    working = Working("acme", tip_of(files_of(text)), NOW)
    with pytest.raises(ChangeRefused, match="would have to be copied into production"):
        set_state("f", "off", ["production"])(working)
    assert working.writing.changes == {}


@pytest.mark.parametrize("name", ["prod", "", "../x"])
def test_an_environment_that_is_none(name: str) -> None:
    working = Working("acme", tip_of(files_of("default: on\n")), NOW)
    with pytest.raises(ChangeRefused, match="there is no environment"):
        set_state("f", "off", [name])(working)
