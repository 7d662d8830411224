"""Users who are moved though nobody meant to."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from burgee.snapshot.forms import OutcomeForm, TableForm
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.plan.report import percent_text
from burgee_compiler.plan.risks.looked_at import LookedAt

__all__ = ["table_risks"]


def table_risks(looked: LookedAt) -> Iterator[Diagnostic]:
    """Yield reshuffles, else whatever moves more users than the change needs."""
    if looked.before is None or looked.after is None:
        return
    reshuffled = list(_reshuffled(looked))
    needless = max(
        (each.moved.fraction - each.least.fraction for each in looked.plan.groups),
        default=Fraction(0),
    )
    for name, what in reshuffled:
        moved = f"; {percent_text(needless)} % of users change for nothing" if needless else ""
        text = f"{name} is drawn anew ({what}){moved}"
        yield looked.finding(
            "B913", text, "keep `seed` (and `was` for a renamed rule) as it was", _rule(name)
        )
    if needless and not reshuffled:
        text = f"{percent_text(needless)} % of users are moved more than the change needs"
        cure = "run `burgee lock`: it keeps users where they are, in a file beside the flag"
        yield looked.finding("B909", text, cure)


def _rule(name: str) -> str | None:
    return name.removeprefix("rule ") if name.startswith("rule ") else None


def _reshuffled(looked: LookedAt) -> Iterator[tuple[str, str]]:
    assert looked.before is not None
    assert looked.after is not None
    pairs: list[tuple[str, OutcomeForm, OutcomeForm]] = [
        (f"rule {after.name}", before, after) for before, after in looked.rules if after is not None
    ]
    now = looked.now
    defaults = [
        [each for each in side.form.phases if each.at is None or each.at <= now][-1].default
        for side in (looked.before, looked.after)
    ]
    pairs.append(("the default", defaults[0], defaults[1]))
    for name, before, after in pairs:
        for kind in ("split", "gate", "layer"):
            old: TableForm | None = getattr(before, kind, None)
            new: TableForm | None = getattr(after, kind, None)
            if old is None or new is None or (old.salt, before.by) == (new.salt, after.by):
                continue
            changed = f"by {before.by} → {after.by}" if old.salt == new.salt else "another seed"
            yield name, f"{kind}: {changed}"
            break
