"""A plan as Markdown, for the comment on a pull request: stable, collapsible, never too large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from burgee_cli.outcome import counted
from burgee_cli.plan_text import alike, bar, move_text, summary_of, variant_text
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located
from burgee_compiler.diagnostics.render_markdown import code_span, escaped
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan, GroupPlan, Plan

__all__ = ["MARKER", "render_markdown"]

MARKER: Final = "<!-- burgee-plan -->"
"""The first line: by it a comment is found again, and replaced instead of added to."""

# GitHub takes 65,536 characters; a character may be several bytes.
_LIMIT: Final = 60_000
_MOST_ROWS: Final = 200
_WARNED: Final = {"error": "⛔", "warning": "⚠️", "note": "💡"}


def render_markdown(plan: Plan, risks: dict[Diagnostic, Located]) -> str:
    """Return the plan as Markdown, with details of as many flags as there is room for."""
    head = [MARKER, f"### Plan: {escaped(summary_of(plan))}", ""]
    told = f"{code_span(plan.base)} → {code_span(plan.head)}, at {plan.at}"
    tail = [*_around(plan, risks), f"<sub>{told}</sub>", ""]
    parts = [*head, *_table(plan)]
    room = _LIMIT - len("\n".join((*parts, *tail)))
    shown = 0
    for flag in plan.flags:
        text = "\n".join(_details(flag, risks))
        if len(text) + 100 > room:
            break
        parts.append(text)
        room -= len(text) + 1
        shown += 1
    if shown < len(plan.flags):
        left = counted(len(plan.flags) - shown, "more flag")
        parts += [f"_Details of {left} do not fit here; `burgee plan` shows them._", ""]
    return "\n".join((*parts, *tail))


def _table(plan: Plan) -> Iterator[str]:
    if not plan.flags:
        return
    yield "| flag | environments | change | most that moves | class | |"
    yield "|---|---|---|---|---|---|"
    for flag in plan.flags[:_MOST_ROWS]:
        yield _row(flag)
    if len(plan.flags) > _MOST_ROWS:
        yield f"| and {len(plan.flags) - _MOST_ROWS} more | | | | | |"
    yield ""


def _row(flag: FlagPlan) -> str:
    kinds = dict.fromkeys(kind for each in flag.environments for kind in each.kinds)
    shares = [each.worst_moved for each in flag.environments]
    known = [each.fraction for each in shares if each is not None]
    most = "depends on your users" if None in shares else ""
    if known and not most:
        worst = max((each for each in shares if each is not None), key=lambda each: each.fraction)
        most = f"{worst.percent} %"
    cells = (
        code_span(f"{flag.tenant}/{flag.flag}"),
        ", ".join(escaped(each.environment) for each in flag.environments[:6]),
        ", ".join(kind.replace("_", " ") for kind in kinds),
        most,
        f"**{flag.class_}**" if flag.class_ == "high" else flag.class_,
        " ".join(dict.fromkeys(_WARNED.get(risk.severity, "") for risk in flag.risks)),
    )
    return f"| {' | '.join(cells)} |"


def _details(flag: FlagPlan, risks: dict[Diagnostic, Located]) -> Iterator[str]:
    name = f"<code>{escaped(flag.tenant)}/{escaped(flag.flag)}</code>"
    yield f"<details><summary>{name}: {_status(flag)}</summary>"
    yield ""
    for environments in alike(flag.environments):
        yield from _environment(environments)
    yield from (_risk(each, risks) for each in flag.risks)
    yield ""
    yield "</details>"
    yield ""


def _status(flag: FlagPlan) -> str:
    if flag.status == "affected":
        files = ", ".join(escaped(each) for each in flag.because_of)
        return f"affected by {files or 'what it uses'}"
    return "did not build before" if flag.status == "unknown" else flag.status


def _environment(plans: Sequence[EnvironmentPlan]) -> Iterator[str]:
    plan = plans[0]
    yield f"**{', '.join(escaped(each.environment) for each in plans)}**"
    yield ""
    yield from (f"- {escaped(change)}" for change in plan.changes)
    if plan.undecided is not None:
        yield f"- whom it moves depends on who your users are: {escaped(plan.undecided)}"
    for step in plan.timeline:
        until = f" until {step.until}" if step.until else ""
        share = "" if step.moved is None else f" ({step.moved.percent} % of a group move)"
        yield f"- by itself at {step.at}{until}: {escaped('; '.join(step.what))}{share}"
    if plan.worst_moved is not None and plan.worst_at is not None:
        yield f"- at worst, if it is on: {plan.worst_moved.percent} % of a group at {plan.worst_at}"
    if plan.real is not None:
        yield f"- of {plan.real.contexts:,} real contexts, {plan.real.changed:,} get something else"
    yield ""
    for group in plan.groups:
        yield from _group(group)
    if not plan.groups and plan.undecided is None:
        yield "Nobody gets anything else now."
    elif plan.groups and plan.groups[0].who:
        yield "All others: nothing changes."
    yield ""
    yield from (
        f"- where {escaped(name)} is: {escaped(text[:300])}" for name, text in plan.conditions
    )
    yield ""


def _group(group: GroupPlan) -> Iterator[str]:
    who = " · or · ".join(escaped(", ".join(facts)) for facts in group.who)
    yield f"Users of {who}:" if who else "Everyone:"
    yield ""
    yield "| variant | before | after | |"
    yield "|---|--:|--:|---|"
    for name, before, after in group.served[:12]:
        bars = f"`{bar(before)}` → `{bar(after)}`".replace("` ", "`")
        shown = f"{before.percent} % | {after.percent} %"
        yield f"| {escaped(variant_text(name))} | {shown} | {bars} |"
    yield ""
    yield escaped(move_text(group)) + "."
    yield ""


def _around(plan: Plan, risks: dict[Diagnostic, Located]) -> Iterator[str]:
    yield from (_risk(each, risks) for each in plan.risks)
    if plan.found:
        errors = counted(len(plan.found), "error")
        yield f"- ⛔ {errors}: what does not build is not planned; `burgee check` shows them"
    if plan.without_effect:
        shown = ", ".join(code_span(path) for path in plan.without_effect[:20])
        more = len(plan.without_effect) - 20
        yield f"- no effect on any user: {shown}" + (f" and {more} more" if more > 0 else "")
    yield from (f"- {escaped(note)}" for note in plan.notes)
    yield ""


def _risk(risk: Diagnostic, risks: dict[Diagnostic, Located]) -> str:
    located = risks.get(risk)
    span = None if located is None else located.spot.span
    place = risk.where.file + ("" if span is None else f":{span.line}")
    notes = f" ({escaped('; '.join(risk.notes))})" if risk.notes else ""
    cure = f" _{escaped(risk.help)}_" if risk.help else ""
    mark = _WARNED.get(risk.severity, "")
    return f"- {mark} {risk.code} {escaped(risk.message)}{notes}, {code_span(place)}.{cure}"
