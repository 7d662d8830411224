"""Promise: what names something that does not exist is found wherever in a file it may stand."""

from __future__ import annotations

import pytest

from burgee_compiler.checks import hints
from support.checking import FLAG, check_files, short

RULE = "rules: [{{name: r, when: {}, serve: on}}]\ndefault: off\n"
DEEP = "{any: [[{segment: s}, {not: {all: [{segment: gone}]}}]]}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RULE.format("{segment: s}"), []),
        (RULE.format(DEEP), ["B301 rules.0.when.any.0.all.1.not.all.0.segment"]),
        (RULE.format("{flag: other, serves: [a]}"), []),
        (
            RULE.format("[{flag: other, serves: [a, x, b, y]}]"),
            ["B303 rules.0.when.all.0.serves.1", "B303 rules.0.when.all.0.serves.3"],
        ),
        (RULE.format("{flag: gone, serves: [x]}"), ["B302 rules.0.when.flag"]),
        (
            (
                "default: off\nenvironments: {staging: {rules: [{name: r, when: {segment: gone}, "
                "serve: x}]}}\n"
            ),
            [
                "B301 environments.staging.rules.0.when.segment",
                "B303 environments.staging.rules.0.serve",
            ],
        ),
        (
            (
                "default: off\nschedule: [{at: 2026-12-01, set: {off_variant: x, rules: [{name: r, "
                "serve: on, environments: {staging: {when: {segment: gone}}}}]}}]\n"
            ),
            [
                "B301 schedule.0.set.rules.0.environments.staging.when.segment",
                "B303 schedule.0.set.off_variant",
            ],
        ),
        (
            (
                "default: off\nrules: [{name: r, serve: on, schedule: [{at: 2026-12-01, set: "
                "{when: {segment: gone}, serve: {split: {on: 1, x: 1}}}}]}]\n"
            ),
            [
                "B301 rules.0.schedule.0.set.when.segment",
                "B303 rules.0.schedule.0.set.serve.split.x",
            ],
        ),
        (
            (
                "default: off\nenvironments: {staging: {requires: [{flag: gone, serves: [on]}], "
                "schedule: [{at: 2026-12-01, set: {overrides: [{user: u, serve: x}]}}]}}\n"
            ),
            [
                "B302 environments.staging.requires.0.flag",
                "B303 environments.staging.schedule.0.set.overrides.0.serve",
            ],
        ),
        (
            'default: off\ntests: [{expect: {shares: {on: 0, "the caller\'s default": 0, x: 0}}}]',
            ["B303 tests.0.expect.shares.x"],
        ),
        ("default: off\nenvironments: {qa: {state: off}}\n", ["B305 environments.qa"]),
        (
            "default: off\ntests: [{environment: qa, expect: {variant: off}}]",
            ["B305 tests.0.environment"],
        ),
    ],
)
def test_places(text: str, expected: list[str]) -> None:
    files = {
        FLAG: text,
        "acme/flags/other.yaml": "variants: [a, b]\ndefault: a\n",
        "acme/segments/s.yaml": "members: [u1]\n",
    }
    assert sorted(map(short, check_files(files))) == sorted(expected)


@pytest.mark.parametrize(
    "broken",
    [
        {"acme/flags/other.yaml": "defualt: off\n"},
        {"acme/flags/other.yaml": "default: [\n"},
        {"acme/flags/other.yml": "default: off\n"},
        {"acme/flags/other.yaml/x.yaml": "default: off\n"},
        {"acme/flags/other.yaml": b"\xff"},
    ],
)
def test_a_broken_file_is_one_finding(broken: dict[str, str | bytes]) -> None:
    """Who names a flag that exists and cannot be read has made no mistake."""
    naming = {
        FLAG: "requires: [{flag: other, serves: [what-ever]}]\ndefault: off\n",
        "acme/layers.yaml": "ui: {slots: {other/test: [[0, 10]]}}\n",
        "acme/flags/other.lock.yaml": "tables: []\n",
    }
    assert len(check_files({**naming, **broken})) == 1


def test_without_environments_nothing_is_said_of_them() -> None:
    files = {FLAG: "default: off\nenvironments: {qa: {state: off}}\n"}
    assert [each.code for each in check_files(files, "environments: []\n")] == ["B214"]


def test_near_names_are_sought_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One misspelt name in thousands of files must not cost a search among all for each."""
    asked: list[str] = []
    monkeypatch.setattr(hints, "nearest", lambda word, known: asked.append(word))
    flags = {
        f"acme/flags/f{n}.yaml": RULE.format(f"[{{segment: gone}}, {{segment: gone{n}}}]")
        for n in range(300)
    }
    found = check_files(flags)
    assert len(found) == 600
    assert len(asked) <= 20
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("levels: {B701: off, B108: error}", []),
        ("levels: {B701: off, b701: off, B301: off}", ["B218 levels.b701", "B218 levels.B301"]),
        ("policy: [{then: allow}, {environments: [staging], then: deny}]", []),
        (
            "policy: [{then: allow}, {environments: [staging, qa], then: deny}]",
            ["B305 policy.1.environments.1"],
        ),
    ],
)
def test_burgee_yaml(line: str, expected: list[str]) -> None:
    found = check_files({FLAG: "default: off\n"}, f"environments: [staging]\n{line}\n")
    assert [short(each) for each in found] == expected
