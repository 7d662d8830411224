"""Building a repository again and again into one folder, holding what does not build."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from burgee.load import Refused, Snapshot, load_environment, read_folder
from burgee_cli.opened import Opened, open_repository
from burgee_compiler.build import build
from burgee_compiler.changed import Changed
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.hold import LastGood, read_last_good
from burgee_compiler.write import write_builds

__all__ = ["Rebuilder", "Rebuilt"]


class Rebuilt(Struct, frozen=True):
    """What a build came to; `snapshot` is what is served from now on, `changed` since before.

    Where nothing was `written`, that is what was there already.
    """

    opened: Opened
    found: list[Diagnostic]
    snapshot: Snapshot | None
    changed: tuple[str, ...]
    held: tuple[str, ...]
    written: bool


class Rebuilder:
    """Builds `root` into `out`; one environment is looked at closely, the one that is served."""

    def __init__(self, root: Path, out: Path, environment: str) -> None:
        self._root = root
        self._out = out
        self._environment = environment
        self._snapshot: Snapshot | None = None

    def rebuild(self) -> Rebuilt:
        """Check, test and build; OSError where files vanish while they are read."""
        try:
            return self._rebuild(remember=True)
        except Changed:
            return self._rebuild(remember=False)

    def _rebuild(self, *, remember: bool) -> Rebuilt:
        opened = open_repository(self._root, remember=remember)
        made = build(opened.repository, opened.facts(), self._last_good, if_needed=True)
        opened.remember()
        write_builds(made.environments, self._out)
        before = self._snapshot
        self._snapshot = self._load()
        held = next((each.held for each in made.environments if self._is_ours(each)), {})
        return Rebuilt(
            opened,
            made.found,
            self._snapshot,
            tuple(sorted(_changed(before, self._snapshot))),
            tuple(f"{tenant}/{key}" for tenant, keys in held.items() for key in keys),
            bool(made.environments),
        )

    def _is_ours(self, build: object) -> bool:
        return getattr(build, "environment", None) == self._environment

    def _last_good(self, environment: str) -> LastGood | None:
        try:
            return read_last_good(read_folder(self._out / environment), environment)
        except Refused:
            return None  # written by another version, or damaged: begin anew

    def _load(self) -> Snapshot | None:
        read = read_folder(self._out / self._environment)
        try:
            return load_environment(read, self._environment, self._snapshot)
        except Refused:
            return None


def _changed(before: Snapshot | None, after: Snapshot | None) -> set[str]:
    """Return the flags, as TENANT/KEY, that are new, gone or different."""
    old, new = _digests(before), _digests(after)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _digests(snapshot: Snapshot | None) -> dict[str, str]:
    if snapshot is None:
        return {}
    return {
        f"{tenant}/{key}": flags.digest(key)
        for tenant, flags in snapshot.tenants.items()
        for key in flags.keys()  # noqa: SIM118  a TenantFlags is not iterable
    }
