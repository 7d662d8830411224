"""What a change comes to on the tip that it would be committed on."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.flag_tests import run_tests
from burgee_compiler.layout import ROOT_FILE, TENANT_FILES
from burgee_compiler.load import load_repository
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.report import Plan
from burgee_compiler.repository import Repository
from burgee_compiler.trees import Tree
from burgee_compiler.writes import Changes, Overlaid, added, lock_of
from burgee_compiler.writes.relock import with_locks
from burgee_writer.changes.working import Did, readable
from burgee_writer.tips.some import Some
from burgee_writer.tips.tip import Tip
from burgee_writer.writing.parts import Sides, sides_of

__all__ = ["Held", "Judged", "failing_in", "held_in", "judge"]


class Judged(Struct, frozen=True):
    """A change, the locks that go with it, and what both do."""

    changes: Changes
    head: Tip
    added: tuple[Diagnostic, ...]
    """The findings that are not there without it."""
    sides: Sides
    plan: Plan
    failing: tuple[Diagnostic, ...]
    """Tests of flags that it can matter to, which fail with it and did not before."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings for which it is refused."""
        return tuple(each for each in self.added if each.severity == "error")


def judge(tip: Tip, changes: Changes, did: Did, now: int) -> Judged | None:
    """Return what a change comes to; None where it would change nothing for anybody."""
    changes = changes if did.keep_locks else _meant(tip, changes)
    if not changes:
        return None
    if not did.keep_locks:
        before, after = (_part(each, changes) for each in (tip.files, Overlaid(tip.files, changes)))
        changes = with_locks(before, after, changes)
    head = tip.with_changes(changes)
    found = tuple(added(tip.found, head.found))
    sides = sides_of(tip, head, changes.keys())
    made = _own(plan(sides.base, sides.head, now, changes.keys(), ()), sides)
    return Judged(changes, head, found, sides, made, _newly_failing(sides))


def _own(made: Plan, sides: Sides) -> Plan:
    """Leave out errors that hold no flag to which the change can matter: a policy wants a plan with
    errors reviewed, and one flag's mistake must not keep another from being switched off.
    """
    head = sides.head
    held = any(
        head.does_not_build(tenant, environment, key)
        for tenant, names in sides.names.items()
        for key in names.flags
        for environment in head.environments
    )
    if held or not sides.names:
        return made
    return replace(made, found=tuple(each for each in made.found if each.where.file == ROOT_FILE))


def _part(files: Tree, changes: Changes) -> Repository:
    """Return the definitions that stand in changed files, with what their locks depend on."""
    tenants = {path.partition("/")[0] for path in changes}
    beside = {f"{tenant}/{name}" for tenant in tenants for name in TENANT_FILES}
    locks = {lock_of(path) for path in changes if path.endswith(".yaml")}
    return load_repository(Some(files, {ROOT_FILE, *changes, *beside, *locks}))


def _meant(tip: Tip, changes: Changes) -> Changes:
    """Leave out files that read as they did: to write a number in another way is no change."""

    def same(path: str, data: bytes | None) -> bool:
        new = readable(data, path)
        return new is not None and new == readable(_before(tip, path), path)

    return {path: data for path, data in changes.items() if not same(path, data)}


def _before(tip: Tip, path: str) -> bytes | None:
    try:
        return tip.files.read(path)
    except OSError:
        return None


def failing_in(revision: Revision) -> dict[str, list[Diagnostic]]:
    """Return the findings of tests that fail, by environment."""
    found: dict[str, list[Diagnostic]] = {}
    for tenant, files in revision.repository.tenants.items():
        for environment in revision.environments:
            scene = revision.scene(tenant, environment)
            if scene is None:
                continue
            outcomes = run_tests(scene.files, scene.forms, only=files.flags)
            failed = [each.found for each in outcomes if each.found is not None]
            if failed:
                found.setdefault(environment, []).extend(failed)
    return found


def _newly_failing(sides: Sides) -> tuple[Diagnostic, ...]:
    after = failing_in(sides.head)
    if not after:
        return ()
    before = {each.message for found in failing_in(sides.base).values() for each in found}
    fresh = (each for found in after.values() for each in found if each.message not in before)
    return tuple({each.message: each for each in fresh}.values())


class Held(Struct, frozen=True):
    """Where a flag would be kept at its last good form, and why."""

    environments: tuple[str, ...]
    findings: tuple[Diagnostic, ...]


def held_in(head: Revision, tenant: str, key: str, environments: Iterable[str]) -> Held | None:
    """Return why a flag does not build in these environments, None where it does in all."""
    files = head.repository.tenants.get(tenant)
    if files is None or key not in files.flags:
        return None
    failing = failing_in(head)
    found: dict[str, list[Diagnostic]] = {}
    for environment in environments:
        if head.does_not_build(tenant, environment, key):
            found[environment] = [each for each in head.found if each.severity == "error"]
        else:
            own = (each for each in failing.get(environment, ()))
            found[environment] = [each for each in own if each.subject == f"{tenant}/{key}"]
    where = tuple(each for each, findings in found.items() if findings)
    told = {each: None for findings in found.values() for each in findings}
    return Held(where, tuple(told)) if where else None
