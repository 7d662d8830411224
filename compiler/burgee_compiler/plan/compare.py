"""From two revisions of a flag repository to the plan of what lies between them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec import structs

from burgee.instants import format_instant
from burgee_compiler.broken import broken_flags, broken_segments, users_of_flags
from burgee_compiler.build import check
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import flags_of
from burgee_compiler.model.flag import Flag
from burgee_compiler.plan.environment import plan_environment
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan, Plan, worst
from burgee_compiler.plan.risks import find_risks, layer_risks
from burgee_compiler.plan.settings import DEFAULTS, Settings, read_settings
from burgee_compiler.plan.side import Scene, Side
from burgee_compiler.repository import Repository, TenantFiles

__all__ = ["Revision", "plan"]


class Revision:
    """One side of a plan: a repository, what is wrong with it, and what it is called."""

    def __init__(self, name: str, repository: Repository) -> None:
        self.name = name
        self.repository = repository
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
    def settings(self) -> Settings:
        """What `plan:` in its burgee.yaml says."""
        burgee = self.repository.burgee
        return DEFAULTS if burgee is None else read_settings(burgee.plan)

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
    flags = [each for tenant in names for each in _tenant(base, head, tenant, now, changed)]
    flags = find_risks(base, head, flags, now)
    told = {each.file for each in flags} | {
        path for each in flags for path in (_lock(each.file), *each.because_of)
    }
    errors = tuple(each for each in head.found if each.severity == "error")
    return Plan(
        base=base.name,
        head=head.name,
        at=format_instant(now),
        class_=worst(each.class_ for each in flags),
        flags=tuple(flags),
        without_effect=tuple(sorted(changed - told - {each.where.file for each in errors})),
        risks=tuple(layer_risks(base, head)),
        found=errors,
        notes=tuple(notes),
    )


def _lock(path: str) -> str:
    return path.removesuffix(".yaml") + ".lock.yaml"


def _tenant(
    base: Revision, head: Revision, tenant: str, now: int, changed: set[str]
) -> list[FlagPlan]:
    environments = list(dict.fromkeys((*head.environments, *base.environments)))
    by_flag: dict[str, list[EnvironmentPlan]] = {}
    because: dict[str, set[str]] = {}
    unknown: set[str] = set()
    for environment in environments:
        before, after = base.scene(tenant, environment), head.scene(tenant, environment)
        for key in _differing(before, after):
            old = None if before is None else before.side(key)
            new = None if after is None else after.side(key)
            if _does_not_build(base, tenant, environment, key) and new is not None:
                unknown.add(key)
            if new is None and _does_not_build(head, tenant, environment, key):
                continue  # its findings are shown, and a node keeps its last good form
            found = plan_environment(environment, old, new, now, base.settings)
            if found is not None:
                by_flag.setdefault(key, []).append(found)
                because.setdefault(key, set()).update(_because(old, new, changed))
    return [
        _flag(base, head, tenant, key, found, because[key], changed, is_unknown=key in unknown)
        for key, found in sorted(by_flag.items())
    ]


def _differing(before: Scene | None, after: Scene | None) -> list[str]:
    """Return the flags whose digests are not the same on both sides."""
    old = {} if before is None else before.forms.entries
    new = {} if after is None else after.forms.entries
    keys = old.keys() | new.keys()
    return sorted(
        key for key in keys if key not in old or key not in new or old[key][0] != new[key][0]
    )


def _does_not_build(revision: Revision, tenant: str, environment: str, key: str) -> bool:
    files = revision.repository.tenants.get(tenant)
    if files is None or environment not in revision.environments or key not in files.flags:
        return False
    return key in revision.broken(tenant, environment)


def _because(before: Side | None, after: Side | None, changed: set[str]) -> set[str]:
    """Return the changed files beside the flag's own that a flag is built from."""
    side = after or before
    assert side is not None
    files = side.scene.files
    found = {
        files.segments[name].path
        for each in (before, after)
        if each is not None
        for name in each.segments
        if name in files.segments
    }
    found |= {f"{path.rpartition('/')[0]}/{name}" for path in found for name in _lists(files, path)}
    found |= {files.flags[name].path for name in side.below if name in files.flags}
    found |= {files.path_of_layers(), "burgee.yaml"}
    return found & changed


def _lists(files: TenantFiles, path: str) -> list[str]:
    for file in files.segments.values():
        if file.path == path and file.segment is not None:
            overlays = [each.members_file for each in file.segment.environments.values()]
            named = (file.segment.members_file, *overlays)
            return [name for name in named if isinstance(name, str)]
    return []


def _flag(
    base: Revision,
    head: Revision,
    tenant: str,
    key: str,
    environments: list[EnvironmentPlan],
    because: set[str],
    changed: set[str],
    *,
    is_unknown: bool,
) -> FlagPlan:
    old, new = base.flag(tenant, key), head.flag(tenant, key)
    path = head.path(tenant, key) or base.path(tenant, key) or ""
    flag = new or old
    if is_unknown:
        environments = [structs.replace(each, class_="high") for each in environments]
        status = "unknown"
    elif old is None or new is None:
        status = "added" if old is None else "removed"
    else:
        status = "changed" if {path, _lock(path)} & changed else "affected"
    return FlagPlan(
        tenant=tenant,
        flag=key,
        file=path,
        status=status,  # type: ignore[arg-type]
        because_of=tuple(sorted(because)),
        kind=None if flag is None else flag.kind,
        owner=None if flag is None else flag.owner,
        class_=worst(each.class_ for each in environments),
        environments=tuple(environments),
    )
