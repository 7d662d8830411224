"""Promise: rules have names, tables and times of their own, in every environment and step."""

from __future__ import annotations

import pytest

from support.checking import FLAG, check_files, short

HALF = "serve: {split: {on: 1, off: 1}}"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("[{name: a, serve: on}, {name: b, serve: on}]", []),
        (
            "[{name: a, serve: on}, {name: a, serve: on}, {name: a, serve: on}]",
            ["B308 rules.1.name", "B308 rules.2.name"],
        ),
        ("[{name: a, was: b, serve: on}, {name: b, serve: on}]", ["B308 rules.0.was"]),
        ("[{name: a, was: a, serve: on}]", []),
        ("[{name: a, was: b, serve: on}, {name: c, was: a, serve: on}]", ["B308 rules.1.was"]),
        (
            "[{name: a, serve: on, environments: {staging: {was: b}}}, {name: b, serve: on}]",
            ["B308 rules.0.environments.staging.was"],
        ),
        ("[{name: default, serve: on}]", ["B216 rules.0.name"]),
        (
            "[{name: a, serve: on, environments: {staging: {seed: default}}}]",
            ["B216 rules.0.environments.staging.seed"],
        ),
        ("[{name: a, serve: on, starts: 2026-01-01, ends: 2026-01-02}]", []),
        ("[{name: a, serve: on, starts: 2026-01-01, ends: 2026-01-01}]", ["B416 rules.0.ends"]),
        (
            (
                "[{name: a, serve: on, ends: 2026-06-01, "
                "environments: {staging: {starts: 2027-01-01}}}]"
            ),
            ["B416 rules.0.ends"],
        ),
        (
            (
                "[{name: a, serve: on, starts: 2027-01-01, ends: 2026-01-01, "
                "environments: {staging: {starts: 2025-01-01}, production: {starts: 2025-01-01}}}]"
            ),
            ["B416 rules.0.ends"],
        ),
        (f"[{{name: a, experiment: {{status: running, control: off}}, {HALF}}}]", []),
        (f"[{{name: a, experiment: {{status: concluded, control: off, winner: on}}, {HALF}}}]", []),
        ("[{name: a, experiment: {status: concluded, control: off, winner: on}, serve: on}]", []),
        (
            f"[{{name: a, experiment: {{status: paused, control: off, winner: on}}, {HALF}}}]",
            ["B414 rules.0.experiment.winner"],
        ),
        (
            (
                f"[{{name: a, experiment: {{status: draft, control: off}}, {HALF}, "
                "environments: {staging: {experiment: {status: concluded, control: off}}}}]"
            ),
            ["B414 rules.0.environments.staging.experiment.status"],
        ),
        (
            (
                f"[{{name: a, experiment: {{status: running, control: off}}, {HALF}, "
                "schedule: [{at: 2026-12-01, set: {serve: on}}]}]"
            ),
            ["B417 rules.0.schedule.0.set.serve"],
        ),
        (
            (
                f"[{{name: a, experiment: {{status: running, control: off}}, {HALF}, "
                "environments: {staging: {serve: {split: {on: 1, off: 0}}}}}]"
            ),
            ["B417 rules.0.environments.staging.serve"],
        ),
        # The schedule of the base does not reach what staging names.
        (
            (
                f"[{{name: a, {HALF}, schedule: [{{at: 2026-12-01, set: {{serve: on}}}}], "
                "environments: "
                f"{{staging: {{experiment: {{status: running, control: off}}, {HALF}}}}}}}]"
            ),
            [],
        ),
        (
            "[{name: a, serve: {split: {on: 0.001, off: 99.999}}}]",
            [],
        ),
        ("[{name: a, serve: {split: {on: 0.0001, off: 100, }}}]", ["B402 rules.0.serve.split.on"]),
        (
            (
                "[{name: a, serve: on, schedule: [{at: 2026-12-01, set: {percentage: 1}}, "
                "{at: 2026-12-01T00:00:00.0000001Z, set: {percentage: 2}}]}]"
            ),
            ["B408 rules.0.schedule.1.at"],
        ),
        (
            (
                "[{name: a, serve: on, environments: {staging: {schedule: [{at: 2026-12-02, set: "
                "{percentage: 1}}, {at: 2026-12-01, set: {percentage: 2}}]}}}]"
            ),
            ["B408 rules.0.environments.staging.schedule.1.at"],
        ),
    ],
)
def test_rules(rules: str, expected: list[str]) -> None:
    found = check_files({FLAG: f"rules: {rules}\ndefault: off\n"})
    assert [short(each) for each in found] == expected
    # The same rules of a step, and of an environment where they have no overlays themselves.
    stepped = f"default: off\nschedule: [{{at: 2026-12-24, set: {{rules: {rules}}}}}]\n"
    found = check_files({FLAG: stepped})
    assert [short(each) for each in found] == [
        each.replace(" rules.", " schedule.0.set.rules.") for each in expected
    ]


@pytest.mark.parametrize(
    ("rules", "notes"),
    [
        ("[{name: a, serve: on}]", ["100 % of all users", "so nobody gets it"]),
        (
            "[{name: a, percentage: 50, serve: on}, {name: b, percentage: 50, serve: on}]",
            ["50 % of all", "50 % of all", "at least 75 % of all users"],
        ),
        ("[{name: a, when: {attribute: x, eq: 1}, serve: on}]", ["100 % of those who meet"]),
        (
            (
                "[{name: a, serve: on, "
                "percentage: {from: 0, to: 9, start: 2026-12-01, end: 2026-12-02}}]"
            ),
            ["a moving share of all users"],
        ),
        ("[{name: a, ends: 2027-01-01, serve: on}]", ["100 % of all users while it is in force"]),
        (f"[{{name: a, experiment: {{status: draft, control: off}}, {HALF}}}]", None),
        ("[{name: a, serve: off}]", None),
        ("[]", None),
    ],
)
def test_masked_defaults_say_for_whom(rules: str, notes: list[str] | None) -> None:
    text = f"rules: {rules}\ndefault: on\nenvironments: {{staging: {{default: off}}}}\n"
    found = check_files({FLAG: text})
    if notes is None:
        assert found == []
        return
    (note,) = found
    assert (note.code, note.severity) == ("B702", "note")
    assert len(note.notes) == len(notes)
    for wanted, line in zip(notes, note.notes, strict=True):
        assert wanted in line


def test_a_layer_says_how_many_a_masking_experiment_takes() -> None:
    text = (
        f"rules: [{{name: a, experiment: {{status: running, control: off, layer: ui}}, {HALF}}}]\n"
    )
    overlay = "default: off\nenvironments: {staging: {default: on}}\n"
    layers = "ui: {slots: {checkout/a: [[0, 12.5], [20, 30]]}}\n"
    (note,) = check_files({FLAG: text + overlay, "acme/layers.yaml": layers})
    assert note.notes[0] == 'the rule "a" answers for 22.5 % of all users'
