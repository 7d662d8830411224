"""A trace as a tree for a terminal: what held, what was seen, where in the tables it fell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from burgee.buckets import SLOTS
from burgee.evaluation.trace import ConditionTrace, RuleTrace, TableTrace, Trace
from burgee.instants import format_instant
from burgee_cli.misfit import misfit
from burgee_compiler.words.conditions import constant_text

__all__ = ["render_trace"]

_BAR: Final = 50
_FILLS: Final = "█▓▒░"
_VERDICTS: Final = {
    "served": "serves",
    "kept_out": "condition holds, but the unit is kept out",
    "condition_false": "condition does not hold",
    "no_unit": "skipped: the attribute that is bucketed is missing",
    "targeting_key_missing": "needs the targeting key, which is missing",
    "draft": "skipped: the experiment is a draft",
    "not_started": "skipped: it has not started",
    "ended": "skipped: it has ended",
    "default": "serves",
    "default_distribution": "serves by its table",
}


def render_trace(
    trace: Trace, places: Mapping[str, str], title: str, *, colour: bool = False
) -> str:
    """Return the trace as lines; `places` gives file and line of each rule and of `default`."""
    result = trace.result
    served = "the caller's default" if result.value is None else json.dumps(result.value)
    name = f"variant {result.variant}" if result.variant else "no variant"
    lines = [
        f"{result.flag_key}: {served}  ({name}, reason {result.reason})",
        f"  {title}, at {format_instant(trace.now)}",
    ]
    if trace.phase is not None:
        lines.append(f"  as scheduled since {format_instant(trace.phase)}")
    lines += list(_before_rules(trace))
    for rule in trace.rules:
        lines += _rule(rule, places)
    text = "\n".join(lines)
    return _coloured(text) if colour else text


def _before_rules(trace: Trace) -> Iterator[str]:
    if trace.result.reason == "override":
        yield "✓ an override pins this user"
    if trace.state == "off":
        yield ("✗" if trace.result.reason == "flag_off" else "·") + " the flag is off"
    for need in trace.prerequisites:
        met = need.served in need.serves
        yield (
            f"{_mark(met)} requires {need.flag} to serve {' or '.join(need.serves)}: "
            f"it serves {need.served or 'nothing'}"
        )


def _rule(rule: RuleTrace, places: Mapping[str, str]) -> Iterator[str]:
    name = rule.rule or "default"
    served = rule.verdict in ("served", "default", "default_distribution")
    verdict = _VERDICTS.get(rule.verdict, rule.verdict)
    place = places.get(name, "")
    yield f"{_mark(served)} {name}: {verdict}" + (f"  [{place}]" if place else "")
    if rule.when is not None:
        yield from _condition(rule.when, "    ")
    for table in rule.tables:
        yield from _table(table)


def _condition(condition: ConditionTrace, margin: str) -> Iterator[str]:
    yield f"{margin}{_mark(condition.holds)} {_said(condition)}"
    for child in condition.children:
        yield from _condition(child, margin + "  ")


def _said(condition: ConditionTrace) -> str:
    if condition.kind == "attribute":
        tests = " and ".join(
            f"{operator} {constant_text(operator, value)}"
            for operator, value in condition.tests.items()
        )
        fold = " (ignoring case)" if condition.ignore_case else ""
        return f"{condition.attribute} {tests}{fold}  — saw {_seen(condition)}"
    if condition.kind == "segment":
        listed = {"member": " — listed as a member", "excluded": " — excluded by its list"}
        return f"segment {condition.segment}{listed.get(condition.listed or '', '')}"
    if condition.kind == "flag":
        serves = " or ".join(condition.serves)
        return f"flag {condition.flag} serves {serves}  — it serves {condition.served or 'nothing'}"
    return {"all": "all of", "any": "any of", "not": "not"}[condition.kind]


def _seen(condition: ConditionTrace) -> str:
    shown = _shown(condition.value)
    if condition.holds or condition.value is None:
        return shown
    why = misfit(condition.tests, condition.value)
    return f"{shown}, {why}" if why else shown


def _shown(value: Any) -> str:
    if value is None:
        return "nothing: it is missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _table(table: TableTrace) -> Iterator[str]:
    what = {"layer": f"layer {table.layer}", "gate": "gate", "split": "split"}[table.kind]
    arms = sorted({arm for _, _, arm in table.ranges})
    if table.slot is None:
        yield f"      {what}: {_shares(table)}"
        return
    out = "held out" if table.held_out else table.chose or "nothing"
    yield (f'      {what}: {table.by} "{table.unit}" has slot {table.slot:,} of {SLOTS:,} → {out}')
    yield f"        {_bar(table, arms)}  {_shares(table)}"
    yield f"        {' ' * (table.slot * _BAR // SLOTS)}▲"


def _bar(table: TableTrace, arms: list[str]) -> str:
    cells = []
    for cell in range(_BAR):
        middle = (2 * cell + 1) * SLOTS // (2 * _BAR)
        arm = next((arm for start, end, arm in table.ranges if start <= middle < end), None)
        cells.append("·" if arm is None else _FILLS[arms.index(arm) % len(_FILLS)])
    return "".join(cells)


def _shares(table: TableTrace) -> str:
    total: dict[str, int] = {}
    for start, end, arm in table.ranges:
        total[arm] = total.get(arm, 0) + end - start
    arms = sorted(total)
    parts = [
        f"{_FILLS[index % len(_FILLS)]} {arm} {total[arm] / 1000:g} %"
        for index, arm in enumerate(arms)
    ]
    return ", ".join(parts) or "no slots"


def _mark(holds: bool) -> str:
    return "✓" if holds else "✗"


def _coloured(text: str) -> str:
    return text.replace("✓", "\x1b[32m✓\x1b[0m").replace("✗", "\x1b[31m✗\x1b[0m")
