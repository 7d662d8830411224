"""Promise: effective fields are the base, then the environment's, then the steps that have come."""

from __future__ import annotations

from typing import Any

import pytest

from burgee.instants import format_instant, parse_instant
from burgee_compiler.model.decoder import Decoder
from burgee_compiler.model.files import SEGMENT, Segment
from burgee_compiler.model.flag import FLAG, Flag
from burgee_compiler.resolve import flag_in, phases_of, segment_in
from burgee_compiler.source import read_yaml

HEAD = "variants: [a, b, c]\n"


def read(kind: Any, text: str) -> Any:
    node, found = read_yaml(text.encode(), "x.yaml")
    decoder = Decoder("x.yaml")
    value = kind.read(decoder, node)
    assert not [*found, *decoder.found]
    return value


def flag(text: str) -> Flag:
    found = read(FLAG, HEAD + text)
    assert isinstance(found, Flag)
    return found


def told(text: str, environment: str, look: str) -> dict[str, Any]:
    """What a field is from each instant on; `look` is a path such as rules.0.percentage."""
    found: dict[str, Any] = {}
    for phase in phases_of(flag_in(flag(text), environment)):
        value: Any = phase.flag
        for step in look.split("."):
            value = value[int(step)] if step.isdigit() else getattr(value, step)
        found["" if phase.at is None else format_instant(phase.at)[:10]] = value
    return found


STEPS = "schedule: [{at: 2026-01-01, set: {state: off}}, {at: 2026-02-01, set: {state: on}}]\n"

CASES = [
    ("the base alone", "default: a\n", "p", "default.serve.variant", {"": "a"}),
    (
        "an environment replaces a field",
        "default: a\nenvironments: {p: {default: b}}\n",
        "p",
        "default.serve.variant",
        {"": "b"},
    ),
    (
        "another environment does not",
        "default: a\nenvironments: {s: {default: b}}\n",
        "p",
        "default.serve.variant",
        {"": "a"},
    ),
    (
        "steps come in order, from their instant on",
        "default: a\n" + STEPS,
        "p",
        "state",
        {"": "on", "2026-01-01": "off", "2026-02-01": "on"},
    ),
    (
        "an inherited schedule reaches what the environment leaves alone",
        "default: a\n" + STEPS + "environments: {p: {default: b}}\n",
        "p",
        "state",
        {"": "on", "2026-01-01": "off", "2026-02-01": "on"},
    ),
    (
        "and does not reach what it names",
        "default: a\n" + STEPS + "environments: {p: {state: on}}\n",
        "p",
        "state",
        {"": "on"},
    ),
    (
        "field by field",
        (
            "default: a\nschedule: [{at: 2026-01-01, set: {state: off, default: c}}]\n"
            "environments: {p: {default: b}}\n"
        ),
        "p",
        "default.serve.variant",
        {"": "b", "2026-01-01": "b"},
    ),
    (
        "so that the other field of a step still changes",
        (
            "default: a\nschedule: [{at: 2026-01-01, set: {state: off, default: c}}]\n"
            "environments: {p: {default: b}}\n"
        ),
        "p",
        "state",
        {"": "on", "2026-01-01": "off"},
    ),
    (
        "the environment's own schedule reaches what it names",
        (
            "default: a\nenvironments: {p: {default: b, schedule: "
            "[{at: 2026-03-01, set: {default: c}}]}}\n"
        ),
        "p",
        "default.serve.variant",
        {"": "b", "2026-03-01": "c"},
    ),
    (
        "and replaces the inherited one whole",
        "default: a\n" + STEPS + "environments: {p: {schedule: [{at: 2026-03-01, "
        "set: {state: off}}]}}\n",
        "p",
        "state",
        {"": "on", "2026-03-01": "off"},
    ),
    (
        "off_variant and its step",
        (
            "default: a\noff_variant: a\nschedule: [{at: 2026-01-01, set: {off_variant: c}}]\n"
            "environments: {s: {off_variant: b}}\n"
        ),
        "s",
        "off_variant",
        {"": "b"},
    ),
    (
        "overrides and their step",
        (
            "default: a\nschedule: [{at: 2026-01-01, set: {overrides: [{user: u, serve: c}]}}]\n"
            "environments: {s: {overrides: []}}\n"
        ),
        "s",
        "overrides",
        {"": ()},
    ),
    (
        "metadata",
        "default: a\nmetadata: {x: 1}\nenvironments: {p: {metadata: {y: 2}}}\n",
        "p",
        "metadata",
        {"": {"y": 2}},
    ),
    ("by", "default: a\nenvironments: {p: {by: company}}\n", "p", "by", {"": "company"}),
    (
        "requires",
        "default: a\nrequires: [{flag: f, serves: [on]}]\nenvironments: {p: {requires: []}}\n",
        "p",
        "requires",
        {"": ()},
    ),
]


@pytest.mark.parametrize(
    ("text", "environment", "look", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_fields_of_a_flag(text: str, environment: str, look: str, expected: dict[str, Any]) -> None:
    assert told(text, environment, look) == expected


RULE = "default: a\nrules:\n  - name: r\n    serve: b\n    percentage: 5\n"
RAMP = (
    "    schedule: [{at: 2026-01-01, set: {percentage: 20}}, {at: 2026-02-01, set: {serve: c}}]\n"
)

RULE_CASES = [
    (
        "a rule's steps",
        RULE + RAMP,
        "rules.0.percentage",
        {"": 5_000, "2026-01-01": 20_000, "2026-02-01": 20_000},
    ),
    (
        "an overlay of a rule replaces whole fields, and silences the inherited steps of them",
        RULE + RAMP + "    environments: {p: {percentage: 100}}\n",
        "rules.0.percentage",
        {"": 100_000, "2026-02-01": 100_000},
    ),
    (
        "while the other fields of that schedule still change",
        RULE + RAMP + "    environments: {p: {percentage: 100}}\n",
        "rules.0.serve.variant",
        {"": "b", "2026-02-01": "c"},
    ),
    (
        "a schedule of its own in the overlay",
        RULE + RAMP + "    environments: {p: {percentage: 1, schedule: "
        "[{at: 2026-05-01, set: {percentage: 2}}]}}\n",
        "rules.0.percentage",
        {"": 1_000, "2026-05-01": 2_000},
    ),
    (
        "rules replaced by the environment know nothing of the base's",
        RULE + RAMP + "environments: {p: {rules: [{name: other, serve: c}]}}\n",
        "rules.0.name",
        {"": "other"},
    ),
    (
        "no rules at all",
        RULE + RAMP + "environments: {p: {rules: []}}\n",
        "rules",
        {"": ()},
    ),
    (
        "a flag's step that sets rules is silent where the environment names rules",
        RULE + "schedule: [{at: 2026-01-01, set: {rules: []}}]\n"
        "environments: {p: {rules: [{name: other, serve: c}]}}\n",
        "rules.0.name",
        {"": "other"},
    ),
    (
        "rules that a step sets have overlays and schedules of their own",
        RULE + "schedule:\n  - at: 2026-03-01\n    set:\n      rules:\n"
        "        - name: r\n          serve: b\n          percentage: 50\n"
        "          schedule: [{at: 2026-01-01, set: {percentage: 60}}, "
        "{at: 2026-04-01, set: {percentage: 70}}]\n"
        "          environments: {s: {percentage: 1}}\n",
        "rules.0.percentage",
        {"": 5_000, "2026-01-01": 5_000, "2026-03-01": 60_000, "2026-04-01": 70_000},
    ),
]


@pytest.mark.parametrize(
    ("text", "look", "expected"), [case[1:] for case in RULE_CASES], ids=[c[0] for c in RULE_CASES]
)
def test_fields_of_rules(text: str, look: str, expected: dict[str, Any]) -> None:
    assert told(text, "p", look) == expected


def test_an_overlay_in_rules_that_a_step_sets() -> None:
    text = RULE_CASES[-1][1]
    assert isinstance(text, str)
    found = told(text, "s", "rules.0.percentage")
    # The rule's own schedule does not reach the percentage that the environment names.
    assert found == {"": 5_000, "2026-03-01": 1_000}


def test_every_field_of_a_rule_may_stand_in_its_overlay() -> None:
    text = (
        RULE + "    environments: {p: {when: {attribute: x, eq: 1}, serve: c, percentage: 1, "
        "starts: 2026-01-01, ends: 2026-02-01, by: company, seed: s, was: old, "
        "experiment: {status: draft, control: a}}}\n"
    )
    rule = flag_in(flag(text), "p").rules[0]
    assert (rule.serve.variant, rule.percentage, rule.by, rule.seed, rule.was) == (
        *("c", 1_000, "company", "s", "old"),
    )
    assert (rule.starts, rule.ends) == (parse_instant("2026-01-01"), parse_instant("2026-02-01"))
    assert rule.when is not None
    assert rule.experiment is not None
    assert not rule.environments


def test_nothing_is_left_to_resolve() -> None:
    text = RULE + RAMP + "    environments: {s: {percentage: 1}}\n" + STEPS
    phases = phases_of(flag_in(flag(text), "p"))
    assert [phase.at for phase in phases] == [
        None,
        parse_instant("2026-01-01"),
        parse_instant("2026-02-01"),
    ]
    for phase in phases:
        assert not phase.flag.schedule
        assert not phase.flag.environments
        assert not any(rule.schedule or rule.environments for rule in phase.flag.rules)


def test_segments_are_replaced_field_by_field() -> None:
    segment = read(
        SEGMENT,
        "members: [u]\nexcluded: [x]\nwhen: {attribute: a, eq: 1}\n"
        "environments: {p: {members: [v], by: company}, s: {excluded: []}}\n",
    )
    assert isinstance(segment, Segment)
    here = segment_in(segment, "p")
    assert (here.members, here.excluded, here.by) == (("v",), ("x",), "company")
    assert here.when == segment.when
    assert segment_in(segment, "s").excluded == ()
    assert segment_in(segment, "elsewhere").members == ("u",)


def test_an_environment_may_have_no_schedule_at_all() -> None:
    """`schedule: []` replaces the inherited steps like any other value."""
    text = """\
rules: [{name: one, serve: "on", schedule: [{at: 2030-01-01, set: {percentage: 5}}],
         environments: {staging: {schedule: []}}}]
default: "off"
schedule: [{at: 2030-01-02, set: {state: "off"}}]
environments: {staging: {schedule: []}}
"""
    node, found = read_yaml(text.encode(), "acme/flags/one.yaml")
    assert found == []
    assert node is not None
    decoder = Decoder("acme/flags/one.yaml")
    flag = FLAG.read(decoder, node)
    assert decoder.found == []
    assert [phase.at for phase in phases_of(flag_in(flag, "staging"))] == [None]
    assert len(phases_of(flag_in(flag, "production"))) == 3
