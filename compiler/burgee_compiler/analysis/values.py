"""Whether an attribute can have a value of which all that is asked of it is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from burgee_compiler.analysis.domains import ANYTHING, Domain, Tag
from burgee_compiler.analysis.literals import Literal, fold, kind_of
from burgee_compiler.analysis.numbers import possible_number
from burgee_compiler.analysis.texts import possible_text, possible_value

__all__ = ["possible"]


def possible(literals: Sequence[Literal], domain: Domain = ANYTHING) -> bool:
    """Return False only where neither a value of the domain nor a missing one satisfies all."""
    wanted = [each for each in literals if each.positive]
    if not wanted:
        return True  # of what is missing, every operator is false
    if any(each.operator == "exists" and not each.positive for each in literals):
        return False
    if domain.values is not None:
        return any(possible_value(value, literals) for value in domain.values)
    tags = domain.tags
    for each in wanted:
        tags &= each.tags
    if len(literals) == 1 and not literals[0].is_membership:
        return bool(tags)
    return any(_possible_as(tag, literals, domain) for tag in tags)


def _possible_as(tag: Tag, literals: Sequence[Literal], domain: Domain) -> bool:
    asked = [each for each in literals if tag in each.tags and each.operator != "exists"]
    if tag == "boolean":
        return any(all(each.satisfied(value) for each in asked) for value in (True, False))
    if tag == "number":
        return possible_number(asked, domain.integral)
    if tag == "string":
        return possible_text(asked, domain.version)
    return _possible_list(asked)


def _possible_list(literals: Sequence[Literal]) -> bool:
    """Return False only where one that is to hold some value implies one that is not to."""
    refused = [each for each in literals if not each.positive]
    return not any(
        all(_key(value, other) in other.keys for value in each.constants)
        for each in literals
        if each.positive
        for other in refused
        if other.folds or not each.folds
    )


def _key(value: Any, literal: Literal) -> tuple[Tag | None, Any]:
    if literal.folds and isinstance(value, str):
        return "string", fold(value)
    return kind_of(value), value
