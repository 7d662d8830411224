"""Users who are moved though nobody meant to."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from burgee.snapshot.forms import GateForm, OutcomeForm, RuleForm, TableForm
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.plan.report import percent_text
from burgee_compiler.plan.risks.looked_at import LookedAt

__all__ = ["table_risks"]


def table_risks(looked: LookedAt) -> Iterator[Diagnostic]:
    """Yield reshuffles, else whatever moves more users than the change needs."""
    if looked.before is None or looked.after is None:
        return
    needless = max(
        (each.moved.fraction - each.least.fraction for each in looked.plan.groups),
        default=Fraction(0),
    )
    moved = f"; {percent_text(needless)} % of users change for nothing" if needless else ""
    # Of running experiments that are drawn anew there is a finding already.
    found = any(
        _runs(before) and after is not None and _redrawn(before, after)
        for before, after in looked.rules
    )
    for name, what, cure in (*_renamed(looked), *_reshuffled(looked)):
        found = True
        text = f"{name} is drawn anew ({what}){moved}"
        yield looked.finding("B913", text, cure, _rule(name), _field(name))
    if needless and not found:
        text = f"{percent_text(needless)} % of users are moved more than the change needs"
        yield looked.finding("B909", text, _cure(looked))


def _rule(name: str) -> str | None:
    return name.removeprefix("rule ") if name.startswith("rule ") else None


def _field(name: str) -> str:
    return "" if name.startswith("rule ") else "default"


def _cure(looked: LookedAt) -> str:
    if any(_decides(each.split) for each in _outcomes(looked)):
        return "run `burgee lock`: it keeps users where they are, in a file beside the flag"
    return "see which rules trade users, and whether that was meant"


def _outcomes(looked: LookedAt) -> Iterator[OutcomeForm]:
    assert looked.after is not None
    phase = looked.after.phase(looked.now)
    yield from (phase.default, *phase.rules)


def _renamed(looked: LookedAt) -> Iterator[tuple[str, str, str]]:
    """Rules that go while another like them comes: most likely they have a new name."""
    assert looked.after is not None
    kept = {later.name for _, later in looked.rules if later is not None}
    come = [each for each in looked.after.phase(looked.now).rules if each.name not in kept]
    for before, later in looked.rules:
        like = [each for each in come if later is None and each.when == before.when]
        if len(like) == 1 and _redrawn(before, like[0]):
            cure = f"if it is {before.name} under a new name, add `was: {before.name}`"
            yield f"rule {like[0].name}", f"it was {before.name}", cure


def _reshuffled(looked: LookedAt) -> Iterator[tuple[str, str, str]]:
    assert looked.before is not None
    assert looked.after is not None
    pairs: list[tuple[str, OutcomeForm, OutcomeForm]] = [
        (f"rule {after.name}", before, after)
        for before, after in looked.rules
        if after is not None and not _runs(before)
    ]
    sides = looked.before, looked.after
    defaults = [side.phase(looked.now).default for side in sides]
    pairs.append(("the default", defaults[0], defaults[1]))
    for name, before, after in pairs:
        kind = _redrawn(before, after)
        if kind is None:
            continue
        if before.by != after.by:
            what, cure = f"{kind}: by {before.by} → {after.by}", "keep `by` as it was"
        else:
            what, cure = f"{kind}: another seed", "keep `seed` as it was"
        yield name, what, cure


def _runs(rule: RuleForm) -> bool:
    """Whether it is a running experiment: those have findings of their own."""
    return rule.experiment is not None and rule.experiment.status == "running"


def _redrawn(before: OutcomeForm, after: OutcomeForm) -> str | None:
    """Return which of its tables draws users otherwise than before."""
    for kind in ("split", "gate", "layer"):
        old: TableForm | None = getattr(before, kind, None)
        new: TableForm | None = getattr(after, kind, None)
        if old is None or new is None or not (_decides(old) and _decides(new)):
            continue
        if (old.salt, before.by) != (new.salt, after.by):
            return kind
    return None


def _decides(table: TableForm | None) -> bool:
    """Whether it tells users apart: one range for all asks for no unit."""
    if table is None or (isinstance(table, GateForm) and table.moving is not None):
        return table is not None
    ranges: tuple[tuple[int, ...], ...] = getattr(table, "ranges", ())
    return len(ranges) > 1 or (bool(ranges) and ranges[0][:2] != (0, table.slots))
