"""B717, B718: each segment is used, and no two are the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import chain
from typing import Any, Final

from burgee.paths import canonical_path
from burgee_compiler.checks.views import SegmentView, TenantView
from burgee_compiler.diagnostics import Diagnostic, Label, Where
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Segment
from burgee_compiler.model.types import json_type
from burgee_compiler.resolve import segment_in

__all__ = ["check_twin_segments", "check_unused_segments"]

_SINGLE: Final = {"eq": "in", "neq": "nin"}
_MANY: Final = ("in", "nin", "contains", "startswith", "endswith", "regex", "cidr")


def check_unused_segments(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report segments that no condition names; none while a file that may name them is broken."""
    files = tenant.files
    known = [*files.flags.values(), *files.segments.values()]
    if not files.is_whole or any(file.definition is None for file in known):
        return
    conditions = chain.from_iterable(
        (
            *(view.conditions for view in tenant.flags),
            *(view.conditions for view in tenant.segments),
        )
    )
    used = {each.segment for _, each in conditions}
    for view in tenant.segments:
        if view.name not in used:
            yield view.finding(
                "B718",
                f'nothing uses the segment "{view.name}"',
                (),
                help=f"use it, as {{segment: {view.name}}} in a rule, or remove the file",
            )


def check_twin_segments(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report segments that have the same users in every environment, by their definitions."""
    first: dict[Hashable, SegmentView] = {}
    for view in tenant.segments:
        shape = _shape(view)
        twin = None if shape is None else first.setdefault(shape, view)
        if twin is not None and twin is not view:
            yield view.finding(
                "B717",
                f'the segment "{view.name}" has the same users as "{twin.name}"',
                (),
                labels=(Label(Where(twin.file), f"{twin.name} stands here"),),
                help=f"use {twin.name} everywhere and remove this one",
            )


def _shape(view: SegmentView) -> Hashable | None:
    """Return a value that is equal for equal segments; None where nobody is in one."""
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
