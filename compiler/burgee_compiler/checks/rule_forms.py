"""A rule as it is in effect, each field with the place where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct

from burgee_compiler.checks.walk import Path, said
from burgee_compiler.model.flag import Rule, RuleOverlay

__all__ = ["RuleForm", "rule_forms"]


class RuleForm(Struct, frozen=True):
    """A rule by itself (no environment), or in one that has an overlay of it."""

    path: Path
    rule: Rule
    environment: str | None = None
    overlay: RuleOverlay | None = None

    def get(self, field: str) -> tuple[Path, Any]:
        """Return a field's path and its value before any schedule step; None where not set."""
        if self.overlay is not None and self.environment is not None:
            value = getattr(self.overlay, field, UNSET)
            if value is not UNSET:
                return (*self.path, "environments", self.environment, field), value
        return (*self.path, field), getattr(self.rule, field)

    def all(self, field: str) -> Iterator[tuple[Path, Any]]:
        """Yield a field's path and value, then those that schedule steps give it."""
        path, value = self.get(field)
        if value is not None:
            yield path, value
        steps_path, steps = self.get("schedule")
        named = self.overlay is not None and getattr(self.overlay, field, UNSET) is not UNSET
        if named and steps is self.rule.schedule:
            return  # an inherited schedule does not reach a field that the environment names
        for index, step in enumerate(steps):
            value = said(step.set, field)
            if value is not None:
                yield (*steps_path, index, "set", field), value


def rule_forms(path: Path, rule: Rule) -> Iterator[RuleForm]:
    """Yield a rule by itself and in each environment that has an overlay of it."""
    yield RuleForm(path, rule)
    for name, overlay in rule.environments.items():
        yield RuleForm(path, rule, name, overlay)
