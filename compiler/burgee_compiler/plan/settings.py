"""From which share of a group on a change is of which class."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from burgee_compiler.model.files import PlanSettings
from burgee_compiler.plan.report import PlanClass

__all__ = ["class_of_ids", "class_of_share"]

_MEDIUM_IDS: Final = 101
_HIGH_IDS: Final = 10_001


def class_of_share(share: Fraction, settings: PlanSettings) -> PlanClass:
    """Return the class of a change that moves this share of a group."""
    thousandths = share * 100_000
    if thousandths >= settings.high:
        return "high" if share else "none"
    if thousandths >= settings.medium:
        return "medium" if share else "none"
    return "low" if share else "none"


def class_of_ids(ids: int) -> PlanClass:
    """Return the class of a change to single users who are listed by their ids."""
    if ids >= _HIGH_IDS:
        return "high"
    if ids >= _MEDIUM_IDS:
        return "medium"
    return "low" if ids else "none"
