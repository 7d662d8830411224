"""A plan as Markdown, for the comment on a pull request: stable, collapsible, never too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from burgee_cli.outcome import counted
from burgee_cli.plan_words import (
    MOST_GROUPS,
    MOST_VARIANTS,
    alike,
    bar,
    change_text,
    move_text,
    nobody_text,
    place_text,
    served_text,
    signed_text,
    status_text,
    step_text,
    summary_of,
    variant_text,
    verdict_text,
    who_text,
    worst_text,
)
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located
from burgee_compiler.diagnostics.render_markdown import code_span, escaped
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan, GroupPlan, Plan, percent_text

__all__ = ["MARKER", "render_markdown"]

MARKER: Final = "<!-- burgee-plan -->"
"""The first line: by it a comment is found again, and replaced instead of added to."""

# GitHub takes 65,536 characters.
_LIMIT: Final = 60_000
_TABLE_ROOM: Final = 20_000
_REST_ROOM: Final = 15_000
_WARNED: Final = {"error": "⛔", "warning": "⚠️", "note": "💡"}
Places = Mapping[Diagnostic, Located]


def render_markdown(plan: Plan, places: Places) -> str:
    """Return the plan as Markdown, with details of as many flags as there is room for."""
    verdict = "" if plan.verdict is None else f"; policy: {plan.verdict.then}"
    head = [MARKER, f"### Plan: {escaped(summary_of(plan))}{verdict}", ""]
    told = f"{code_span(plan.base)} → {code_span(plan.head)}, at {plan.at}"
    rest = _fitting(list(_around(plan, places)), _REST_ROOM, "- and {} more lines")
    tail = [*rest, "", f"<sub>{told}</sub>", ""]
    parts = [*head, *_table(plan)]
    room = _LIMIT - len("\n".join((*parts, *tail)))
    shown = 0
    for flag in plan.flags:
        text = "\n".join(_details(flag, places))
        if len(text) + 100 > room:
            break
        parts.append(text)
        room -= len(text) + 1
        shown += 1
    if shown < len(plan.flags):
        left = counted(len(plan.flags) - shown, "more flag")
        parts += [f"_Details of {left} do not fit here; `burgee plan` shows them._", ""]
    return "\n".join((*parts, *tail))


def _fitting(lines: list[str], room: int, more: str) -> list[str]:
    """Return as many lines as there is room for, and how many are left out."""
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return [*lines[:number], more.format(f"{len(lines) - number:,}")]
    return lines


def _table(plan: Plan) -> Iterator[str]:
    if not plan.flags:
        return
    yield "| flag | environments | change | most that moves | class | policy | |"
    yield "|---|---|---|--:|---|---|---|"
    rows = [_row(flag) for flag in plan.flags]
    yield from _fitting(rows, _TABLE_ROOM, "| and {} more flags | | | | | | |")
    yield ""


def _row(flag: FlagPlan) -> str:
    kinds = dict.fromkeys(change_text(each) for each in flag.environments)
    plans = [each for each in flag.environments if each.status != "comes"]
    known = [each.worst_moved.fraction for each in plans if each.worst_moved is not None]
    most = f"{percent_text(max(known))} %" if known else ""
    if len(known) < len(plans):
        most = "not known"
    names = [escaped(each.environment) for each in flag.environments]
    verdicts = {each.verdict.then for each in flag.environments if each.verdict is not None}
    cells = (
        code_span(_name(flag)),
        ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else ""),
        "; ".join(kinds),
        most,
        f"**{flag.class_}**" if flag.class_ == "high" else flag.class_,
        next((each for each in ("deny", "review", "allow") if each in verdicts), ""),
        " ".join(dict.fromkeys(_WARNED.get(risk.severity, "") for risk in flag.risks)),
    )
    return f"| {' | '.join(cells)} |"


def _name(flag: FlagPlan) -> str:
    return f"{flag.tenant}/{flag.flag}"


def _details(flag: FlagPlan, places: Places) -> Iterator[str]:
    # Markdown's marks mean nothing in a line of HTML.
    name, status = (escape(printable(each)) for each in (_name(flag), status_text(flag)))
    yield f"<details><summary><code>{name}</code>: {status}</summary>"
    yield ""
    for environments in alike(flag.environments):
        yield from _environment(environments)
    yield from (_risk(each, places) for each in flag.risks)
    yield ""
    yield "</details>"
    yield ""


def _environment(plans: Sequence[EnvironmentPlan]) -> Iterator[str]:
    plan = plans[0]
    names = ", ".join(escaped(each.environment) for each in plans)
    yield f"**{names}**: {change_text(plan)}"
    yield ""
    if plan.status in ("comes", "goes"):
        yield from _one_sided(plan)
    else:
        yield from (f"- {escaped(each)}" for each in _changes(plan))
    verdict = verdict_text(plans)
    if verdict is not None:
        yield f"- {escaped(verdict)}"
    yield ""
    if plan.status == "changed":
        yield from _groups(plan)
    for name, text in plan.conditions:
        yield f"- {escaped(name)}: {escaped(text if len(text) <= 300 else text[:299] + '…')}"
    yield ""


def _changes(plan: EnvironmentPlan) -> Iterator[str]:
    yield from plan.changes
    if plan.undecided is not None:
        yield f"whom it moves is not known: {plan.undecided}"
    yield from map(step_text, plan.timeline)
    yield from (text for text in (worst_text(plan), nobody_text(plan)) if text is not None)
    if plan.real is not None:
        yield f"of {plan.real.contexts:,} real contexts, {plan.real.changed:,} get something else"


def _groups(plan: EnvironmentPlan) -> Iterator[str]:
    for group in plan.groups[:MOST_GROUPS]:
        yield from _group(group)
    if len(plan.groups) > MOST_GROUPS:
        more = counted(len(plan.groups) - MOST_GROUPS, "more group")
        yield f"And {more} of users, of whom fewer move."
        yield ""
    if plan.groups and plan.others:
        yield "Nobody else gets anything else."
        yield ""


def _one_sided(plan: EnvironmentPlan) -> Iterator[str]:
    for group in plan.groups[:MOST_GROUPS]:
        who = "; or ".join(who_text(facts) for facts in group.who[:3]) or "everyone"
        more = f" and {len(group.who) - 3} more" if len(group.who) > 3 else ""
        served = served_text(group, before=plan.status == "goes")
        yield f"- {escaped(f'{who}{more}: {served}')}"
    if len(plan.groups) > MOST_GROUPS:
        yield f"- and {counted(len(plan.groups) - MOST_GROUPS, 'more group')} of users"


def _group(group: GroupPlan) -> Iterator[str]:
    who = "; or ".join(escaped(who_text(facts)) for facts in group.who) or "everyone"
    yield f"{who[:1].upper()}{who[1:]}:"
    yield ""
    yield "| variant | before | after | | |"
    yield "|---|--:|--:|--:|---|"
    for name, before, after in group.served[:MOST_VARIANTS]:
        bars = f"`{bar(before)}` → `{bar(after)}`"
        shares = f"{before.percent} % | {after.percent} % | {signed_text(before, after)}"
        yield f"| {escaped(variant_text(name))} | {shares} | {bars} |"
    if len(group.served) > MOST_VARIANTS:
        yield f"| and {len(group.served) - MOST_VARIANTS} more variants | | | | |"
    yield ""
    yield escaped(move_text(group)) + "."
    yield ""


def _around(plan: Plan, places: Places) -> Iterator[str]:
    yield from (_risk(each, places) for each in (*plan.risks, *plan.found))
    if plan.without_effect:
        shown = ", ".join(code_span(path) for path in plan.without_effect[:20])
        more = len(plan.without_effect) - 20
        yield f"- no effect on any user: {shown}" + (f" and {more} more" if more > 0 else "")
    yield from (f"- {escaped(note)}" for note in plan.notes)


def _risk(risk: Diagnostic, places: Places) -> str:
    notes = f" ({escaped('; '.join(risk.notes))})" if risk.notes else ""
    cure = f" _{escaped(risk.help)}_" if risk.help else ""
    mark = _WARNED.get(risk.severity, "")
    place = code_span(place_text(risk, places.get(risk)))
    return f"- {mark} {risk.code} {escaped(risk.message)}{notes}, {place}.{cure}"
