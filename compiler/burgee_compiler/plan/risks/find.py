"""All risks of a plan, each told once, with the environments that it holds in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Final

from msgspec import structs

from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.diagnostics.levels import apply_levels
from burgee_compiler.excuses import apply_excuses, excuses_in
from burgee_compiler.load import ROOT_FILE
from burgee_compiler.model.flag import Flag
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan
from burgee_compiler.plan.risks.experiments import experiment_risks
from burgee_compiler.plan.risks.flags import flag_risks, switch_risks
from burgee_compiler.plan.risks.looked_at import LookedAt
from burgee_compiler.plan.risks.tables import table_risks
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import flag_in

if TYPE_CHECKING:
    from burgee_compiler.plan.compare import Revision

__all__ = ["find_risks", "repository_risks"]

_EXCUSES: Final = frozenset(("B726", "B727"))


def find_risks(
    base: Revision, head: Revision, flags: Iterable[FlagPlan], now: int
) -> list[FlagPlan]:
    """Return the flags with their risks, at the levels that base sets."""
    found = list(flags)
    users = _users(head, found)
    return [
        structs.replace(
            flag, risks=_told(_merged(_risks(base, head, flag, now, users), head), base)
        )
        for flag in found
    ]


def _risks(
    base: Revision, head: Revision, flag: FlagPlan, now: int, users: dict[tuple[str, str], set[str]]
) -> Iterator[tuple[str, Diagnostic]]:
    for plan in flag.environments:
        if plan.environment not in head.environments or plan.status == "unknown":
            continue  # of an environment that goes, one finding tells
        scenes = (each.scene(flag.tenant, plan.environment) for each in (base, head))
        before, after = (None if scene is None else scene.side(flag.flag) for scene in scenes)
        looked = LookedAt(flag, plan, before, after, now)
        for risks in (experiment_risks, table_risks, flag_risks):
            for each in risks(looked):
                yield plan.environment, each
    affected = sorted(users.get((flag.tenant, flag.flag), ()))
    subject = f"{flag.tenant}/{flag.flag}"
    if affected and _moves(flag):
        text = f"other flags depend on it and change with it: {', '.join(affected)}"
        cure = "look at their part of the plan too"
        yield "", diagnostic("B908", text, Where(flag.file), help=cure, subject=subject)
    apart = _drifted(base, head, flag)
    if apart:
        text = f"environments that said the same drift apart: {'; '.join(apart)}"
        cure = "change both, or say in the pull request why not"
        yield "", diagnostic("B911", text, Where(flag.file), help=cure, subject=subject)


def _moves(flag: FlagPlan) -> bool:
    return any(each.groups or each.undecided for each in flag.environments)


def _users(head: Revision, flags: list[FlagPlan]) -> dict[tuple[str, str], set[str]]:
    """Return the flags that name each flag of the plan, of those in it of which users move."""
    found: dict[tuple[str, str], set[str]] = {}
    for flag in filter(_moves, flags):
        for plan in flag.environments:
            scene = head.scene(flag.tenant, plan.environment)
            side = None if scene is None else scene.side(flag.flag)
            for name in () if side is None else side.below:
                found.setdefault((flag.tenant, name), set()).add(flag.flag)
    return found


def _drifted(base: Revision, head: Revision, flag: FlagPlan) -> list[str]:
    """Return the environments that said the same of a flag and come to say other things."""
    said: dict[str, tuple[Flag, Flag]] = {}
    old, new = base.flag(flag.tenant, flag.flag), head.flag(flag.tenant, flag.flag)
    if old is None or new is None:
        return []
    for name in head.environments:
        if name in base.environments:
            said[name] = flag_in(old, name), flag_in(new, name)
    names = sorted(said)
    return [
        f"{one} and {other}"
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if said[one][0] == said[other][0] and said[one][1] != said[other][1]
    ]


def _merged(found: Iterable[tuple[str, Diagnostic]], head: Revision) -> list[Diagnostic]:
    """Return each risk once, with the environments that it holds in where that is not all."""
    environments: dict[Diagnostic, list[str]] = {}
    for environment, risk in found:
        environments.setdefault(risk, []).append(environment)
    return [
        structs.replace(risk, notes=(*risk.notes, f"in {', '.join(names)}"))
        if any(names) and set(names) != set(head.environments)
        else risk
        for risk, names in environments.items()
    ]


def repository_risks(
    base: Revision, head: Revision, quiet: Collection[str], now: int
) -> list[Diagnostic]:
    """Return what is risky about no flag of the plan: layers, and environments that go.

    `quiet` are the changed files without effect: even so a flag may no longer be stopped.
    """
    found = [
        *_environments_gone(base, head),
        *_slots_that_move(base, head),
        *_merged(_out_of_reach(base, head, quiet, now), head),
    ]
    return list(_told(found, base))


def _told(found: Iterable[Diagnostic], base: Revision) -> tuple[Diagnostic, ...]:
    """Return risks at the levels that the base sets, without those that it excuses."""
    burgee = base.repository.burgee
    risks = apply_levels(list(found), {} if burgee is None else burgee.levels)
    excuses = [
        each
        for file in sorted({risk.where.file for risk in risks})
        for each in excuses_in(_read(base, file), file)
    ]
    kept = apply_excuses([*risks, *excuses], base.repository.read, today=True)
    return tuple(each for each in kept if each.code not in _EXCUSES)


def _read(base: Revision, file: str) -> bytes:
    try:
        return base.repository.read(file)
    except OSError:  # it comes with the change, so nothing in it is excused
        return b""


def _out_of_reach(
    base: Revision, head: Revision, quiet: Collection[str], now: int
) -> Iterator[tuple[str, Diagnostic]]:
    for tenant, files in head.repository.tenants.items():
        keys = [key for key, file in files.flags.items() if file.path in quiet]
        for key, environment in product(keys, head.environments):
            scenes = (each.scene(tenant, environment) for each in (base, head))
            before, after = (None if scene is None else scene.side(key) for scene in scenes)
            if after is not None:
                file = files.flags[key].path
                flag = FlagPlan(tenant=tenant, flag=key, file=file, status="changed")
                plan = EnvironmentPlan(
                    environment=environment, kinds=("none",), class_="none", changes=(), groups=()
                )
                looked = LookedAt(flag, plan, before, after, now)
                for each in switch_risks(looked, after):
                    yield environment, each


def _environments_gone(base: Revision, head: Revision) -> Iterator[Diagnostic]:
    for name in base.environments:
        if name not in head.environments and head.environments:
            text = f"the environment {name} goes: its nodes get no more snapshots"
            cure = "stop its nodes first; what they hold is served for as long as they run"
            yield diagnostic("B914", text, Where(ROOT_FILE, ("environments",)), help=cure)


def _slots_that_move(base: Revision, head: Revision) -> Iterator[Diagnostic]:
    for name, files in head.repository.tenants.items():
        before = base.repository.tenants.get(name)
        for layer, declared in {} if before is None else before.layers.items():
            later = files.layers.get(layer)
            for old, slots in {} if later is None else declared.slots.items():
                if before is None or later is None or not _has_run(before, old):
                    continue
                for new, others in later.slots.items():
                    shared = 0 if old == new else _overlap(slots, others)
                    if shared:
                        text = (
                            f"{shared / 1000:g} % of layer {layer} goes from {old} to {new}: "
                            "its users have been in another experiment"
                        )
                        where = Where(files.path_of_layers(), (layer, "slots", new))
                        cure = "`burgee layer add` finds slots that nobody has"
                        yield diagnostic("B905", text, where, help=cure)


def _has_run(files: TenantFiles, claim: str) -> bool:
    """Whether users may have been in an experiment: nobody has in a draft."""
    key, _, rule = claim.partition("/")
    file = files.flags.get(key)
    flag = None if file is None else file.flag
    rules = () if flag is None else flag.rules
    own = [each.experiment for each in rules if each.name == rule]
    return not (own and own[0] is not None and own[0].status == "draft")


def _overlap(one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]) -> int:
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)
