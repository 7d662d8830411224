"""yggdrasil-engine: Unleash's evaluator, a Rust core reached through ctypes and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from yggdrasil_engine.engine import UnleashEngine

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]


class Adapter(Peer):
    """`check_enabled` and `check_variant`, which count nothing."""

    title = "yggdrasil-engine (Unleash)"
    distribution = "yggdrasil-engine"
    note = "value or variant; an object stays text, no reason"
    _engine: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return what its API answers to clients."""
        return json.dumps({"version": 2, "features": [_feature(flag) for flag in flags]}).encode()

    def load(self, data: bytes) -> None:
        """Hand the state over."""
        self._engine = UnleashEngine()
        self._engine.take_state(data.decode())

    def context(self, user: User) -> dict[str, Any]:
        """Make a context with properties."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        return {"userId": user["targetingKey"], "properties": rest}

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value, an object read from its text."""
        found = self._call(flag)(flag.key, context)
        return found.is_enabled if flag.is_boolean else json.loads(found.variant.payload["value"])

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        call, key = self._call(flag), flag.key
        for context in contexts:
            call(key, context)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        calls = [(self._call(flag), flag.key) for flag in flags]
        for context in contexts:
            for call, key in calls:
                call(key, context)

    def _call(self, flag: Definition) -> Any:
        return self._engine.check_enabled if flag.is_boolean else self._engine.check_variant


def _feature(flag: Definition) -> dict[str, Any]:
    made: dict[str, Any] = {"name": flag.key, "type": "release", "enabled": True}
    made["strategies"] = [
        {"name": "default", "parameters": {}, "constraints": [_constraint(rule.match)]}
        for rule in flag.rules
    ]
    if flag.default != "off":
        made["strategies"].append({"name": "default", "parameters": {}, "constraints": []})
    elif not flag.rules:
        made["enabled"] = False
    if not isinstance(flag.default, str):
        made["variants"] = [
            {
                "name": name,
                "weight": weight * 10,
                "weightType": "variable",
                "stickiness": "userId",
                "payload": {"type": "json", "value": json.dumps(flag.variants[name])},
            }
            for name, weight in flag.split.items()
        ]
    return made


def _constraint(match: Match) -> dict[str, Any]:
    if match.operator == "semver_gte":
        return {
            "contextName": match.attribute,
            "operator": "SEMVER_GTE",
            "value": match.operand,
            "values": [],
        }
    values = [match.operand] if isinstance(match.operand, str) else list(match.operand)
    return {"contextName": match.attribute, "operator": "IN", "values": values}
