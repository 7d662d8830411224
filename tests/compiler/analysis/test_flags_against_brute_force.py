"""Promise: what check says of rules, variants and answers is so for whoever asks, whenever.

Random repositories are asked many questions; the slow evaluator is the judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from burgee_compiler.checks import run_checks
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.flag import Flag
from burgee_compiler.repository import Repository
from support.close_conditions import close_condition, contexts, nested, some_paths
from support.memory_tree import repository_of
from support.slow_evaluator import slow_evaluate
from support.strategies import (
    ENVIRONMENTS,
    TENANT,
    RandomRepository,
    Scenes,
    repositories,
    scenes,
)
from support.strategies.drawing import Chooser
from support.strategies.universe import START
from support.yaml_text import yaml_text

ABOUT_RULES = ("B711", "B712", "B713")
SEEN: dict[str, int] = {}


@settings(max_examples=settings().max_examples * 3 // 2)
@given(repositories(), scenes())
def test_what_is_said_of_flags_is_so(random: RandomRepository, asked: Scenes) -> None:
    repository = repository_of(random.files)
    found = run_checks(repository)
    by_flag: dict[str, list[Diagnostic]] = {}
    for each in found:
        SEEN[each.code] = SEEN.get(each.code, 0) + 1
        if each.code in (*ABOUT_RULES, "B714", "B715") and each.subject is not None:
            by_flag.setdefault(each.subject.partition("/")[2], []).append(each)
    for key, said in by_flag.items():
        if not key.startswith("@"):
            hold_to_answers(repository, key, said, asked)


def hold_to_answers(
    repository: Repository, key: str, said: list[Diagnostic], asked: Scenes
) -> None:
    flag = repository.tenants[TENANT].flags[key].flag
    assert flag is not None
    unreached = dead_rules(flag, said)
    unserved = {each.where.path[-1] for each in said if each.code == "B714"}
    single = next((each for each in said if each.code == "B715"), None)
    for environment in ENVIRONMENTS:
        for context, now in asked:
            result = slow_evaluate(repository, TENANT, key, environment, context, now)
            assert result.rule is None or result.rule not in unreached
            assert result.variant is None or result.variant not in unserved
            if single is not None and result.reason != "targeting_key_missing":
                assert f'"{result.variant}"' in single.message


def dead_rules(flag: Flag, said: list[Diagnostic]) -> set[str]:
    """Return the names of rules that are in one list only, and never reached there."""
    if flag.schedule or flag.environments:
        return set()
    paths = {each.where.path[:2] for each in said if each.code in ("B712", "B713")}
    for each in said:
        if each.code == "B711" and each.where.path[2:] == ("when",):
            rule = flag.rules[int(each.where.path[1])]
            paths |= set() if rule.environments or rule.schedule else {each.where.path[:2]}
    return {flag.rules[index].name for _, index in paths if isinstance(index, int)}


@st.composite
def close_rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    chooser = Chooser(draw)
    paths = some_paths(chooser)
    return [close_rule(chooser, name, paths) for name in ("first", "second", "third", "fourth")]


def close_rule(chooser: Chooser, name: str, paths: Sequence[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"name": name, "serve": "on"}
    chooser.maybe(rule, "percentage", 6, lambda: chooser.pick((100, 50, 0)))
    if not chooser.chance(8):
        rule["when"] = close_condition(chooser, paths, 1)
    if chooser.chance(3):
        rule["serve"] = {"split": {"on": 1, "off": 1}}
        chooser.maybe(rule, "by", 3, lambda: "account.id")
    return rule


@given(close_rules())
def test_rules_that_nobody_reaches_serve_nobody(rules: list[dict[str, Any]]) -> None:
    flag = yaml_text({"rules": rules, "default": "off"})
    repository = repository_of(
        {"burgee.yaml": "environments: [x]\n", f"{TENANT}/flags/f.yaml": flag}
    )
    said = run_checks(repository)
    for each in said:
        SEEN[each.code] = SEEN.get(each.code, 0) + 1
    model = repository.tenants[TENANT].flags["f"].flag
    assert model is not None
    dead = dead_rules(model, said)
    conditions = [rule.when for rule in model.rules if rule.when is not None]
    for context in contexts(conditions) if dead else ():
        for placed in (context, nested(context), {**context, "targetingKey": "u-1"}):
            result = slow_evaluate(repository, TENANT, "f", "x", placed, START)
            assert result.rule not in dead


def test_there_was_something_to_say() -> None:
    assert {"B711", "B712", "B713", "B714", "B715", "B716"} <= SEEN.keys(), SEEN
