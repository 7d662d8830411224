"""Which values an attribute may have: anything, or what attributes.yaml declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from burgee.paths import canonical_path
from burgee_compiler.model.files import Attribute

__all__ = ["ANYTHING", "TAGS", "Domain", "Domains", "Tag", "domains_of"]

Tag: TypeAlias = Literal["boolean", "number", "string", "list", "object"]
"""What JSON calls the type of a value that is present."""

TAGS: Final[frozenset[Tag]] = frozenset(("boolean", "number", "string", "list", "object"))


class Domain(Struct, frozen=True):
    """The values that an attribute may have where it is present; it may always be missing."""

    tags: frozenset[Tag] = TAGS
    values: tuple[Any, ...] | None = None
    """All values there are, where they are listed."""
    integral: bool = False
    version: bool = False
    """Whether every text is a version."""


Domains: TypeAlias = Mapping[str, Domain]
"""By canonical path; a path that is not in it may have any value."""

ANYTHING: Final = Domain()
_BY_TYPE: Final[dict[str, Domain]] = {
    "string": Domain(frozenset(("string",))),
    "number": Domain(frozenset(("number",))),
    "integer": Domain(frozenset(("number",)), integral=True),
    "boolean": Domain(frozenset(("boolean",))),
    "list": Domain(frozenset(("list",))),
    "object": Domain(frozenset(("object",))),
    "time": Domain(frozenset(("string", "number"))),
    "semver": Domain(frozenset(("string",)), version=True),
}
_LISTABLE: Final = frozenset(("string", "number", "integer", "boolean"))


def domains_of(attributes: Mapping[str, Attribute]) -> dict[str, Domain]:
    """Return what the declarations say of each path."""
    return {canonical_path(path): _domain(each) for path, each in attributes.items()}


def _domain(attribute: Attribute) -> Domain:
    domain = _BY_TYPE[attribute.type]
    if not attribute.enum or attribute.type not in _LISTABLE:
        return domain
    return Domain(domain.tags, tuple(attribute.enum), domain.integral)
