"""Promise: the first line that matches decides; nothing gets past it by being several things."""

from __future__ import annotations

from typing import Any

import pytest

from burgee.instants import parse_instant
from burgee_compiler.load import load_repository
from burgee_compiler.model.files import Policy
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.policy import RESTORE_MICROS, is_restore, judge, judge_plan, strictest
from burgee_compiler.plan.report import Plan, Verdict
from support.memory_tree import MemoryTree, repository_of

NOW = parse_instant("2026-11-27T12:00:00Z") or 0
POLICY = (
    Policy(change=("kill", "restore"), then="allow"),
    Policy(environments=("staging",), then="allow"),
    Policy(tenants=("globex",), then="deny"),
    Policy(flag_kind="ops", class_=("none", "low"), then="allow"),
    Policy(change=("metadata", "none"), then="allow"),
    Policy(class_=("high",), change=("ramp_up",), then="deny"),
)


def verdict(**given: Any) -> tuple[str, int | None]:
    change = {
        "tenant": "acme",
        "environment": "production",
        "kinds": ("ramp_up",),
        "class_": "medium",
        **given,
    }
    found = judge(POLICY, **change)
    return found.then, found.line


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("review", None)),
        ({"kinds": ("kill",), "class_": "high"}, ("allow", 1)),
        ({"kinds": ("kill",), "tenant": "globex"}, ("allow", 1)),
        ({"environment": "staging"}, ("allow", 2)),
        ({"tenant": "globex", "kinds": ("metadata",)}, ("deny", 3)),
        ({"flag_kind": "ops", "class_": "low"}, ("allow", 4)),
        ({"flag_kind": "ops"}, ("review", None)),
        ({"flag_kind": "release", "class_": "low"}, ("review", None)),
        ({"kinds": ("none",)}, ("allow", 5)),
        ({"kinds": ()}, ("allow", 5)),
        ({"class_": "high"}, ("deny", 6)),
        # several kinds: the strictest
        ({"kinds": ("kill", "metadata")}, ("allow", 1)),
        ({"kinds": ("kill", "ramp_up")}, ("review", None)),
        ({"kinds": ("kill", "ramp_up"), "class_": "high"}, ("deny", 6)),
        ({"kinds": ("metadata", "retarget")}, ("review", None)),
        # switching on is no restore of one's own, unless it is told to be
        ({"kinds": ("restore",)}, ("review", None)),
        ({"kinds": ("restore",), "class_": "high"}, ("deny", 6)),
        ({"kinds": ("restore",), "restores_own_kill": True}, ("allow", 1)),
        ({"kinds": ("restore", "ramp_up"), "restores_own_kill": True}, ("review", None)),
    ],
)
def test_first_match(change: dict[str, Any], expected: tuple[str, int | None]) -> None:
    assert verdict(**change) == expected


def test_without_a_policy_all_is_allowed() -> None:
    found = judge((), tenant="a", environment="e", kinds=("ramp_up",), class_="high")
    assert found == Verdict("allow")


def test_the_strictest() -> None:
    allow, review, deny = Verdict("allow", 1), Verdict("review"), Verdict("deny", 3)
    assert strictest([]) == Verdict("allow")
    assert strictest([allow, review]) == review
    assert strictest([deny, review, allow]) == deny


DAY = RESTORE_MICROS
KILL = {"by": "ann", "killed_by": "ann", "killed_at": 0, "now": b"a", "before_the_kill": b"a"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"at": 1}, True),
        ({"at": DAY}, True),
        ({"at": DAY + 1}, False),
        ({"at": -1}, False),
        ({"at": 1, "by": "bob"}, False),
        ({"at": 1, "now": b"b"}, False),
    ],
)
def test_what_restores_ones_own_kill(change: dict[str, Any], expected: bool) -> None:
    assert is_restore(**{**KILL, **change}) is expected


FILES = {
    "burgee.yaml": "environments: [staging, production]\n",
    "acme/flags/f.yaml": "default: {serve: on, percentage: 10}\n",
    "acme/flags/g.yaml": "requires: [{flag: f, serves: [on]}]\ndefault: on\n",
}


def planned(**after: str) -> Plan:
    files = {**FILES, **{f"acme/flags/{key}.yaml": text for key, text in after.items()}}
    sides = [Revision(name, repository_of(each)) for name, each in (("b", FILES), ("h", files))]
    changed = [path for path in files if FILES.get(path) != files[path]]
    return plan(sides[0], sides[1], NOW, changed, ())


def then(made: Plan, policy: tuple[Policy, ...] = POLICY) -> str | None:
    found = judge_plan(made, policy, ["staging", "production"]).verdict
    return None if found is None else found.then


def test_a_plan_takes_the_strictest_of_its_flags() -> None:
    assert then(planned(f="default: {serve: on, percentage: 12}\n")) == "review"
    assert then(planned(f="default: {serve: on, percentage: 60}\n")) == "deny"
    assert then(planned(f=FILES["acme/flags/f.yaml"] + "metadata: {a: 1}\n")) == "allow"
    assert then(planned(f=FILES["acme/flags/f.yaml"] + "# words\n")) == "allow"
    assert then(planned(f="default: off\n"), ()) is None


def test_a_kill_is_not_held_up_by_the_flags_that_fall_with_it() -> None:
    made = planned(f="state: off\n" + FILES["acme/flags/f.yaml"])
    assert [flag.flag for flag in made.flags] == ["f", "g"]
    assert then(made) == "allow"


def test_a_change_of_the_policy_is_for_a_review() -> None:
    after = {**FILES, "burgee.yaml": FILES["burgee.yaml"] + "policy: [{then: allow}]\n"}
    sides = [Revision("r", repository_of(each)) for each in (FILES, after)]
    made = plan(sides[0], sides[1], NOW, ["burgee.yaml"], ())
    assert then(made, (Policy(then="allow"),)) == "review"


def test_a_flag_that_did_not_build_is_of_class_high() -> None:
    before = load_repository(MemoryTree({**FILES, "acme/flags/f.yaml": "default: onn\n"}))
    head = Revision("h", repository_of(FILES))
    made = plan(Revision("b", before), head, NOW, ["acme/flags/f.yaml"], ())
    assert [(flag.flag, flag.status, flag.class_) for flag in made.flags] == [
        ("f", "unknown", "high"),
        ("g", "unknown", "high"),
    ]
    assert then(made) == "review"
