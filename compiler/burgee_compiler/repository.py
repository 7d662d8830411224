"""A flag repository as it was read: every file in its place, as far as it could be understood."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.files import Attribute, Burgee, Layer, Lock, Segment, Tenant
from burgee_compiler.model.flag import Flag

__all__ = ["MemberFile", "Repository", "SourceFile", "TenantFiles"]


def _nothing(path: str) -> bytes:
    raise FileNotFoundError(path)


class MemberFile(Struct, frozen=True):
    """A list of ids beside a segment; None where it could not be read."""

    path: str
    ids: tuple[str, ...] | None


class SourceFile(Struct, frozen=True):
    """One definition and where it stands; `definition` is None where it could not be read."""

    name: str
    path: str
    definition: Flag | Segment | Lock | None

    @property
    def flag(self) -> Flag | None:
        """The definition, where it is a flag's."""
        return self.definition if isinstance(self.definition, Flag) else None

    @property
    def segment(self) -> Segment | None:
        """The definition, where it is a segment's."""
        return self.definition if isinstance(self.definition, Segment) else None

    @property
    def lock(self) -> Lock | None:
        """The definition, where it is a lock's."""
        return self.definition if isinstance(self.definition, Lock) else None


class TenantFiles(Struct, frozen=True, kw_only=True):
    """One tenant's files; a name that is there may still have no readable definition."""

    name: str
    flags: dict[str, SourceFile] = field(default_factory=dict)
    segments: dict[str, SourceFile] = field(default_factory=dict)
    locks: dict[str, SourceFile] = field(default_factory=dict)
    members: dict[str, MemberFile] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    tenant: Tenant | None = None
    has_layers: bool = True
    """False where layers.yaml is there and could not be read."""
    has_attributes: bool = True
    """False where attributes.yaml is there and could not be read."""
    is_whole: bool = True
    """False where a folder could not be looked into, so that files may be missing here."""

    def path_of_layers(self) -> str:
        """Return where the tenant's layers are declared."""
        return f"{self.name}/layers.yaml"


class Repository(Struct, frozen=True, kw_only=True):
    """All that was read, and all that was wrong with it so far."""

    burgee: Burgee | None
    tenants: dict[str, TenantFiles]
    found: list[Diagnostic]
    files: tuple[str, ...] = ()
    """Every path that the compiler reads, sorted: what "dirty" is about."""
    read: Callable[[str], bytes] = _nothing
    """Gives a file's bytes once more: comments stand in no definition."""
