"""A plan in a few sentences, for whoever reads answers."""

from __future__ import annotations

from burgee_compiler.plan.report import Plan

__all__ = ["in_words"]

_MOST = 50


def in_words(plan: Plan) -> tuple[str, ...]:
    """Return what changes, flag by flag; the same in several environments is said once."""
    found: dict[tuple[str, str], list[str]] = {}
    for flag in plan.flags:
        for each in flag.environments:
            for text in each.changes:
                found.setdefault((flag.flag, text), []).append(each.environment)
    lines = [f"{flag} in {', '.join(names)}: {text}" for (flag, text), names in found.items()]
    if len(lines) > _MOST:
        return (*lines[:_MOST], f"and {len(lines) - _MOST} more")
    return tuple(lines)
