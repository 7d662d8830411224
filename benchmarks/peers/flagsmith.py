"""flagsmith-flag-engine: evaluates all flags of the environment that it is given, each time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flag_engine.engine import get_evaluation_result

from benchmarks._flags import Definition, Match, Rule, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]


class Adapter(Peer):
    """`get_evaluation_result`; in a, b and c it is given an environment of that flag alone."""

    title = "flagsmith-flag-engine"
    distribution = "flagsmith-flag-engine"
    note = "an environment of the flags of that work alone; value, variant and reason"
    _environment: dict[str, Any]

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return an evaluation context without its identity."""
        return json.dumps(_environment(flags)).encode()

    def load(self, data: bytes) -> None:
        """Parse it; the engine has no form of its own."""
        self._environment = json.loads(data)

    def context(self, user: User) -> dict[str, Any]:
        """Make an identity with traits."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        key = user["targetingKey"]
        return {"identifier": key, "key": f"production_{key}", "traits": rest}

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return whether it is enabled, or the value."""
        found = get_evaluation_result({**self._only(flag), "identity": context})
        served = found["flags"][flag.key]
        return served["enabled"] if flag.is_boolean else served["value"]

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        environment = self._only(flag)
        for context in contexts:
            get_evaluation_result({**environment, "identity": context})

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a context, for all flags."""
        environment = _environment(flags)
        for context in contexts:
            get_evaluation_result({**environment, "identity": context})

    def _only(self, flag: Definition) -> dict[str, Any]:
        segments = [f"{flag.key}/{rule.name}" for rule in flag.rules]
        return {
            "environment": self._environment["environment"],
            "features": {flag.key: self._environment["features"][flag.key]},
            "segments": {name: self._environment["segments"][name] for name in segments},
        }


def _environment(flags: Sequence[Definition]) -> dict[str, Any]:
    return {
        "environment": {"key": "production", "name": "production"},
        "features": {flag.key: _feature(flag, flag.default) for flag in flags},
        "segments": {
            f"{flag.key}/{rule.name}": _segment(flag, rule, priority)
            for flag in flags
            for priority, rule in enumerate(flag.rules)
        },
    }


def _feature(flag: Definition, serve: str | dict[str, int]) -> dict[str, Any]:
    made: dict[str, Any] = {"key": flag.key, "name": flag.key}
    if isinstance(serve, str):
        return {**made, "enabled": flag.variants[serve] is not False, "value": serve}
    variants = [
        {"key": name, "value": flag.variants[name], "weight": weight, "priority": number}
        for number, (name, weight) in enumerate(serve.items())
    ]
    return {**made, "enabled": True, "value": None, "variants": variants}


def _segment(flag: Definition, rule: Rule, priority: int) -> dict[str, Any]:
    name = f"{flag.key}/{rule.name}"
    return {
        "key": name,
        "name": name,
        "rules": [{"type": "ALL", "conditions": [_condition(rule.match)]}],
        "overrides": [{**_feature(flag, rule.serve), "priority": priority}],
    }


def _condition(match: Match) -> dict[str, Any]:
    if match.operator == "semver_gte":
        return {
            "property": match.attribute,
            "operator": "GREATER_THAN_INCLUSIVE",
            "value": f"{match.operand}:semver",
        }
    if isinstance(match.operand, str):
        return {"property": match.attribute, "operator": "EQUAL", "value": match.operand}
    return {"property": match.attribute, "operator": "IN", "value": list(match.operand)}
