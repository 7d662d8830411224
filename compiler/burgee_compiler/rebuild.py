"""Proving that what is published comes from the commit it names: build it again, and compare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from burgee.load import Read, TenantDocuments, read_environment, read_tenant
from burgee.snapshot.canonical import digest
from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.build import Build, EnvironmentBuild, build
from burgee_compiler.facts import CommitFacts, commit_facts
from burgee_compiler.hold import LastFlag, LastGood, LastTenant, read_last_good
from burgee_compiler.load import load_repository
from burgee_compiler.trees import UnknownRevision, open_commit

__all__ = ["CannotRebuild", "Rebuilt", "rebuild"]


class CannotRebuild(Exception):
    """It cannot be built again here; the message says why, `help` what would do."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class Rebuilt(Struct, frozen=True):
    """What came of it: the commit, and how what is published differs, in words; the same bytes
    where `differences` is empty.
    """

    commit: str
    differences: tuple[str, ...]


def rebuild(root: Path, environment: str, read: Read) -> Rebuilt:
    """Build the commit that a published manifest names, from the git repository at `root`.

    Flags that are held are taken from the commits that the tenants' manifests name. Raises
    CannotRebuild, and Refused where what is published is damaged.
    """
    data, manifest = read_environment(read, environment)
    if manifest.commit is None:
        raise CannotRebuild(
            f"{manifest.version} was built from files that are in no commit",
            "only what `burgee publish` or `burgee build` made of a commit can be built again",
        )
    published = {
        tenant: read_tenant(read, environment, tenant, whole)
        for tenant, whole in manifest.tenants.items()
    }
    commits = _Commits(root, environment)
    last = _held(published, commits)
    made = commits.environment(manifest.commit, last)
    if digest(data) == made.digest:
        return Rebuilt(manifest.commit, ())
    return Rebuilt(manifest.commit, tuple(_differences(manifest, published, made)))


class _Commits:
    """Builds of commits, in one environment."""

    def __init__(self, root: Path, environment: str) -> None:
        self._root = root
        self._environment = environment
        self._known: dict[str, LastGood] = {}

    def environment(self, commit: str, last: LastGood | None) -> EnvironmentBuild:
        """Build one commit, holding what does not build at `last`."""
        made = self._build(commit, last)
        for each in made.environments:
            if each.environment == self._environment:
                return each
        raise CannotRebuild(
            f"commit {commit[:7]} builds no environment {self._environment}",
            "is this the repository that it was published from?",
        )

    def forms(self, commit: str) -> LastGood:
        """Return what one commit gives by itself, without what does not build there."""
        if commit not in self._known:
            made = self.environment(commit, None)
            files = {**made.files, "manifest.json": made.manifest}
            found = read_last_good(files.__getitem__, self._environment)
            assert found is not None
            self._known[commit] = found
        return self._known[commit]

    def _build(self, commit: str, last: LastGood | None) -> Build:
        try:
            tree, found = open_commit(self._root, commit)
        except UnknownRevision as error:
            raise CannotRebuild(
                str(error), "fetch it, or name the repository that it was published from"
            ) from error
        facts: CommitFacts | None = commit_facts(found, self._root)
        if facts is None:
            raise CannotRebuild(
                f"{self._root} holds a part of its history only",
                "fetch all of it with `git fetch --unshallow`",
            )
        return build(load_repository(tree), facts, lambda _: last)


def _held(published: dict[str, TenantDocuments], commits: _Commits) -> LastGood | None:
    """Return what is held, each flag as the commit gives it that its manifest names."""
    tenants: dict[str, LastTenant] = {}
    for tenant, documents in published.items():
        held = documents.manifest.held
        if not held:
            continue
        flags: dict[str, LastFlag] = {}
        segments: dict[str, bytes] = {}
        members: dict[str, dict[str, bytes]] = {}
        for key, commit in sorted(held.items()):
            there = commits.forms(commit).tenants.get(tenant)
            if there is None or key not in there.flags:
                raise CannotRebuild(
                    f"{tenant}/{key} is held as of commit {commit[:7]}, which does not build it",
                    "it was published from something else; find out by whom",
                )
            flags[key] = there.flags[key]
            segments |= there.segments
            members |= there.members
        tenants[tenant] = LastTenant(
            flags, segments, members, documents.manifest.attributes, dict(held)
        )
    return LastGood("", tenants) if tenants else None


def _differences(
    manifest: EnvironmentManifest, published: dict[str, TenantDocuments], made: EnvironmentBuild
) -> Iterator[str]:
    ours = msgspec.json.decode(made.manifest, type=EnvironmentManifest)
    for name in ("compiler", "epoch", "sequence", "commit", "committed_at", "format"):
        there, here = getattr(manifest, name), getattr(ours, name)
        if there != here:
            yield f"its {name} is {there!r}, and was built again as {here!r}"
    read = {**made.files, "manifest.json": made.manifest}.__getitem__
    for tenant in sorted(manifest.tenants.keys() | ours.tenants.keys()):
        if tenant not in ours.tenants:
            yield f"{tenant}: the commit has no such tenant"
        elif tenant not in manifest.tenants:
            yield f"{tenant}: it is not published"
        elif manifest.tenants[tenant] != ours.tenants[tenant]:
            again = read_tenant(read, made.environment, tenant, ours.tenants[tenant])
            yield from (f"{tenant}: {each}" for each in _of_tenant(published[tenant], again))


def _of_tenant(there: TenantDocuments, here: TenantDocuments) -> Iterator[str]:
    names = [*here.flags, *(each for each in there.flags if each not in here.flags)]
    for key in sorted(names):
        if key not in there.flags:
            yield f"flag {key} is not published"
        elif key not in here.flags:
            yield f"flag {key} is not in the commit"
        elif bytes(there.flags[key][1]) != bytes(here.flags[key][1]):
            yield f"flag {key} is published with another content"
    if there.segments != here.segments:
        yield "its segments differ"
    if there.members.keys() != here.members.keys():
        yield "its member lists differ"
    for field in structs.fields(there.manifest):
        if field.name in ("flags", "segments", "members"):
            continue
        one, other = getattr(there.manifest, field.name), getattr(here.manifest, field.name)
        if one != other:
            yield f"its {field.name} differ"
