"""Instants and ages: whether some time satisfies what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence

from burgee_compiler.analysis.literals import RELATIVE, Literal

__all__ = ["possible_age", "possible_time"]


def possible_time(literals: Sequence[Literal]) -> bool:
    """Return whether some instant, at some present, satisfies all: both are whole microseconds.

    The present may be anything, so what is asked of the age says nothing of the instant.
    """
    fixed = [each for each in literals if each.operator not in RELATIVE]
    moments = {at for each in fixed for at in (each.constant, each.constant - 1)} or {0}
    return possible_age(literals) and any(
        all(
            ((at < each.constant) is (each.operator == "before")) is each.positive for each in fixed
        )
        for at in moments
    )


def possible_age(literals: Sequence[Literal]) -> bool:
    """Return whether some age satisfies all that depends on the clock."""
    relative = [each for each in literals if each.operator in RELATIVE]
    ages = {age for each in relative for age in (each.constant, each.constant - 1)} | {0, -1}
    return any(all(_holds(each, age) is each.positive for each in relative) for age in ages)


def _holds(literal: Literal, age: int) -> bool:
    span: int = literal.constant
    return 0 <= age < span if literal.operator == "within_last" else age >= span
