"""All risks of a plan, each told once, with the environments that it holds in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import structs

from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.diagnostics.levels import apply_levels
from burgee_compiler.plan.report import FlagPlan
from burgee_compiler.plan.risks.experiments import experiment_risks
from burgee_compiler.plan.risks.flags import flag_risks
from burgee_compiler.plan.risks.looked_at import LookedAt
from burgee_compiler.plan.risks.tables import table_risks

if TYPE_CHECKING:
    from burgee_compiler.plan.compare import Revision

__all__ = ["find_risks", "layer_risks"]


def find_risks(
    base: Revision, head: Revision, flags: Iterable[FlagPlan], now: int
) -> list[FlagPlan]:
    """Return the flags with their risks, at the levels that base sets."""
    burgee = base.repository.burgee
    levels = {} if burgee is None else burgee.levels
    found = list(flags)
    users = _users(head, found)
    return [
        structs.replace(
            flag, risks=tuple(apply_levels(_merged(_risks(base, head, flag, now, users)), levels))
        )
        for flag in found
    ]


def _risks(
    base: Revision, head: Revision, flag: FlagPlan, now: int, users: dict[tuple[str, str], set[str]]
) -> Iterator[tuple[str, Diagnostic]]:
    for plan in flag.environments:
        scenes = (each.scene(flag.tenant, plan.environment) for each in (base, head))
        before, after = (None if scene is None else scene.side(flag.flag) for scene in scenes)
        looked = LookedAt(flag, plan, before, after, now)
        for risks in (experiment_risks, table_risks, flag_risks):
            for each in risks(looked):
                yield plan.environment, each
    affected = sorted(users.get((flag.tenant, flag.flag), ()))
    if affected and any(each.groups or each.undecided for each in flag.environments):
        where = Where(flag.file)
        text = f"other flags depend on it and change with it: {', '.join(affected)}"
        cure = "look at their part of the plan too"
        subject = f"{flag.tenant}/{flag.flag}"
        yield "", diagnostic("B908", text, where, help=cure, subject=subject)
    drifted = _drifted(base, head, flag)
    if drifted is not None:
        yield "", drifted


def _users(head: Revision, flags: list[FlagPlan]) -> dict[tuple[str, str], set[str]]:
    """Return the flags that name each flag of the plan, of those in it."""
    found: dict[tuple[str, str], set[str]] = {}
    for flag in flags:
        for plan in flag.environments:
            scene = head.scene(flag.tenant, plan.environment)
            side = None if scene is None else scene.side(flag.flag)
            for name in () if side is None else side.below:
                found.setdefault((flag.tenant, name), set()).add(flag.flag)
    return found


def _drifted(base: Revision, head: Revision, flag: FlagPlan) -> Diagnostic | None:
    """Return a note where environments that had one form come to have several."""
    forms = []
    for revision in (base, head):
        found: dict[str, str] = {}
        for environment in revision.environments:
            scene = revision.scene(flag.tenant, environment)
            if scene is not None and flag.flag in scene.forms.entries:
                found[environment] = scene.forms.entries[flag.flag][0]
        forms.append(found)
    old, new = forms
    apart = sorted(
        (one, other)
        for one in new
        for other in new
        if one < other
        and old.get(one) is not None
        and old.get(one) == old.get(other)
        and new[one] != new[other]
    )
    if not apart:
        return None
    pairs = "; ".join(f"{one} and {other}" for one, other in apart)
    return diagnostic(
        "B911",
        f"environments that said the same drift apart: {pairs}",
        Where(flag.file),
        help="change both, or say in the pull request why not",
        subject=f"{flag.tenant}/{flag.flag}",
    )


def _merged(found: Iterable[tuple[str, Diagnostic]]) -> list[Diagnostic]:
    environments: dict[Diagnostic, list[str]] = {}
    for environment, risk in found:
        environments.setdefault(risk, []).append(environment)
    return [
        structs.replace(risk, notes=(*risk.notes, f"in {', '.join(names)}")) if any(names) else risk
        for risk, names in environments.items()
    ]


def layer_risks(base: Revision, head: Revision) -> list[Diagnostic]:
    """Return the slots of layers that change hands between experiments."""
    found: list[Diagnostic] = []
    for name, files in head.repository.tenants.items():
        before = base.repository.tenants.get(name)
        for layer, declared in {} if before is None else before.layers.items():
            later = files.layers.get(layer)
            if later is None:
                continue
            for old, slots in declared.slots.items():
                for new, others in later.slots.items():
                    shared = 0 if old == new else _overlap(slots, others)
                    if shared:
                        text = (
                            f"{shared / 1000:g} % of layer {layer} goes from {old} to {new}: "
                            "its users have been in another experiment"
                        )
                        where = Where(files.path_of_layers(), (layer, "slots", new))
                        cure = "`burgee layer add` finds slots that nobody has"
                        found.append(diagnostic("B905", text, where, help=cure))
    burgee = base.repository.burgee
    return apply_levels(found, {} if burgee is None else burgee.levels)


def _overlap(one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]) -> int:
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)
