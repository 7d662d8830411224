"""featurevisor: the one comparable system of flags as code; its SDK for Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from featurevisor import create_featurevisor

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]

_ALL = 100_000


class Adapter(Peer):
    """`evaluate_flag` for booleans, `evaluate_variable` for objects."""

    title = "featurevisor"
    distribution = "featurevisor"
    note = "value, reason, rule and bucket"
    _instance: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return a datafile."""
        datafile = {"schemaVersion": "2", "revision": "1", "segments": {}}
        features = {flag.key: _feature(flag) for flag in flags}
        return json.dumps({**datafile, "features": features}).encode()

    def load(self, data: bytes) -> None:
        """Make an instance of the parsed datafile, as its documentation does."""
        self._instance = create_featurevisor({"datafile": json.loads(data), "logLevel": "error"})

    def context(self, user: User) -> User:
        """Take the dictionary as it is."""
        return user

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value of the evaluation."""
        if flag.is_boolean:
            return self._instance.evaluate_flag(flag.key, context).get("enabled")
        return self._instance.evaluate_variable(flag.key, "config", context).get("variableValue")

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        self.run_all((flag,), contexts)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        boolean, variable = self._instance.evaluate_flag, self._instance.evaluate_variable
        asked = [(flag.key, flag.is_boolean) for flag in flags]
        for context in contexts:
            for key, is_boolean in asked:
                if is_boolean:
                    boolean(key, context)
                else:
                    variable(key, "config", context)

    def close(self) -> None:
        """Close the instance."""
        self._instance.close()


def _feature(flag: Definition) -> dict[str, Any]:
    made: dict[str, Any] = {"key": flag.key, "bucketBy": "targetingKey"}
    traffic = [
        {
            "key": rule.name,
            "conditions": [_condition(rule.match)],
            "percentage": _ALL if rule.serve == "on" else 0,
        }
        for rule in flag.rules
    ]
    default: dict[str, Any] = {"key": "default", "conditions": "*"}
    default["percentage"] = 0 if flag.default == "off" else _ALL
    if not isinstance(flag.default, str):
        allocation, start = [], 0
        for name, weight in flag.split.items():
            end = start + weight * _ALL // 100
            allocation.append({"variation": name, "range": [start, end]})
            start = end
        default["allocation"] = allocation
        first = next(iter(flag.variants.values()))
        made["variablesSchema"] = {"config": {"type": "object", "defaultValue": first}}
        made["variations"] = [
            {"value": name, "weight": weight, "variables": {"config": flag.variants[name]}}
            for name, weight in flag.split.items()
        ]
    return {**made, "traffic": [*traffic, default]}


def _condition(match: Match) -> dict[str, Any]:
    operators = {"in": "in", "eq": "equals", "semver_gte": "semverGreaterThanOrEquals"}
    value = match.operand if isinstance(match.operand, str) else list(match.operand)
    return {"attribute": match.attribute, "operator": operators[match.operator], "value": value}
