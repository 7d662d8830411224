"""What a commit changed in a segment, in layers, or in a file of settings, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard

from burgee_compiler.model.files import Layer
from burgee_compiler.past.parts import (
    Changed,
    by_environment,
    ids_text,
    layer_words,
    segment_words,
)
from burgee_compiler.past.version import SegmentVersion
from burgee_compiler.resolve import segment_in
from burgee_compiler.source import Json

__all__ = ["layers_changes", "segment_changes", "settings_changes"]

_LONGEST: Final = 80
_UNREADABLE: Final = "the file cannot be read as it was"


def segment_changes(
    before: SegmentVersion, after: SegmentVersion, environments: Sequence[str]
) -> list[Changed]:
    """Return what is different about a segment."""
    if not (before.exists and after.exists):
        return list(_comes_or_goes("segment", before.exists, after.exists))
    found: list[Changed] = []
    if before.path != after.path:
        name = before.path.partition("/segments/")[2].removesuffix(".yaml").replace("/", ".")
        found.append(Changed("none", f"renamed from {name}"))
    for version, when in ((before, "before"), (after, "after")):
        if version.segment is None:
            found.append(Changed("none", f"{_UNREADABLE} {when}"))
    old, new = before.segment, after.segment
    if old is not None and new is not None:

        def of(name: str) -> Iterator[Changed]:
            for kind, text in segment_words(segment_in(old, name), segment_in(new, name)):
                yield Changed(kind, text)

        found += by_environment(environments, of)
        if old.description != new.description:
            found.append(Changed("metadata", "description changed"))
        if old.tests != new.tests:
            found.append(Changed("metadata", "tests changed"))
    for path in sorted(before.members.keys() & after.members.keys()):
        text = ids_text(before.members[path], after.members[path])
        if text:
            found.append(Changed("members", f"{path.rpartition('/')[2]} {text}"))
    return found


def layers_changes(before: object, after: object) -> list[Changed]:
    """Return what is different about a tenant's layers, as they were read; None is no file."""
    found: list[Changed] = []
    for each, when in ((before, "before"), (after, "after")):
        if each is not None and not _is_layers(each):
            found.append(Changed("none", f"{_UNREADABLE} {when}"))
    old, new = (each if _is_layers(each) else {} for each in (before, after))
    if found:
        return found
    for name in sorted(old.keys() | new.keys()):
        if name in old and name in new:
            slots = old[name].slots, new[name].slots
            found += layer_words(name, old[name], new[name], slots)
        else:
            found += _comes_or_goes(f"layer {name}", name in old, name in new, the="")
    return found


def _is_layers(value: object) -> TypeGuard[dict[str, Layer]]:
    return isinstance(value, dict)


def settings_changes(before: Json, after: Json) -> list[Changed]:
    """Return which top-level fields of a file are different; None is no file."""
    if before is None or after is None:
        return list(_comes_or_goes("file", before is not None, after is not None))
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [] if before == after else [Changed("metadata", "the file changed")]
    return list(_fields(before, after))


def _fields(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Changed]:
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Changed("metadata", f"{name} goes")
        elif name not in before:
            yield Changed("metadata", f"{name} comes: {_short(after[name])}")
        elif _text(before[name]) != _text(after[name]):
            yield Changed("metadata", f"{name} {_short(before[name])} → {_short(after[name])}")


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value else _text(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _comes_or_goes(what: str, was: bool, now: bool, the: str = "the ") -> Iterator[Changed]:
    if was != now:
        yield Changed("none", f"{the}{what} {'comes' if now else 'goes'}")
