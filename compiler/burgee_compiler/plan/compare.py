"""From two revisions of a flag repository to the plan of what lies between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from burgee.instants import format_instant
from burgee_compiler.broken import (
    broken_flags,
    broken_segments,
    files_behind,
    layers_of,
    users_of_flags,
)
from burgee_compiler.build import check
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import flags_of
from burgee_compiler.load import ROOT_FILE
from burgee_compiler.model.files import PlanSettings
from burgee_compiler.model.flag import Flag
from burgee_compiler.plan.attributes import read_otherwise
from burgee_compiler.plan.environment import plan_environment, unknown_before
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan, FlagStatus, Plan, worst
from burgee_compiler.plan.risks import find_risks, repository_risks
from burgee_compiler.plan.side import Scene
from burgee_compiler.repository import Repository, TenantFiles

__all__ = ["Revision", "plan"]


class Revision:
    """One side of a plan: a repository, what is wrong with it, and what it is called."""

    def __init__(
        self, name: str, repository: Repository, found: list[Diagnostic] | None = None
    ) -> None:
        """Take what was read; `found` are its findings, where they are known."""
        self.name = name
        self.repository = repository
        if found is not None:
            self.found = found
        self._scenes: dict[tuple[str, str], Scene | None] = {}
        self._broken: dict[tuple[str, str], set[str]] = {}

    @cached_property
    def found(self) -> list[Diagnostic]:
        """All that is wrong with it."""
        return check(self.repository)

    @property
    def environments(self) -> tuple[str, ...]:
        """Its environments, none where burgee.yaml cannot be read."""
        burgee = self.repository.burgee
        return () if burgee is None else burgee.environments

    @property
    def settings(self) -> PlanSettings:
        """What `plan:` in its burgee.yaml says."""
        burgee = self.repository.burgee
        return PlanSettings() if burgee is None else burgee.plan

    def scene(self, tenant: str, environment: str) -> Scene | None:
        """Return a tenant in an environment, None where there is no such one."""
        key = tenant, environment
        if key not in self._scenes:
            files = self.repository.tenants.get(tenant)
            there = files is not None and environment in self.environments
            self._scenes[key] = self._make(files, environment) if files and there else None
        return self._scenes[key]

    def broken(self, tenant: str, environment: str) -> set[str]:
        """Return the flags that do not build there."""
        key = tenant, environment
        if key not in self._broken:
            files = self.repository.tenants[tenant]
            segments = broken_segments(files, self.found)
            bad = broken_flags(files, environment, self.found, segments)
            self._broken[key] = users_of_flags(files, bad)
        return self._broken[key]

    def _make(self, files: TenantFiles, environment: str) -> Scene:
        without = self.broken(files.name, environment)
        forms = emit_tenant(files, environment, without)
        return Scene(files, forms, flags_of(forms))

    def does_not_build(self, tenant: str, environment: str, key: str) -> bool:
        """Return whether a flag is there and broken."""
        files = self.repository.tenants.get(tenant)
        if files is None or key not in files.flags:
            return False
        if self.repository.burgee is None:
            return True
        return environment in self.environments and key in self.broken(tenant, environment)

    def flag(self, tenant: str, key: str) -> Flag | None:
        """Return a flag's definition."""
        files = self.repository.tenants.get(tenant)
        file = None if files is None else files.flags.get(key)
        return None if file is None else file.flag

    def path(self, tenant: str, key: str) -> str | None:
        """Return where a flag stands, None where there is none."""
        files = self.repository.tenants.get(tenant)
        file = None if files is None else files.flags.get(key)
        return None if file is None else file.path


def plan(
    base: Revision, head: Revision, now: int, changed_files: Iterable[str], notes: Iterable[str]
) -> Plan:
    """Return what the change from `base` to `head` does to users.

    `changed_files` are those whose bytes differ. Settings are those of `base`.
    """
    changed = set(changed_files)
    names = sorted({*base.repository.tenants, *head.repository.tenants})
    tenants = [_Tenant(base, head, tenant, now, changed) for tenant in names]
    flags = [each for tenant in tenants for each in tenant.flags()]
    flags = find_risks(base, head, flags, now)
    told = {path for tenant in tenants for path in tenant.not_planned()}
    told |= {each.file for each in flags} | {
        path for each in flags for path in (_lock(each.file), *each.because_of)
    }
    errors = tuple(each for each in head.found if each.severity == "error")
    quiet = changed - told - {each.where.file for each in errors}
    return Plan(
        base=base.name,
        head=head.name,
        at=format_instant(now),
        class_=worst(each.class_ for each in flags),
        flags=tuple(flags),
        without_effect=tuple(sorted(quiet)),
        risks=tuple(repository_risks(base, head, quiet, now)),
        found=errors,
        notes=tuple(notes),
    )


def _lock(path: str) -> str:
    return path.removesuffix(".yaml") + ".lock.yaml"


class _Tenant:
    """The plan of one tenant."""

    def __init__(
        self, base: Revision, head: Revision, tenant: str, now: int, changed: set[str]
    ) -> None:
        self._base = base
        self._head = head
        self._tenant = tenant
        self._now = now
        self._changed = changed
        self._read_otherwise: set[str] = set()

    def flags(self) -> list[FlagPlan]:
        found: dict[str, list[EnvironmentPlan]] = {}
        for environment in dict.fromkeys((*self._head.environments, *self._base.environments)):
            for key, each in self._environment(environment):
                found.setdefault(key, []).append(each)
        return [self._flag(key, plans) for key, plans in sorted(found.items())]

    def _environment(self, environment: str) -> Iterator[tuple[str, EnvironmentPlan]]:
        before, after = (each.scene(self._tenant, environment) for each in (self._base, self._head))
        attributes = read_otherwise(before, after)
        self._read_otherwise.update(attributes)
        for key in sorted({*_differing(before, after), *attributes}):
            old = None if before is None else before.side(key)
            new = None if after is None else after.side(key)
            if new is None and self._head.does_not_build(self._tenant, environment, key):
                continue  # its findings are shown, and a node keeps its last good form
            if new is not None and self._base.does_not_build(self._tenant, environment, key):
                yield key, unknown_before(environment, new, self._now)
                continue
            settings, told = self._base.settings, attributes.get(key, ())
            found = plan_environment(environment, old, new, self._now, settings, told)
            if found is not None:
                yield key, found

    def not_planned(self) -> Iterator[str]:
        """Yield the files behind flags that do not build at head: what they do is not known."""
        files = self._head.repository.tenants.get(self._tenant)
        environments = self._head.environments or ("",)
        for key in () if files is None else files.flags:
            if any(self._head.does_not_build(self._tenant, each, key) for each in environments):
                assert files is not None
                yield from files_behind(files, key)

    def _flag(self, key: str, environments: list[EnvironmentPlan]) -> FlagPlan:
        old, new = (each.flag(self._tenant, key) for each in (self._base, self._head))
        path = self._head.path(self._tenant, key) or self._base.path(self._tenant, key) or ""
        own = {path, _lock(path)}
        status: FlagStatus = "changed" if own & self._changed else "affected"
        if any(each.status == "unknown" for each in environments):
            status = "unknown"
        elif old is None or new is None:
            status = "added" if old is None else "removed"
        flag = new or old
        return FlagPlan(
            tenant=self._tenant,
            flag=key,
            file=path,
            status=status,
            because_of=tuple(sorted(self._behind(key, environments) - own)),
            kind=None if flag is None else flag.kind,
            owner=None if flag is None else flag.owner,
            class_=worst(each.class_ for each in environments),
            environments=tuple(environments),
        )

    def _behind(self, key: str, environments: Iterable[EnvironmentPlan]) -> set[str]:
        """Return the changed files that a flag is built from, or that say where it is."""
        found: set[str] = set()
        for revision in (self._base, self._head):
            files = revision.repository.tenants.get(self._tenant)
            file = None if files is None else files.flags.get(key)
            if files is not None and file is not None and file.flag is not None:
                found |= files_behind(files, key)
                if not any(layers_of(files, file, each) for each in revision.environments):
                    found.discard(files.path_of_layers())
        if key in self._read_otherwise:
            found.add(f"{self._tenant}/attributes.yaml")
        if any(each.status in ("comes", "goes") for each in environments):
            found.add(ROOT_FILE)
        return found & self._changed


def _differing(before: Scene | None, after: Scene | None) -> list[str]:
    """Return the flags whose digests are not the same on both sides."""
    old = {} if before is None else before.forms.entries
    new = {} if after is None else after.forms.entries
    keys = old.keys() | new.keys()
    return sorted(
        key for key in keys if key not in old or key not in new or old[key][0] != new[key][0]
    )
