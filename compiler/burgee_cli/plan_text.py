"""A plan as text for a terminal: what changes, whom it moves, with bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from burgee_cli.outcome import counted
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.diagnostics.place import Located
from burgee_compiler.plan.report import (
    Answer,
    EnvironmentPlan,
    FlagPlan,
    GroupPlan,
    Move,
    Plan,
    Real,
    Share,
    percent_text,
)

__all__ = ["alike", "bar", "move_text", "render_plan", "summary_of", "variant_text"]

_BAR: Final = 20
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_MOST_VARIANTS: Final = 12
_LONGEST: Final = 200


def render_plan(plan: Plan, risks: dict[Diagnostic, Located]) -> str:
    """Return the plan as lines; `risks` has the places of its findings."""
    lines = [f"plan of {plan.base} → {plan.head}, at {plan.at}", ""]
    for flag in plan.flags:
        lines += [*_flag(flag, risks), ""]
    lines += [line for risk in plan.risks for line in _risk(risk, risks, "")]
    if plan.found:
        errors = counted(len(plan.found), "error")
        lines.append(
            f"{errors} at {plan.head}: what does not build is not planned; see `burgee check`"
        )
    lines += [f"no effect on any user: {path}" for path in plan.without_effect]
    lines += [f"note: {note}" for note in plan.notes]
    lines.append(summary_of(plan))
    return "\n".join(lines)


def summary_of(plan: Plan) -> str:
    """Return the plan in one line."""
    if not plan.flags:
        return "nothing changes for any user"
    warnings = sum(len(flag.risks) for flag in plan.flags) + len(plan.risks)
    told = f"; {counted(warnings, 'risk')}" if warnings else ""
    plural = "changes" if len(plan.flags) == 1 else "change"
    return f"{counted(len(plan.flags), 'flag')} {plural}, class {plan.class_}{told}"


def _flag(flag: FlagPlan, risks: dict[Diagnostic, Located]) -> Iterator[str]:
    yield f"{flag.tenant}/{flag.flag}  {_status(flag)}  class {flag.class_}  [{flag.file}]"
    for environments in alike(flag.environments):
        yield from _environment(environments)
    for risk in flag.risks:
        yield from _risk(risk, risks, "  ")


def _status(flag: FlagPlan) -> str:
    if flag.status == "unknown":
        return "did not build before"
    if flag.status == "affected":
        return f"affected by {', '.join(flag.because_of) or 'what it uses'}"
    return flag.status


def alike(plans: Sequence[EnvironmentPlan]) -> list[list[EnvironmentPlan]]:
    """Return environments in groups that the plan says the same of."""
    found: list[list[EnvironmentPlan]] = []
    for plan in plans:
        for group in found:
            if _same(group[0], plan):
                group.append(plan)
                break
        else:
            found.append([plan])
    return found


def _same(one: EnvironmentPlan, other: EnvironmentPlan) -> bool:
    names = [name for name in one.__struct_fields__ if name != "environment"]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _environment(plans: Sequence[EnvironmentPlan]) -> Iterator[str]:
    plan = plans[0]
    names = ", ".join(each.environment for each in plans)
    yield f"  {names}: {', '.join(kind.replace('_', ' ') for kind in plan.kinds)}"
    yield from (f"    {change}" for change in plan.changes)
    if plan.undecided is not None:
        yield f"    whom it moves depends on who your users are: {plan.undecided}"
    for group in plan.groups:
        yield from _group(group)
    if not plan.groups and plan.undecided is None:
        yield "    nobody gets anything else now"
    elif plan.groups and plan.groups[0].who:
        yield "    all others: nothing changes"
    yield from (f"    where {name} is: {_short(text)}" for name, text in plan.conditions)
    if plan.worst_moved is not None and plan.worst_at is not None:
        moved = plan.worst_moved.percent
        yield f"    at worst, if it is on: {moved} % of a group at {plan.worst_at}"
    for step in plan.timeline:
        until = f" until {step.until}" if step.until else ""
        share = "" if step.moved is None else f"  ({step.moved.percent} % of a group move)"
        yield f"    by itself at {step.at}{until}: {'; '.join(step.what)}{share}"
    if plan.real is not None:
        yield from _real(plan.real)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _group(group: GroupPlan) -> Iterator[str]:
    if not group.who:
        yield "    everyone"
    for number, facts in enumerate(group.who):
        yield f"    {'users of' if number == 0 else '   or of'} {', '.join(facts)}:"
    width = max(len(variant_text(name)) for name, _, _ in group.served)
    for name, before, after in group.served[:_MOST_VARIANTS]:
        shown = f"{before.percent:>7} % → {after.percent:>7} %"
        yield f"      {variant_text(name).ljust(width)}  {shown}  {bar(before)} → {bar(after)}"
    if len(group.served) > _MOST_VARIANTS:
        yield f"      and {len(group.served) - _MOST_VARIANTS} more variants"
    yield f"      {move_text(group)}"


def move_text(group: GroupPlan) -> str:
    """Return in one line who of a group moves, and whether fewer could."""
    moves = [_move(each) for each in group.moves[:4]]
    if len(group.moves) > 4:
        moves.append(f"{len(group.moves) - 4} more moves")
    needless = group.moved.fraction - group.least.fraction
    told = "the least that these shares allow"
    if needless:
        told = f"{percent_text(needless)} % more than these shares need"
    return f"{'; '.join(moves)}; nobody else moves ({told})"


def _move(move: Move) -> str:
    if move.before == move.after:
        return f"{move.share.percent} % get another value of {variant_text(move.before)}"
    to = f"from {variant_text(move.before)} to {variant_text(move.after)}"
    return f"{move.share.percent} % of users {to}"


def variant_text(name: str | None) -> str:
    """Return a variant's name, or what stands for none."""
    return "the caller's default" if name is None else name


def bar(share: Share) -> str:
    """Return a share as a bar of fixed width."""
    eighths = round(share.fraction * _BAR * 8)
    if share.fraction and not eighths:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(_BAR)


def _real(real: Real) -> Iterator[str]:
    share = percent_text(Fraction(real.changed, real.contexts)) if real.contexts else "0.000"
    yield (
        f"    of {counted(real.contexts, 'real context')}: "
        f"{real.changed:,} ({share} %) get something else"
    )
    for each in real.transitions[:_MOST_VARIANTS]:
        lines = ", ".join(map(str, each.examples))
        yield (
            f"      {each.count:>9,}  {_answer(each.before)} → {_answer(each.after)}"
            f"  (such as line {lines})"
        )
    if len(real.transitions) > _MOST_VARIANTS:
        yield f"      and {len(real.transitions) - _MOST_VARIANTS} more kinds"


def _answer(answer: Answer) -> str:
    return f"{variant_text(answer.variant)} ({answer.rule or 'no rule'})"


def _risk(risk: Diagnostic, risks: dict[Diagnostic, Located], margin: str) -> Iterator[str]:
    located = risks.get(risk)
    span = None if located is None else located.spot.span
    place = risk.where.file + ("" if span is None else f":{span.line}:{span.column}")
    notes = f" ({'; '.join(risk.notes)})" if risk.notes else ""
    yield f"{margin}{risk.severity}[{risk.code}] {risk.message}{notes}  [{place}]"
    if risk.help:
        yield f"{margin}  = help: {risk.help}"
