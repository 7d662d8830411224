"""The words of a plan that text and Markdown share."""

from __future__ import annotations

from collections.abc import Sequence
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
    Share,
    Step,
    Transition,
    Verdict,
    percent_text,
)

__all__ = [
    "MOST_GROUPS",
    "MOST_VARIANTS",
    "alike",
    "bar",
    "change_text",
    "move_text",
    "nobody_text",
    "place_text",
    "served_text",
    "signed_text",
    "status_text",
    "step_text",
    "summary_of",
    "transition_text",
    "variant_text",
    "verdict_text",
    "who_text",
    "worst_text",
]

MOST_GROUPS: Final = 8
MOST_VARIANTS: Final = 12
_MOST_MOVES: Final = 4
_BAR: Final = 16
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_SERVES: Final = " serves "


def summary_of(plan: Plan) -> str:
    """Return the plan in one line."""
    warnings = sum(len(flag.risks) for flag in plan.flags) + len(plan.risks)
    told = f"; {counted(warnings, 'risk')}" if warnings else ""
    if plan.found:
        told += f"; {counted(len(plan.found), 'error')}, of which nothing is planned"
    if not plan.flags:
        what = "nothing that builds" if plan.found else "nothing"
        return f"{what} changes for any user{told}"
    plural = "changes" if len(plan.flags) == 1 else "change"
    return f"{counted(len(plan.flags), 'flag')} {plural}, class {plan.class_}{told}"


def status_text(flag: FlagPlan) -> str:
    """Return in a few words why a flag is in the plan."""
    if flag.status == "unknown":
        return "did not build before"
    behind = ", ".join(flag.because_of)
    if flag.status == "affected":
        return f"affected by {behind or 'what it uses'}"
    return flag.status + (f", and affected by {behind}" if behind else "")


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
    names = [name for name in one.__struct_fields__ if name not in ("environment", "verdict")]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def change_text(plan: EnvironmentPlan) -> str:
    """Return the kinds of a change."""
    if plan.status in ("comes", "goes"):
        return "the flag comes" if plan.status == "comes" else "the flag goes"
    return ", ".join(kind.replace("_", " ") for kind in plan.kinds)


def who_text(facts: Sequence[str]) -> str:
    """Return who has these facts, such as: users who match a but not b."""
    if not facts:
        return "everyone"
    holds = [each for each in facts if not each.startswith("not ")]
    fails = [each.removeprefix("not ") for each in facts if each.startswith("not ")]
    match = " and ".join(each for each in holds if _SERVES not in each)
    no_match = " or ".join(each for each in fails if _SERVES not in each)
    parts = ["users"]
    if match:
        parts.append(f"who match {match}")
    if no_match:
        parts.append(f"but not {no_match}" if match else f"who do not match {no_match}")
    flags = [each for each in holds if _SERVES in each]
    flags += [each.replace(_SERVES, " does not serve ") for each in fails if _SERVES in each]
    told = " ".join(parts)
    return (
        f"{told}{',' if len(parts) > 1 else ''} for whom {' and '.join(flags)}" if flags else told
    )


def move_text(group: GroupPlan) -> str:
    """Return in one line who of a group moves, and whether fewer could."""
    whom = "of them" if group.who else "of users"
    moves = [_move(each, whom) for each in group.moves[:_MOST_MOVES]]
    if len(group.moves) > _MOST_MOVES:
        moves.append(f"{len(group.moves) - _MOST_MOVES} more moves")
    needless = group.moved.fraction - group.least.fraction
    told = "the least that these shares allow"
    if needless:
        told = f"{percent_text(needless)} % more than these shares need"
    return f"{'; '.join(moves)}; nobody else moves ({told})"


def _move(move: Move, whom: str) -> str:
    if move.before == move.after:
        return f"{move.share.percent} % {whom} get another value of {variant_text(move.before)}"
    to = f"from {variant_text(move.before)} to {variant_text(move.after)}"
    return f"{move.share.percent} % {whom} {to}"


def served_text(group: GroupPlan, *, before: bool) -> str:
    """Return what a group is served on one side alone."""
    shares = [(name, old if before else new) for name, old, new in group.served]
    shown = [f"{variant_text(name)} {each.percent} %" for name, each in shares if each.numerator]
    more = len(shown) - MOST_VARIANTS
    return ", ".join(shown[:MOST_VARIANTS]) + (f" and {more} more" if more > 0 else "")


def nobody_text(plan: EnvironmentPlan) -> str | None:
    """Return what is to be said where no group moves; None where nothing is."""
    if plan.groups or plan.undecided is not None:
        return None
    if {"override", "members"} & set(plan.kinds):
        return "nobody else gets anything else now"
    return "nobody gets anything else now"


def worst_text(plan: EnvironmentPlan) -> str | None:
    """Return when and how more users get something else than now, where they do."""
    moved = plan.worst_moved
    now = max((each.moved.fraction for each in plan.groups), default=Fraction(0))
    if moved is None or moved.fraction <= now or plan.status != "changed":
        return None
    when = f" at {plan.worst_at}" if plan.worst_at else ""
    condition = " if it is switched on" if plan.worst_if_on else ""
    return f"at worst {moved.percent} % of a group get something else{when}{condition}"


def step_text(step: Step) -> str:
    """Return what a flag changes by itself."""
    until = f" until {step.until}" if step.until else ""
    share = "" if step.moved is None else f" ({step.moved.percent} % of a group move)"
    return f"by itself at {step.at}{until}: {'; '.join(step.what)}{share}"


def verdict_text(plans: Sequence[EnvironmentPlan]) -> str | None:
    """Return what the policy says of environments that change alike, None without a policy."""
    found: dict[Verdict, list[str]] = {}
    for plan in plans:
        if plan.verdict is not None:
            found.setdefault(plan.verdict, []).append(plan.environment)
    if not found:
        return None
    if len(found) == 1:
        return f"policy: {_verdict(next(iter(found)))}"
    each = (f"{', '.join(names)} {_verdict(verdict)}" for verdict, names in found.items())
    return f"policy: {'; '.join(each)}"


def _verdict(verdict: Verdict) -> str:
    line = "no line matches" if verdict.line is None else f"line {verdict.line}"
    return f"{verdict.then} ({line})"


def variant_text(name: str | None) -> str:
    """Return a variant's name, or what stands for none."""
    return "the caller's default" if name is None else name


def signed_text(before: Share, after: Share) -> str:
    """Return a difference of shares with its sign."""
    by = after.fraction - before.fraction
    if not by:
        return ""
    return ("+" if by > 0 else "-") + percent_text(abs(by)) + " %"


def bar(share: Share) -> str:
    """Return a share as a bar of fixed width."""
    eighths = round(share.fraction * _BAR * 8)
    if share.fraction and not eighths:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(_BAR)


def transition_text(each: Transition) -> str:
    """Return from which answer to which, by which rules."""
    return f"{_answer(each.before)} → {_answer(each.after)}"


def _answer(answer: Answer) -> str:
    return f"{variant_text(answer.variant)} ({answer.rule or 'no rule'})"


def place_text(risk: Diagnostic, located: Located | None) -> str:
    """Return where a finding stands."""
    span = None if located is None else located.spot.span
    return risk.where.file + ("" if span is None else f":{span.line}:{span.column}")
