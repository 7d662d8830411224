"""What a change works on: a tenant's files as the changes so far have left them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import Struct

from burgee_compiler.definitions import Definition, read_definition
from burgee_compiler.diagnostics import nearest
from burgee_compiler.model.decoder import Kind
from burgee_compiler.model.files import SEGMENT, Segment
from burgee_compiler.model.flag import FLAG, Flag
from burgee_compiler.model.kinds import is_identifier
from burgee_compiler.source import Node
from burgee_compiler.writes import Writing
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.tips.tip import Tip

__all__ = ["Change", "Did", "Working", "readable"]

T = TypeVar("T", Flag, Segment)
_LONGEST: Final = 256


class Did(Struct, frozen=True, kw_only=True):
    """What a change did, in the words of its commit."""

    subject: str
    action: str
    entity: str
    """Such as flag/checkout.one-page."""
    also: tuple[str, ...] = ()
    """Further entities, where one call made several changes."""
    environments: tuple[str, ...] = ()
    undoes: str | None = None
    keep_locks: bool = False
    """Whether the locks are meant as they are, not to be worked out anew."""
    detail: dict[str, Any] = {}
    """What the answer says beside the resource."""

    @property
    def entities(self) -> tuple[str, ...]:
        """All that was changed, each once."""
        return tuple(dict.fromkeys((self.entity, *self.also)))


class Working:
    """One tenant's files while changes are made of them."""

    def __init__(self, tenant: str, tip: Tip, now: int) -> None:
        self.tenant = tenant
        self.tip = tip
        self.now = now
        self.writing = Writing(tip.files)

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments of the repository."""
        burgee = self.tip.repository.burgee
        return () if burgee is None else burgee.environments

    def environment(self, name: object) -> str:
        """Return an environment that a caller named; refused where there is none."""
        if isinstance(name, str) and name in self.environments:
            return name
        near = nearest(name, self.environments) if isinstance(name, str) else None
        hint = f'did you mean "{near}"?' if near else f"there are: {', '.join(self.environments)}"
        raise ChangeRefused("invalid_request", f"there is no environment {name!r}", hint)

    def path(self, folder: str, key: str) -> str:
        """Return where a definition lies, or would; refused where the key cannot be one."""
        parts = key.split(".")
        if len(key) > _LONGEST or not all(map(is_identifier, parts)):
            raise ChangeRefused(
                "invalid_key",
                f"{key!r} is no key",
                "use letters, digits, - and _, in parts with dots between, such as checkout.step",
            )
        return f"{self.tenant}/{folder}/{'/'.join(parts)}.yaml"

    def existing(self, folder: str, key: str) -> str:
        """Return where a definition lies; refused where there is none."""
        path = self.path(folder, key)
        if self.writing.read(path) is None:
            files = self.tip.repository.tenants.get(self.tenant)
            known: Sequence[str] = () if files is None else list(getattr(files, folder))
            near = nearest(key, known)
            hint = f'did you mean "{near}"?' if near else f"list them with GET /v1/{folder}"
            raise ChangeRefused("not_found", f"there is no {folder[:-1]} {key}", hint)
        return path

    def flag(self, key: str) -> Flag:
        """Return a flag as the changes so far have left it; refused where it does not read."""
        return self._read("flags", key, FLAG, Flag)

    def node(self, folder: str, key: str) -> Node:
        """Return the plain tree of a definition."""
        return self.writing.node(self.existing(folder, key))

    def _read(self, folder: str, key: str, kind: Kind, cls: type[T]) -> T:
        path = self.existing(folder, key)
        data = self.writing.read(path)
        assert data is not None
        made, found = read_definition(data, path, kind, None)
        if not isinstance(made, cls):
            raise ChangeRefused(
                "unreadable",
                f"{path} does not read: {found[0].message}",
                "mend the file in a pull request first; `burgee check` shows where",
            )
        return made


Change: TypeAlias = Callable[[Working], Did]
"""Makes its changes in `working.writing`, and says what it did."""
_KINDS: Final = {"flags": FLAG, "segments": SEGMENT}


def readable(data: bytes | None, path: str) -> Definition | None:
    """Return what a file of flags or segments defines, None where it does not read."""
    kind = _KINDS.get(path.split("/")[1]) if path.count("/") > 1 else None
    if data is None or kind is None or path.endswith(".lock.yaml"):
        return None
    made, _ = read_definition(data, path, kind, None)
    return made if isinstance(made, Definition) else None
