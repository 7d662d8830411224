"""Circles in a directed graph, without recursion: a chain of flags may be thousands long."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

__all__ = ["components", "shortest_circle"]

Graph = Mapping[str, Sequence[str]]


def components(graph: Graph) -> Iterator[list[str]]:
    """Yield each strongly connected component that holds a circle (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    for root in sorted(graph):
        if root in order:
            continue
        work = [(root, iter(graph[root]))]
        while work:
            node, targets = work[-1]
            if node not in order:
                order[node] = low[node] = len(order)
                path.append(node)
                on_path.add(node)
            deeper = None
            for target in targets:
                if target not in order and target in graph:
                    deeper = target
                    break
                if target in on_path:
                    low[node] = min(low[node], order[target])
            if deeper is not None:
                work.append((deeper, iter(graph[deeper])))
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == order[node]:
                group = _popped(path, on_path, node)
                if len(group) > 1 or node in graph[node]:
                    yield sorted(group)


def _popped(path: list[str], on_path: set[str], last: str) -> list[str]:
    group: list[str] = []
    while not group or group[-1] != last:
        group.append(path.pop())
        on_path.discard(group[-1])
    return group


def shortest_circle(graph: Graph, start: str, within: Collection[str]) -> list[str]:
    """Return the nodes of a shortest circle through `start`, which lies on one, from it on."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in graph[node]:
            if target == start:
                circle = [node]
                while circle[-1] != start:
                    circle.append(came_from[circle[-1]])
                return circle[::-1]
            if target in within and target not in came_from:
                came_from[target] = node
                queue.append(target)
    return [start]
