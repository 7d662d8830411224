"""The build: from a repository to the documents of every environment. A pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import msgspec
from msgspec import Struct

from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.checks import run_checks, run_clock_checks
from burgee_compiler.collector import collector_paused
from burgee_compiler.diagnostics import Diagnostic, Where
from burgee_compiler.diagnostics.levels import apply_levels
from burgee_compiler.emit import TenantForms, emit_tenant, tenant_documents
from burgee_compiler.excuses import IDLE, apply_excuses
from burgee_compiler.facts import CommitFacts
from burgee_compiler.flag_tests import TestOutcome, run_tests
from burgee_compiler.hold import LastGood, hold_tenant
from burgee_compiler.load import ROOT_FILE
from burgee_compiler.repository import Repository, TenantFiles

__all__ = [
    "Build",
    "EnvironmentBuild",
    "Tested",
    "build",
    "check",
    "compiler_name",
    "emit_environment",
    "failures",
    "has_errors",
    "outcomes_of",
    "run_all_tests",
]


@cache
def compiler_name() -> str:
    """Return what a manifest says of who made it."""
    from importlib.metadata import version  # noqa: PLC0415  20 ms

    return f"burgee {version('burgee')}"


class EnvironmentBuild(Struct, frozen=True):
    """One environment's files by path below its folder; the manifest is written last."""

    environment: str
    files: dict[str, bytes]
    manifest: bytes
    version: str
    held: dict[str, dict[str, str]]

    @property
    def digest(self) -> str:
        """The build digest: SHA-256 of the environment's manifest."""
        return digest(self.manifest)


class Build(Struct, frozen=True):
    """What a build found, what its tests said, and its documents where there are any."""

    found: list[Diagnostic]
    tests: list[TestOutcome]
    environments: list[EnvironmentBuild]


def has_errors(found: Iterable[Diagnostic]) -> bool:
    """Return whether any finding is an error."""
    return any(each.severity == "error" for each in found)


@collector_paused()
def check(
    repository: Repository, more: Iterable[Diagnostic] = (), *, now: int | None = None
) -> list[Diagnostic]:
    """Return all findings, and `more` of the caller's, without those that are excused.

    They have the levels that burgee.yaml sets. What depends on the present time is found only
    where `now` tells it, in microseconds.
    """
    found = [*repository.found, *run_checks(repository), *more]
    if now is not None:
        found += run_clock_checks(repository, now)
    levels = dict(repository.burgee.levels) if repository.burgee is not None else {}
    idle = {IDLE: levels.pop(IDLE)} if IDLE in levels else {}
    left = apply_excuses(apply_levels(found, levels), repository.read, today=now is not None)
    return apply_levels(left, idle)  # until then each excuse is one of these


@collector_paused()
def build(
    repository: Repository,
    facts: CommitFacts | None,
    last_good: Callable[[str], LastGood | None] | None = None,
    *,
    if_needed: bool = False,
) -> Build:
    """Check, test and compile; without `last_good` any error leaves the build without documents.

    `last_good` gives what was last published for an environment; flags that do not build are
    then kept from there. With `if_needed` it is asked only where there is such a flag, so that
    damage to what was published may stay unseen.
    """
    found = check(repository)
    broken = last_good is None and has_errors(found)
    if repository.burgee is None or not repository.tenants or broken or _root_errors(found):
        return Build(found, [], [])
    tests: list[TestOutcome] = []
    if last_good is not None and not if_needed:
        read = {name: last_good(name) for name in repository.burgee.environments}
        last_good = read.get
    if not has_errors(found):
        repository.memo.compile_ahead(repository)
    emitted = {
        environment: emit_environment(repository, environment, found, last_good, tests)
        for environment in repository.burgee.environments
    }
    failed = failures(tests)
    if failed and last_good is None:
        return Build([*found, *failed], tests, [])
    epoch = repository.burgee.epoch
    made = [_environment(name, forms, epoch, facts) for name, forms in emitted.items()]
    return Build([*found, *failed], tests, made)


class Tested(Struct, frozen=True):
    """A tenant's flags in one environment, and how its tests went there."""

    files: TenantFiles
    forms: TenantForms
    outcomes: list[TestOutcome]


@collector_paused()
def run_all_tests(repository: Repository, select: str | None = None) -> list[Tested]:
    """Run all tests of a repository in which nothing is wrong, or those `select` names."""
    environments = () if repository.burgee is None else repository.burgee.environments
    if select is None:
        repository.memo.compile_ahead(repository)
    return [
        Tested(files, forms, list(run_tests(files, forms, select)))
        for environment in environments
        for files in repository.tenants.values()
        for forms in (emit_tenant(files, environment),)
    ]


def outcomes_of(repository: Repository, select: str | None = None) -> list[TestOutcome]:
    """Return how the tests went, in all tenants and environments."""
    return [outcome for each in run_all_tests(repository, select) for outcome in each.outcomes]


def emit_environment(
    repository: Repository,
    environment: str,
    found: list[Diagnostic],
    last_good: Callable[[str], LastGood | None] | None,
    tests: list[TestOutcome],
) -> list[TenantForms]:
    """Return every tenant's forms and add what their tests say to `tests`.

    With `last_good` what does not build or fails a test of its own is held or left out; without
    it all must be sound.
    """
    tenants = repository.tenants.values()
    if last_good is not None:
        before = _once(last_good, environment)
        return [hold_tenant(files, environment, found, before, tests) for files in tenants]
    made = [(files, emit_tenant(files, environment)) for files in tenants]
    for files, forms in made:
        tests += run_tests(files, forms)
    return [forms for _, forms in made]


def _once(
    last_good: Callable[[str], LastGood | None], environment: str
) -> Callable[[], LastGood | None]:
    """Read what was published when it is first asked for: nobody asks while all is well."""
    return cache(lambda: last_good(environment))


def _root_errors(found: Iterable[Diagnostic]) -> bool:
    """Return whether something is wrong with burgee.yaml, which holds for all that is built."""
    return has_errors(each for each in found if each.where.file == ROOT_FILE)


def failures(outcomes: Iterable[TestOutcome]) -> list[Diagnostic]:
    """Return each failing test's finding once, with the other environments it fails in."""
    first: dict[Where, Diagnostic] = {}
    also: dict[Where, list[str]] = {}
    for outcome in outcomes:
        if outcome.found is not None:
            where = outcome.found.where
            if first.setdefault(where, outcome.found) is not outcome.found:
                also.setdefault(where, []).append(outcome.environment)
    return [
        msgspec.structs.replace(each, notes=(*each.notes, f"also in {', '.join(also[where])}"))
        if where in also
        else each
        for where, each in first.items()
    ]


def _environment(
    environment: str, tenants: list[TenantForms], epoch: int, facts: CommitFacts | None
) -> EnvironmentBuild:
    files: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    for forms in tenants:
        documents = tenant_documents(forms)
        files.update(documents.files)
        digests[forms.tenant] = documents.manifest
    if facts is None:
        version = f"0-{digest(canonical(digests))[:8]}"
    else:
        version = f"{facts.sequence}-{facts.commit[:7]}"
    manifest = EnvironmentManifest(
        compiler=compiler_name(),
        environment=environment,
        epoch=epoch,
        sequence=0 if facts is None else facts.sequence,
        version=version,
        tenants=digests,
        commit=None if facts is None else facts.commit,
        committed_at=None if facts is None else facts.committed_at,
    )
    held = {forms.tenant: forms.held for forms in tenants if forms.held}
    return EnvironmentBuild(environment, files, canonical(manifest), version, held)
