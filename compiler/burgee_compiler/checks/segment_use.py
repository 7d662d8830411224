"""B717, B718: each segment is used, and no two are the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from hashlib import sha256
from itertools import chain
from typing import Any, Final, Unpack

from burgee.paths import canonical_path
from burgee_compiler.checks.views import More, SegmentView, TenantView, View
from burgee_compiler.diagnostics import Diagnostic, Label, Where, diagnostic
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Segment
from burgee_compiler.model.types import json_type
from burgee_compiler.resolve import segment_in

__all__ = ["check_twin_segments", "check_unused_segments", "shape_of"]

_SINGLE: Final = {"eq": "in", "neq": "nin"}
_MANY: Final = ("in", "nin", "contains", "startswith", "endswith", "regex", "cidr")


def check_unused_segments(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report segments that no condition names; none while a file that may name them is broken."""
    files = tenant.files
    known = [*files.flags.values(), *files.segments.values()]
    if not files.is_whole or not all(file.is_readable for file in known):
        return
    mentions = chain(
        map(tenant.flag_mentions, files.flags), map(tenant.segment_mentions, files.segments)
    )
    used = set(chain.from_iterable(each.segments for each in mentions))
    for name in sorted(files.segments.keys() - used):
        yield _finding(
            tenant,
            "B718",
            name,
            f'nothing uses the segment "{name}"',
            help=f"use it, as {{segment: {name}}} in a rule, or remove the file",
        )


def check_twin_segments(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report segments that have the same users in every environment, by their definitions."""
    first: dict[bytes, str] = {}
    for name in sorted(tenant.files.segments):
        shape = _known_shape(tenant, name)
        twin = first.setdefault(shape, name) if shape else name
        if twin != name:
            yield _finding(
                tenant,
                "B717",
                name,
                f'the segment "{name}" has the same users as "{twin}"',
                labels=(Label(Where(tenant.files.segments[twin].path), f"{twin} stands here"),),
                help=f"use {twin} everywhere and remove this one",
            )


def _finding(
    tenant: TenantView, code: str, name: str, message: str, **more: Unpack[More]
) -> Diagnostic:
    """Return a finding about a segment, which need not be read for it."""
    where = Where(tenant.files.segments[name].path)
    return diagnostic(code, message, where, subject=f"{tenant.name}/@{name}", **more)


def _known_shape(tenant: TenantView, name: str) -> bytes:
    file = tenant.files.segments[name]
    known = tenant.files.memo.checked(file.path) if file.is_readable else None
    if known is not None:
        return known.shape
    view = tenant.segment(name)
    return b"" if view is None else shape_of(view)


def shape_of(view: View) -> bytes:
    """Return what is equal for segments with the same users; empty where nobody is in one."""
    shape = _shape(view) if isinstance(view, SegmentView) else None
    return b"" if shape is None else sha256(_text(shape).encode("utf-8", "surrogatepass")).digest()


def _text(shape: Any) -> str:
    """Return a shape as text, the same in every run; equal shapes have equal texts."""
    if isinstance(shape, frozenset):
        if all(issubclass(each, str) for each in set(map(type, shape))):
            return repr(sorted(shape))  # there may be a million members
        return f"{{{','.join(sorted(map(_text, shape)))}}}"
    if isinstance(shape, tuple):
        return f"({','.join(map(_text, shape))},)"
    if isinstance(shape, str):
        return repr(str(shape))
    return repr(int(shape) if isinstance(shape, float) and shape.is_integer() else shape)


def _shape(view: SegmentView) -> Hashable | None:
    places = view.tenant.environments
    if not view.segment.environments:
        places = places[:1]
    shapes = [_in_one(view, segment_in(view.segment, each)) for each in places]
    if not shapes or None in shapes:
        return None
    return shapes[0] if len(set(shapes)) == 1 else tuple(shapes)


def _in_one(view: SegmentView, segment: Segment) -> Hashable | None:
    members: set[str] = set(segment.members)
    if segment.members_file is not None:
        folder = view.file.rpartition("/")[0]
        listed = view.tenant.files.members.get(f"{folder}/{segment.members_file}")
        if listed is None or listed.ids is None:
            return None
        members.update(listed.ids)
    if segment.when is None and not members:
        return None
    lists = frozenset(members), frozenset(segment.excluded)
    by = canonical_path(segment.by) if any(lists) else None
    return lists, by, None if segment.when is None else _condition(segment.when)


def _condition(condition: Condition) -> Hashable:
    if condition.attribute is not None:
        tests = frozenset(_test(name, each) for name, each in condition.tests.items())
        return canonical_path(condition.attribute), condition.ignore_case, tests
    if condition.not_ is not None:
        return "not", _condition(condition.not_)
    for kind in ("all", "any"):
        parts: tuple[Condition, ...] | None = getattr(condition, kind)
        if parts is not None:
            shapes = frozenset(_condition(each) for each in parts)
            return next(iter(shapes)) if len(shapes) == 1 else (kind, shapes)
    return condition.segment, condition.flag, condition.serves


def _test(operator: str, constant: Any) -> Hashable:
    values = constant if isinstance(constant, list) else [constant]
    if operator in _SINGLE or operator in _MANY:
        return _SINGLE.get(operator, operator), frozenset(map(_typed, values))
    return operator, constant


def _typed(value: Any) -> Hashable:
    kind = json_type(value)
    return ("number" if kind == "integer" else kind), value
