"""What a condition asks about: attributes, segments and flags."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.paths import canonical_path
from burgee_compiler.model.condition import Condition

__all__ = ["Subject", "subject_of", "subjects_of"]

Subject = tuple[str, str]
"""The sort and the name: ("attribute", "plan")."""


def subjects_of(condition: Condition) -> frozenset[Subject]:
    """Return all that a condition asks about."""
    return frozenset(_walk(condition))


def subject_of(condition: Condition) -> Subject | None:
    """Return what a condition without parts asks about; None where it has parts."""
    if condition.attribute is not None:
        return "attribute", canonical_path(condition.attribute)
    if condition.segment is not None:
        return "segment", condition.segment
    return None if condition.flag is None else ("flag", condition.flag)


def _walk(condition: Condition) -> Iterator[Subject]:
    subject = subject_of(condition)
    if subject is not None:
        yield subject
    for part in (*(condition.all or ()), *(condition.any or ())):
        yield from _walk(part)
    if condition.not_ is not None:
        yield from _walk(condition.not_)
