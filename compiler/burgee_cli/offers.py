"""What `burgee publish` can publish of its first argument: a build, or a repository's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from burgee.load import Refused
from burgee_cli.opened import Opened, open_repository
from burgee_cli.outcome import No, Usage
from burgee_compiler.build import Build, EnvironmentBuild, build, has_errors
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.hold import LastGood
from burgee_compiler.load import ROOT_FILE
from burgee_compiler.publish.builds import (
    HeldBuilds,
    built_environments,
    read_built,
)
from burgee_compiler.publish.keys import Keys, KeyTrouble, key_files
from burgee_compiler.publish.order import Ancestry, ancestry_of
from burgee_compiler.publish.publish import How, Offer
from burgee_compiler.publish.target import Target, Unusable

__all__ = ["Offered", "is_bare", "offered", "read_keys"]


class Offered(Struct, frozen=True):
    """What can be published; of a repository also what was found in it."""

    offers: Mapping[str, Offer]
    ancestry: Ancestry | None = None
    read: Opened | None = None
    builds: HeldBuilds | None = None

    @property
    def found(self) -> list[Diagnostic]:
        """All findings of the repository."""
        return [] if self.builds is None else self.builds.made.found

    @property
    def has_errors(self) -> bool:
        """Whether something does not build."""
        return has_errors(self.found)

    def chosen(self, wanted: tuple[str, ...]) -> dict[str, Offer]:
        """Return the offers of some environments, or of all; Usage where there is no such one."""
        for name in wanted:
            if self.offers and name not in self.offers:
                raise Usage(
                    f"there is no environment {name!r}", f"there are: {', '.join(self.offers)}"
                )
        return {name: offer for name, offer in self.offers.items() if not wanted or name in wanted}


def offered(source: Path, rev: str | None, target: Target, keys: Keys, how: How) -> Offered:
    """Build or read what there is to publish; Usage where there is nothing, No where it is bad."""
    bare = is_bare(source)
    if rev is not None or bare or (source / ROOT_FILE).exists():
        return _of_repository(source, "HEAD" if bare and rev is None else rev, target, keys, how)
    names = built_environments(source)
    if not names:
        raise Usage(
            f"{source} is neither a flag repository nor a build",
            f"name a folder with a {ROOT_FILE}, or one that `burgee build --out` wrote",
        )
    return Offered({name: _of_folder(source, name, keys) for name in names})


def is_bare(folder: Path) -> bool:
    """Return whether a folder is a git repository without a work tree."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir()


def _of_folder(folder: Path, environment: str, keys: Keys) -> Offer:
    def offer(_: object) -> EnvironmentBuild:
        try:
            return keys.sign(read_built(folder, environment))
        except Refused as error:
            raise Unusable(f"{folder / environment}: {error}", "build it again") from error

    return offer


def _of_repository(root: Path, rev: str | None, target: Target, keys: Keys, how: How) -> Offered:
    opened = open_repository(root, rev)
    facts = opened.facts()

    def make(last_good: Callable[[str], LastGood | None]) -> Build:
        return build(opened.repository, facts, last_good, if_needed=True)

    try:
        builds = HeldBuilds(make, target, keys=keys, retry=how.retry, repair=how.repair)
    except Refused as error:
        raise No(
            f"what is published at {target.place} is damaged, so nothing can be held: {error}",
            "--repair publishes without what does not build, and all documents anew",
        ) from error
    opened.remember()
    offers: dict[str, Offer] = {name: partial(builds.offer, name) for name in builds.environments()}
    return Offered(offers, ancestry_of(root) if facts else None, opened, builds)


def read_keys(given: tuple[str, ...]) -> Keys:
    """Return the keys of files, each perhaps of one environment; Usage where one holds none."""
    try:
        return key_files(given).read()
    except KeyTrouble as error:
        raise Usage(str(error), "name a signing.key that `burgee keygen` wrote") from error
