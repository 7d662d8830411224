"""Who names a flag: the other flags of its tenant, with file and line."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from burgee_cli.opened import Opened
from burgee_compiler.checks.views import FlagView, TenantView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Where
from burgee_compiler.repository import TenantFiles
from burgee_compiler.source import locate

__all__ = ["Naming", "namings", "segments_named"]


class Naming(Struct, frozen=True):
    """One place that names the flag."""

    flag: str
    how: str
    place: str


def namings(opened: Opened, files: TenantFiles, key: str) -> list[Naming]:
    """Return every place in the tenant's flags that names `key`."""
    found: list[Naming] = []
    for view in TenantView(opened.repository, files).flags:
        text: bytes | None = None
        for how, where in _places(view, key):
            text = opened.read(view.file) if text is None else text
            line = 1 if text is None else locate(text, where).line
            found.append(Naming(view.key, how, f"{view.file}:{line}"))
    return found


def segments_named(opened: Opened, files: TenantFiles, key: str) -> list[str]:
    """Return the segments that a flag's conditions name, in whatever environment."""
    views = [view for view in TenantView(opened.repository, files).flags if view.key == key]
    named = {each.segment for view in views for _, each in view.conditions}
    return sorted(name for name in named if name is not None)


def _places(view: FlagView, key: str) -> Iterator[tuple[str, Where]]:
    for path, part in view.parts:
        for index, need in enumerate(said(part, "requires") or ()):
            if need.flag == key:
                yield "requires it", view.where((*path, "requires", index, "flag"))
    for path, condition in view.conditions:
        if condition.flag == key:
            yield "asks for it in a condition", view.where((*path, "flag"))
