"""A random flag: rules, schedules, overlays, overrides, prerequisites, experiments, locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from support.strategies.conditions import condition
from support.strategies.drawing import Chooser
from support.strategies.outcomes import lock_entry, percentage, serve, split
from support.strategies.universe import ENVIRONMENTS, EXCLUDED, INSTANTS, MEMBERS, spelled
from support.strategies.variants import values_for, variants

__all__ = ["FlagWriter"]

_BY: Final = ("account.id", "user.id", "targetingKey", "plan", "odd..path")
_RULES: Final = ("first", "second", "third")


class FlagWriter:
    """Writes one flag, and remembers which layers and tables it used."""

    def __init__(
        self,
        chooser: Chooser,
        segments: Sequence[str],
        others: Sequence[tuple[str, Sequence[str]]],
        layers: Sequence[str],
    ) -> None:
        self._c = chooser
        self._segments = segments
        self._others = others
        self._layers = layers
        self.claims: dict[str, str] = {}
        """The layer of each rule that has one."""
        self._tables: dict[tuple[str, int | None], None] = {}
        fields, self.names, self._kind = variants(chooser)
        self.flag = self._write(fields)
        self.lock = self._write_lock()

    def _write(self, fields: dict[str, Any]) -> dict[str, Any]:
        c = self._c
        flag: dict[str, Any] = {**fields, "default": self._default(None)}
        if not c.chance(4):
            flag["rules"] = self._rules(None, overlays=True)
        c.maybe(flag, "off_variant", 2, lambda: c.pick(self.names))
        c.maybe(flag, "by", 4, lambda: c.pick(_BY))
        c.maybe(flag, "seed", 5, lambda: c.pick(("s1", "s.2_x", "other-flag")))
        c.maybe(flag, "metadata", 5, lambda: {"team": "a", "tier": 2, "x": 1.0, "y": True})
        c.maybe(flag, "overrides", 3, self._overrides)
        c.maybe(flag, "schedule", 4, lambda: self._schedule(overlays=True))
        c.maybe(flag, "state", 7, lambda: "off")
        if self._others:
            c.maybe(flag, "requires", 3, self._requires)
        c.maybe(flag, "environments", 3, self._overlays)
        return flag

    def _overlays(self) -> dict[str, Any]:
        return {
            environment: self._overlay()
            for environment in self._c.some(ENVIRONMENTS, 1, len(ENVIRONMENTS))
        }

    def _overlay(self) -> dict[str, Any]:
        c = self._c
        overlay: dict[str, Any] = {}
        c.maybe(overlay, "default", 2, lambda: self._default(None))
        c.maybe(overlay, "state", 4, lambda: c.pick(("on", "off")))
        c.maybe(overlay, "off_variant", 4, lambda: c.pick(self.names))
        c.maybe(overlay, "by", 5, lambda: c.pick(_BY))
        c.maybe(overlay, "rules", 4, lambda: self._rules(None, overlays=False))
        c.maybe(overlay, "overrides", 5, self._overrides)
        c.maybe(overlay, "schedule", 5, lambda: self._schedule(overlays=False))
        c.maybe(overlay, "metadata", 6, lambda: {"team": "b"})
        c.maybe(overlay, "variants", 5, lambda: values_for(c, self.names, self._kind))
        if self._others:
            c.maybe(overlay, "requires", 5, self._requires)
        return overlay

    def _overrides(self) -> list[dict[str, Any]]:
        c = self._c
        found = []
        for _ in range(c.count(1, 3)):
            override = {"user": c.pick((*MEMBERS, *EXCLUDED)), "serve": c.pick(self.names)}
            c.maybe(override, "expires", 2, lambda: spelled(c.pick(INSTANTS), c.count(0, 2)))
            found.append(override)
        return found

    def _requires(self) -> list[dict[str, Any]]:
        key, names = self._c.pick(self._others)
        return [{"flag": key, "serves": self._c.some(names, 1, len(names))}]

    def _when(self) -> Any:
        return condition(self._c, self._segments, self._others, 2)

    def _serve(self, table: str, at: int | None, *, measured: bool = False) -> Any:
        served = split(self._c, self.names) if measured else serve(self._c, self.names)
        if isinstance(served, dict):
            self._tables[(table, at)] = None
        return served

    def _default(self, at: int | None) -> Any:
        served = self._serve("default", at)
        if not self._c.chance(3):
            return served
        return {"serve": served, "percentage": percentage(self._c)}

    def _schedule(self, *, overlays: bool) -> list[dict[str, Any]]:
        c = self._c
        return [
            {"at": spelled(at, c.count(0, 2)), "set": self._flag_set(at, overlays)}
            for at in c.some(INSTANTS, 1, 3)
        ]

    def _flag_set(self, at: int, overlays: bool) -> dict[str, Any]:
        c = self._c
        fields: dict[str, Any] = {"state": c.pick(("on", "off"))} if c.chance(3) else {}
        c.maybe(fields, "default", 2, lambda: self._default(at))
        c.maybe(fields, "off_variant", 4, lambda: c.pick(self.names))
        c.maybe(fields, "rules", 3, lambda: self._rules(at, overlays=overlays))
        c.maybe(fields, "overrides", 4, self._overrides)
        return fields or {"state": "on"}

    def _rules(self, at: int | None, *, overlays: bool) -> list[dict[str, Any]]:
        return [self._rule(name, at, overlays) for name in self._c.some(_RULES, 1, 3)]

    def _rule(self, name: str, at: int | None, overlays: bool) -> dict[str, Any]:
        c = self._c
        layer = self.claims.get(name)
        if layer is None and self._layers and c.chance(3):
            layer = self.claims[name] = c.pick(self._layers)
        measured = layer is not None or c.chance(4)
        rule: dict[str, Any] = {"name": name}
        rule["serve"] = self._serve(name, at, measured=measured)
        c.maybe(rule, "when", 2, self._when)
        if measured:
            rule["experiment"] = self._experiment(layer)
        if layer is None:
            c.maybe(rule, "percentage", 2, lambda: percentage(c))
            c.maybe(rule, "by", 4, lambda: c.pick(_BY))
        self._window(rule)
        c.maybe(rule, "seed", 3, lambda: c.pick(("2024q4", "s1", "first")))
        c.maybe(rule, "was", 3, lambda: c.pick(("old", "older")))
        c.maybe(rule, "schedule", 4, lambda: self._rule_schedule(name, at, layer, measured))
        if overlays and c.chance(4):
            rule["environments"] = {
                environment: self._rule_overlay(name, at, layer, measured)
                for environment in c.some(ENVIRONMENTS, 1, 2)
            }
        return rule

    def _window(self, rule: dict[str, Any]) -> None:
        c = self._c
        if c.chance(5):
            first, last = c.some(INSTANTS, 2, 2)
            rule["starts"] = spelled(first, c.count(0, 2))
            rule["ends"] = spelled(last, c.count(0, 2))

    def _experiment(self, layer: str | None) -> dict[str, Any]:
        c = self._c
        status = c.pick(("running", "draft", "paused", "concluded"))
        experiment = {"status": status, "control": c.pick(self.names)}
        if status == "concluded":
            experiment["winner"] = c.pick(self.names)
        return experiment if layer is None else {**experiment, "layer": layer}

    def _rule_schedule(
        self, name: str, after: int | None, layer: str | None, measured: bool
    ) -> list[dict[str, Any]]:
        c = self._c
        later = [at for at in INSTANTS if after is None or at > after] or [INSTANTS[-1] + 1]
        steps = []
        for at in c.some(later, 1, 3):
            fields: dict[str, Any] = {}
            c.maybe(fields, "serve", 2, lambda at=at: self._serve(name, at, measured=measured))
            c.maybe(fields, "when", 3, self._when)
            if layer is None:
                c.maybe(fields, "percentage", 2, lambda: percentage(c))
            steps.append(
                {"at": spelled(at, c.count(0, 2)), "set": fields or {"when": self._when()}}
            )
        return steps

    def _rule_overlay(
        self, name: str, at: int | None, layer: str | None, measured: bool
    ) -> dict[str, Any]:
        c = self._c
        overlay: dict[str, Any] = {}
        c.maybe(overlay, "serve", 2, lambda: self._serve(name, at, measured=measured))
        c.maybe(overlay, "when", 3, self._when)
        if layer is None:
            c.maybe(overlay, "percentage", 2, lambda: percentage(c))
            c.maybe(overlay, "by", 4, lambda: c.pick(_BY))
        if measured:
            c.maybe(overlay, "experiment", 3, lambda: self._experiment(layer))
        self._window(overlay)
        c.maybe(overlay, "seed", 5, lambda: c.pick(("q5", "s1")))
        c.maybe(overlay, "was", 6, lambda: c.pick(("old", "oldest")))
        c.maybe(overlay, "schedule", 4, lambda: self._rule_schedule(name, at, layer, measured))
        return overlay

    def _write_lock(self) -> dict[str, Any] | None:
        c = self._c
        if not self._tables or c.chance(2):
            return None
        arms = (*self.names, "gone")
        entries = []
        for table, at in c.some(tuple(self._tables), 1, 5):
            places = c.some(ENVIRONMENTS, 1, 1) if c.chance(3) else ENVIRONMENTS
            entries.append(lock_entry(c, table, at, places, arms))
        return {"tables": entries}
