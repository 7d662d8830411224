"""Promise: a comment stays under GitHub's limit however large the change, and no name gets out."""

from __future__ import annotations

import re

from burgee_cli.plan_markdown import MARKER, render_markdown
from burgee_compiler.diagnostics import Where, diagnostic
from burgee_compiler.plan.report import (
    EnvironmentPlan,
    FlagPlan,
    GroupPlan,
    Move,
    Plan,
    Share,
    Verdict,
)

LIMIT = 65_536
HALF, NONE, ALL = Share(1, 2), Share(0, 1), Share(1, 1)


def environment(name: str, variants: int, groups: int) -> EnvironmentPlan:
    served = tuple((f"variant-{number}", HALF, NONE) for number in range(variants))
    group = GroupPlan(
        who=(("one", "not two"),) * 3,
        served=served,
        moves=(Move("variant-0", "variant-1", HALF),),
        moved=HALF,
        least=HALF,
    )
    return EnvironmentPlan(
        environment=name,
        kinds=("ramp_up",),
        class_="high",
        changes=("default a → b " + "x" * 200,) * 5,
        groups=(group,) * groups,
        worst_moved=ALL,
        verdict=Verdict("review"),
    )


def plan_of(flags: int, *, variants: int = 30, groups: int = 20, risks: int = 3) -> Plan:
    risk = diagnostic("B909", "moved " * 30, Where("acme/flags/f.yaml"), help="help " * 20)
    made = tuple(
        FlagPlan(
            tenant="acme",
            flag=f"area.{'long-' * 40}{number}",
            file=f"acme/flags/area/{number}.yaml",
            status="changed",
            class_="high",
            environments=tuple(
                environment(f"environment-{place}", variants, groups) for place in range(8)
            ),
            risks=(risk,) * risks,
        )
        for number in range(flags)
    )
    return Plan(
        base="main",
        head="here",
        at="2026-11-27T12:00:00Z",
        class_="high",
        flags=made,
        without_effect=tuple(f"acme/segments/{number}.yaml" for number in range(flags)),
        risks=(risk,) * flags,
        found=(risk,) * flags,
        notes=("a note " * 40,) * 10,
        verdict=Verdict("review"),
    )


def test_under_the_limit() -> None:
    for flags in (0, 1, 3, 30, 300, 5_000):
        text = render_markdown(plan_of(flags), {})
        assert len(text) < LIMIT, flags
        assert text.startswith(f"{MARKER}\n")
        assert text.count("<details>") == text.count("</details>")


def test_what_is_left_out_is_told() -> None:
    text = render_markdown(plan_of(300), {})
    assert "more flags do not fit here; `burgee plan` shows them._" in text
    assert "more flags |" in text
    assert "more lines" in text


def test_it_is_stable() -> None:
    assert render_markdown(plan_of(3), {}) == render_markdown(plan_of(3), {})


def test_names_are_no_markup() -> None:
    name = "<img src=x> @everyone | `a` [b](http://x) *c*"
    move = Move(name, None, HALF)
    served = ((name, HALF, NONE), (None, HALF, ALL))
    group = GroupPlan(who=(), served=served, moves=(move,), moved=HALF, least=HALF)
    plan = EnvironmentPlan(
        environment="production",
        kinds=("variants",),
        class_="high",
        changes=(f"variant {name} goes",),
        groups=(group,),
    )
    path = "<b>.yaml"
    flag = FlagPlan(
        tenant="acme",
        flag="f",
        file=path,
        status="affected",
        because_of=(path,),
        environments=(plan,),
    )
    made = Plan(base="b", head="h", at="now", class_="high", flags=(flag,))
    text = render_markdown(made, {})
    assert not re.search(r"(?<!\\)<img|@everyone|(?<!\\)\[b|(?<!\\)`a`", text)
    assert text.count("\n| ") == 5, "no name ends a cell or a row"
