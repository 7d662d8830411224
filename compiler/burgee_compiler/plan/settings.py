"""`plan:` in burgee.yaml: from which share of a group on a change is of which class."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from msgspec import Struct

from burgee_compiler.plan.report import PlanClass

__all__ = ["DEFAULTS", "Settings", "read_settings"]


class Settings(Struct, frozen=True):
    """Shares, in percent, of the group that is hit most."""

    medium: Fraction = Fraction(5)
    high: Fraction = Fraction(25)

    def class_of(self, share: Fraction) -> PlanClass:
        """Return the class of a change that moves this share of a group."""
        percent = share * 100
        if percent >= self.high:
            return "high"
        if percent >= self.medium:
            return "medium"
        return "low" if share else "none"


DEFAULTS: Final = Settings()


def read_settings(given: dict[str, Any]) -> Settings:
    """Return the settings of a `plan:`; the checks have seen that they are numbers."""
    return Settings(
        **{name: Fraction(str(given[name])) for name in ("medium", "high") if name in given}
    )
