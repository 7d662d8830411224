"""What the checks look at: a tenant, and each readable flag and segment with all its parts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal, TypedDict, Unpack

from msgspec import Struct

from burgee_compiler.analysis import Domains, domains_of
from burgee_compiler.checks.hints import Hints
from burgee_compiler.checks.standings import Standing, standings_of
from burgee_compiler.checks.walk import (
    Path,
    flag_parts,
    rule_lists,
    rule_parts,
    segment_parts,
    whens,
)
from burgee_compiler.diagnostics import Diagnostic, Label, Where, diagnostic, nearest
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Burgee, Lock, Segment
from burgee_compiler.model.flag import Flag, Rule
from burgee_compiler.model.types import variants_of
from burgee_compiler.repository import Repository, SourceFile, TenantFiles

__all__ = ["FlagView", "LockView", "SegmentView", "TenantView", "View"]


class _More(TypedDict, total=False):
    labels: tuple[Label, ...]
    notes: tuple[str, ...]
    help: str | None


class View:
    """One file that could be read."""

    def __init__(self, tenant: TenantView, file: str, subject: str | None) -> None:
        self.tenant = tenant
        self.file = file
        self.subject = subject

    def where(self, path: Path, part: Literal["value", "key"] = "value") -> Where:
        """Return a place in this file."""
        return Where(self.file, path, part)

    def finding(self, code: str, message: str, path: Path, **more: Unpack[_More]) -> Diagnostic:
        """Return a finding at a value of this file."""
        return diagnostic(code, message, self.where(path), subject=self.subject, **more)

    def finding_at_key(
        self, code: str, message: str, path: Path, **more: Unpack[_More]
    ) -> Diagnostic:
        """Return a finding at a key of this file."""
        return diagnostic(code, message, self.where(path, "key"), subject=self.subject, **more)


class FlagView(View):
    """A flag with its parts: itself, overlays, what schedules set; and its rules' parts."""

    def __init__(self, tenant: TenantView, file: SourceFile, flag: Flag) -> None:
        super().__init__(tenant, file.path, f"{tenant.name}/{file.name}")
        self.key = file.name
        self.flag = flag
        self.variants = variants_of(flag)
        self.parts: list[tuple[Path, Struct]] = list(flag_parts(flag))
        self.rule_lists: list[tuple[Path, tuple[Rule, ...]]] = list(rule_lists(flag))
        self.rules: list[tuple[Path, Rule]] = [
            ((*path, index), rule)
            for path, rules in self.rule_lists
            for index, rule in enumerate(rules)
        ]
        self.rule_parts: list[tuple[Path, Struct]] = [
            part for path, rule in self.rules for part in rule_parts(path, rule)
        ]
        self.conditions: list[tuple[Path, Condition]] = list(whens(iter(self.rule_parts)))

    @property
    def standings(self) -> Iterator[Standing]:
        """How the flag stands in each environment from each instant on."""
        return standings_of(self.flag, self.tenant.environments)


class SegmentView(View):
    """A segment with its parts: itself and its overlays."""

    def __init__(self, tenant: TenantView, file: SourceFile, segment: Segment) -> None:
        super().__init__(tenant, file.path, f"{tenant.name}/@{file.name}")
        self.name = file.name
        self.segment = segment
        self.parts: list[tuple[Path, Struct]] = list(segment_parts(segment))
        self.conditions: list[tuple[Path, Condition]] = list(whens(iter(self.parts)))


class LockView(View):
    """A lock and the flag it belongs to, where that could be read."""

    def __init__(self, tenant: TenantView, file: SourceFile, lock: Lock) -> None:
        super().__init__(tenant, file.path, f"{tenant.name}/{file.name}")
        self.key = file.name
        self.lock = lock
        owner = tenant.files.flags.get(file.name)
        self.exists = owner is not None
        self.flag = None if owner is None else owner.flag


class TenantView:
    """A tenant's readable files, and the names that exist whether readable or not."""

    def __init__(self, repository: Repository, files: TenantFiles) -> None:
        self.name = files.name
        self.files = files
        self.burgee: Burgee | None = repository.burgee
        self.flag_hints = Hints(files.flags)
        self.segment_hints = Hints(files.segments)
        self._near: dict[str, str | None] = {}

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments of the repository; none where burgee.yaml could not be read."""
        return () if self.burgee is None else self.burgee.environments

    @cached_property
    def domains(self) -> Domains:
        """What attributes.yaml says of the values of attributes."""
        return domains_of(self.files.attributes)

    @cached_property
    def _objects(self) -> frozenset[str]:
        """The paths of which a part is declared."""
        names = (name.split(".") for name in self.files.attributes)
        return frozenset(".".join(parts[:end]) for parts in names for end in range(1, len(parts)))

    def declares(self, path: str) -> bool:
        """Return whether attributes.yaml declares a path, a part of it, or an object around it."""
        attributes = self.files.attributes
        if path in attributes or path in self._objects:
            return True
        parts = path.split(".")
        around = (attributes.get(".".join(parts[:end])) for end in range(1, len(parts)))
        return any(each is not None and each.type == "object" for each in around)

    def near_attribute(self, path: str) -> str | None:
        """Return the declared attribute most like a path, None where none is near."""
        if path not in self._near:
            self._near[path] = nearest(path, self.files.attributes)
        return self._near[path]

    @cached_property
    def flags(self) -> list[FlagView]:
        """Every flag that could be read."""
        return [
            FlagView(self, file, file.flag)
            for _, file in sorted(self.files.flags.items())
            if file.flag is not None
        ]

    @cached_property
    def segments(self) -> list[SegmentView]:
        """Every segment that could be read."""
        return [
            SegmentView(self, file, file.segment)
            for _, file in sorted(self.files.segments.items())
            if file.segment is not None
        ]

    @cached_property
    def locks(self) -> list[LockView]:
        """Every lock that could be read."""
        return [
            LockView(self, file, file.lock)
            for _, file in sorted(self.files.locks.items())
            if file.lock is not None
        ]
