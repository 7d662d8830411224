"""Who is reached through names: all that name one of a set, also through others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["reaching"]


def reaching(start: Iterable[str], named: Mapping[str, Iterable[str]]) -> set[str]:
    """Return `start` and all that name one of it, also through others.

    `named` says whom each one names.
    """
    reached = set(start)
    if not reached:
        return reached
    users: dict[str, list[str]] = {}
    for name, names in named.items():
        for each in names:
            users.setdefault(each, []).append(name)
    stack = list(reached)
    while stack:
        more = [name for name in users.get(stack.pop(), ()) if name not in reached]
        reached.update(more)
        stack += more
    return reached
