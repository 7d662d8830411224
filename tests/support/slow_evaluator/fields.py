"""Effective fields: the base, then the environment, then the steps that have come."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct

from burgee_compiler.model.files import Segment
from burgee_compiler.model.flag import Flag, PlainRule, Rule

__all__ = ["Fields", "fields_in", "instants_of", "off_variant", "rules_in", "value_of"]


class Fields:
    """The fields of one definition in one environment at one instant."""

    def __init__(self, definition: Struct, environment: str, now: int) -> None:
        self._values = _given(definition)
        self.set_at: dict[str, int] = {}
        """The instant of the last step that set a field; fields that no step set are not here."""
        overlay = self._values.get("environments", {}).get(environment)
        named = {} if overlay is None else _given(overlay)
        self._values.update(named)
        inherited = "schedule" not in named
        for step in self._values.get("schedule", ()):
            if step.at > now:
                continue
            for name, value in _given(step.set).items():
                if not (inherited and name in named):
                    self._values[name] = value
                    self.set_at[name] = step.at

    def __getattr__(self, name: str) -> Any:
        return self._values[name]


def _given(definition: Struct) -> dict[str, Any]:
    fields = {name: getattr(definition, name) for name in definition.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


def fields_in(definition: Flag | Rule | PlainRule | Segment, environment: str, now: int) -> Fields:
    """Return the fields of a definition as they are at an instant."""
    return Fields(definition, environment, now)


def rules_in(flag: Fields, environment: str, now: int) -> list[Fields]:
    """Return the fields of a flag's rules, in their order."""
    return [Fields(rule, environment, now) for rule in flag.rules]


def instants_of(flag: Flag) -> list[int]:
    """Return every instant at which any step of a flag stands, whatever its environment."""
    schedules = [flag.schedule]
    rules: list[Rule] = [*flag.rules]
    for overlay in flag.environments.values():
        schedules += [overlay.schedule] if overlay.schedule is not UNSET else []
        rules += overlay.rules if overlay.rules is not UNSET else ()
    for steps in schedules:
        for step in steps:
            rules += step.set.rules if step.set.rules is not UNSET else ()
    found = {step.at for steps in schedules for step in steps}
    for rule in rules:
        found |= {step.at for step in rule.schedule}
        for inner in rule.environments.values():
            found |= {step.at for step in inner.schedule} if inner.schedule is not UNSET else set()
    return sorted(found)


def _type_of(flag: Flag) -> str:
    if flag.type is not None:
        return flag.type
    if flag.variants is None:
        return "boolean"
    values = [each.value for each in flag.variants.values() if each.value is not None]
    if values and all(isinstance(value, bool) for value in values):
        return "boolean"
    if any(isinstance(value, bool) for value in values):
        return "object"
    if values and all(isinstance(value, int) for value in values):
        return "integer"
    return "number" if values and all(isinstance(v, int | float) for v in values) else "other"


def off_variant(flag: Flag, fields: Fields) -> str | None:
    """Return what is served when off; None is the caller's default."""
    if fields.off_variant is not None:
        return str(fields.off_variant)
    names = ("on", "off") if fields.variants is None else fields.variants
    return "off" if _type_of(flag) == "boolean" and "off" in names else None


def value_of(flag: Flag, fields: Fields, variant: str | None) -> Any:
    """Return a variant's value; in a flag of numbers, 1 is 1.0."""
    if variant is None:
        return None
    if fields.variants is None:
        return {"on": True, "off": False}[variant]
    value = fields.variants[variant].value
    if _type_of(flag) == "number" and isinstance(value, int):
        return float(value)
    return value
