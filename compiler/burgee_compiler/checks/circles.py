"""B306, B307: flags, and segments, that depend on each other in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from burgee_compiler.checks.graph import components, shortest_circle
from burgee_compiler.checks.unknown_flags import flags_named
from burgee_compiler.checks.views import FlagView, SegmentView, TenantView
from burgee_compiler.checks.walk import nested
from burgee_compiler.diagnostics import Diagnostic, Label, Where, diagnostic
from burgee_compiler.resolve import flag_in, phases_of, segment_in

__all__ = ["check_flag_circles", "check_segment_circles"]


class _Edge(Struct, frozen=True):
    """One name of another definition: where it stands, and which object of the model it is."""

    source: str
    target: str
    where: Where
    identity: int


_Edges = dict[str, list[_Edge]]


def check_flag_circles(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report circles of prerequisites and conditions on flags."""
    names = {key: tenant.flag_mentions(key).flags for key in tenant.files.flags}
    if not _may_circle(names):
        return
    views = {view.key: view for view in tenant.flags}
    edges: _Edges = {}
    for key, view in views.items():
        for path, need in flags_named(view):
            if need.flag in views:
                where = view.where((*path, "flag"))
                edges.setdefault(key, []).append(_Edge(key, need.flag, where, id(need)))

    def in_effect(key: str, environment: str) -> set[int]:
        return _in_flag(views[key], environment)

    for circle in _circles(edges, tenant.environments, in_effect):
        yield _finding(
            "B306",
            "flag",
            circle,
            f"{tenant.name}/{circle[0].source}",
            "break the circle; flags that exclude each other belong into a layer (layers.yaml)",
        )


def _in_flag(view: FlagView, environment: str) -> set[int]:
    flag = flag_in(view.flag, environment)
    found = {id(need) for need in flag.requires}
    for phase in phases_of(flag):
        for rule in phase.flag.rules:
            if rule.when is not None:
                found.update(id(each) for _, each in nested((), rule.when))
    return found


def check_segment_circles(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report circles of segments."""
    names = {name: tenant.segment_mentions(name).segments for name in tenant.files.segments}
    if not _may_circle(names):
        return
    views = {view.name: view for name in sorted(names) if (view := tenant.segment(name))}
    edges: _Edges = {}
    for name, view in views.items():
        for path, condition in view.conditions:
            if condition.segment in views:
                where = view.where((*path, "segment"))
                edge = _Edge(name, condition.segment, where, id(condition))
                edges.setdefault(name, []).append(edge)

    def in_effect(name: str, environment: str) -> set[int]:
        return _in_segment(views[name], environment)

    for circle in _circles(edges, tenant.environments, in_effect):
        yield _finding(
            "B307",
            "segment",
            circle,
            f"{tenant.name}/@{circle[0].source}",
            "break the circle, for instance by a third segment that holds what both need",
        )


def _in_segment(view: SegmentView, environment: str) -> set[int]:
    when = segment_in(view.segment, environment).when
    return set() if when is None else {id(each) for _, each in nested((), when)}


def _may_circle(names: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether the names alone make a circle; most have none, and need no closer look."""
    graph = {name: named for name, named in names.items() if named}
    return next(components(graph), None) is not None


def _circles(
    edges: _Edges, environments: Sequence[str], in_effect: Callable[[str, str], set[int]]
) -> list[list[_Edge]]:
    """Return circles that exist in some environment, the same ones once."""
    found: dict[tuple[str, ...], list[_Edge]] = {}
    # What is written in all environments together seldom has a circle; only then look closer.
    suspects = [name for group in components(_graph(edges)) for name in group]
    if not suspects:
        return []
    if not environments:
        return list(_in_one(edges))
    for environment in environments:
        present: _Edges = {}
        for name in suspects:
            identities = in_effect(name, environment)
            present[name] = [edge for edge in edges[name] if edge.identity in identities]
        for circle in _in_one(present):
            found.setdefault(tuple(edge.source for edge in circle), circle)
    return list(found.values())


def _in_one(edges: Mapping[str, Iterable[_Edge]]) -> Iterator[list[_Edge]]:
    graph = _graph(edges)
    for group in components(graph):
        names = shortest_circle(graph, min(group), set(group))
        following = [*names[1:], names[0]]
        yield [
            next(edge for edge in edges[name] if edge.target == target)
            for name, target in zip(names, following, strict=True)
        ]


def _graph(edges: Mapping[str, Iterable[_Edge]]) -> dict[str, list[str]]:
    return {name: [edge.target for edge in out] for name, out in edges.items()}


def _finding(code: str, what: str, circle: list[_Edge], subject: str, cure: str) -> Diagnostic:
    names = [*(edge.source for edge in circle), circle[0].source]
    if len(circle) == 1:
        message = f'the {what} "{names[0]}" depends on itself'
        cure = "remove it"
    else:
        message = f"{what}s depend on each other in a circle: {' → '.join(names)}"
    labels = tuple(
        Label(edge.where, f'here "{edge.source}" needs "{edge.target}"') for edge in circle[1:]
    )
    return diagnostic(code, message, circle[0].where, labels=labels, help=cure, subject=subject)
