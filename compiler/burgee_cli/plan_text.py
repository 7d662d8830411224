"""A plan as text for a terminal: what changes, whom it moves, with bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from textwrap import wrap
from typing import Final

import click

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
    transition_text,
    variant_text,
    verdict_text,
    who_text,
    worst_text,
)
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.plan.report import (
    EnvironmentPlan,
    FlagPlan,
    GroupPlan,
    Plan,
    Real,
    percent_text,
)

__all__ = ["render_plan"]

_WIDTH: Final = 100
_LONGEST: Final = 300
_COLOURS: Final = {
    "high": "red",
    "medium": "yellow",
    "low": "green",
    "none": "green",
    "error": "red",
    "warning": "yellow",
    "note": "cyan",
    "deny": "red",
    "review": "yellow",
    "allow": "green",
}
Places = Mapping[Diagnostic, Located]


def render_plan(plan: Plan, places: Places, *, colour: bool = False) -> str:
    """Return the plan as lines of a hundred columns; `places` has those of its findings."""
    return "\n".join(_Text(places, colour).lines(plan))


class _Text:
    def __init__(self, places: Places, colour: bool) -> None:
        self._places = places
        self._colour = colour

    def lines(self, plan: Plan) -> Iterator[str]:
        yield f"plan of {plan.base} → {plan.head}, at {plan.at}"
        yield ""
        for flag in plan.flags:
            yield from self._flag(flag)
            yield ""
        for risk in (*plan.risks, *plan.found):
            yield from self._finding(risk, "")
        for path in plan.without_effect:
            yield f"no effect on any user: {path}"
        for note in plan.notes:
            yield from _wrapped(f"note: {note}", "")
        summary = summary_of(plan).replace(f"class {plan.class_}", self._class(plan.class_), 1)
        verdict = plan.verdict
        yield summary + ("" if verdict is None else f"; policy: {self._paint(verdict.then)}")

    def _class(self, name: str) -> str:
        return f"class {self._paint(name)}"

    def _paint(self, word: str, text: str | None = None) -> str:
        shown = word if text is None else text
        return click.style(shown, fg=_COLOURS.get(word), bold=True) if self._colour else shown

    def _flag(self, flag: FlagPlan) -> Iterator[str]:
        title = self._paint("", f"{flag.tenant}/{flag.flag}")
        place = f"[{printable(flag.file)}]"
        plain = f"{flag.tenant}/{flag.flag}  {flag.status}  class {flag.class_}  {place}"
        fits = len(plain) <= _WIDTH
        yield f"{title}  {flag.status}  {self._class(flag.class_)}" + (f"  {place}" if fits else "")
        if not fits:
            yield f"  {place}"
        if status_text(flag) != flag.status:
            yield from _wrapped(status_text(flag), "  ")
        for environments in alike(flag.environments):
            yield from self._environment(environments)
        for risk in flag.risks:
            yield from self._finding(risk, "  ")

    def _environment(self, plans: Sequence[EnvironmentPlan]) -> Iterator[str]:
        plan = plans[0]
        names = ", ".join(each.environment for each in plans)
        yield from _wrapped(f"{names}: {change_text(plan)}", "  ")
        if plan.status in ("comes", "goes"):
            yield from _one_sided(plan)
        else:
            yield from _changed(plan)
        for name, text in plan.conditions:
            shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
            yield from _wrapped(f"{name}: {shown}", "    ")
        for step in plan.timeline:
            yield from _wrapped(step_text(step), "    ")
        if plan.real is not None:
            yield from _real(plan.real)
        verdict = verdict_text(plans)
        if verdict is not None:
            yield from _wrapped(verdict, "    ")

    def _finding(self, risk: Diagnostic, margin: str) -> Iterator[str]:
        notes = f" ({'; '.join(risk.notes)})" if risk.notes else ""
        place = place_text(risk, self._places.get(risk))
        head = f"{risk.severity}[{risk.code}]"
        first, *rest = _wrapped(f"{head} {risk.message}{notes}  [{place}]", margin)
        yield first.replace(head, self._paint(risk.severity, head), 1)
        yield from rest
        if risk.help:
            yield from _wrapped(f"= help: {risk.help}", f"{margin}  ")


def _wrapped(text: str, margin: str) -> list[str]:
    """Return text in lines, the further ones set in by two more."""
    text = printable(text)
    if len(margin) + len(text) <= _WIDTH:
        return [margin + text]
    return wrap(
        text,
        _WIDTH,
        initial_indent=margin,
        subsequent_indent=f"{margin}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _changed(plan: EnvironmentPlan) -> Iterator[str]:
    for change in plan.changes:
        yield from _wrapped(change, "    ")
    if plan.undecided is not None:
        yield from _wrapped(f"whom it moves is not known: {plan.undecided}", "    ")
    for group in plan.groups[:MOST_GROUPS]:
        yield from _group(group)
    if len(plan.groups) > MOST_GROUPS:
        more = counted(len(plan.groups) - MOST_GROUPS, "more group")
        yield f"    and {more} of users, of whom fewer move: --json has them"
    if plan.groups and plan.others:
        yield "    nobody else gets anything else"
    for text in (nobody_text(plan), worst_text(plan)):
        if text is not None:
            yield from _wrapped(text, "    ")


def _one_sided(plan: EnvironmentPlan) -> Iterator[str]:
    """What a flag serves that comes, or served that goes: there is nothing to compare."""
    for group in plan.groups[:MOST_GROUPS]:
        who = "; or ".join(who_text(facts) for facts in group.who[:3]) or "everyone"
        more = f" and {len(group.who) - 3} more" if len(group.who) > 3 else ""
        served = served_text(group, before=plan.status == "goes")
        yield from _wrapped(f"{who}{more}: {served}", "    ")
    if len(plan.groups) > MOST_GROUPS:
        yield f"    and {counted(len(plan.groups) - MOST_GROUPS, 'more group')} of users"


def _group(group: GroupPlan) -> Iterator[str]:
    if not group.who:
        yield "    everyone:"
    for number, facts in enumerate(group.who):
        text = f"{'or ' if number else ''}{who_text(facts)}"
        yield from _wrapped(text + (":" if number == len(group.who) - 1 else ""), "    ")
    width = max(len(variant_text(name)) for name, _, _ in group.served)
    for name, before, after in group.served[:MOST_VARIANTS]:
        shares = f"{before.percent:>7} % → {after.percent:>7} %  {signed_text(before, after):>10}"
        label = printable(variant_text(name)).ljust(width)
        yield f"      {label}  {shares}  {bar(before)} → {bar(after)}".rstrip()
    if len(group.served) > MOST_VARIANTS:
        yield f"      and {len(group.served) - MOST_VARIANTS} more variants"
    yield from _wrapped(move_text(group), "      ")


def _real(real: Real) -> Iterator[str]:
    share = percent_text(Fraction(real.changed, real.contexts)) if real.contexts else "0.000"
    yield (
        f"    of {counted(real.contexts, 'real context')}: "
        f"{real.changed:,} ({share} %) get something else"
    )
    for each in real.transitions[:MOST_VARIANTS]:
        lines = ", ".join(map(str, each.examples))
        yield f"      {each.count:>9,}  {printable(transition_text(each))}  (such as line {lines})"
    if len(real.transitions) > MOST_VARIANTS:
        yield f"      and {len(real.transitions) - MOST_VARIANTS} more kinds"
