"""openfeature-flagd-core: flagd's evaluator in Python, JSON logic interpreted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]


class Adapter(Peer):
    """`resolve_boolean_value` and `resolve_object_value`."""

    title = "openfeature-flagd-core"
    distribution = "openfeature-flagd-core"
    note = "value, variant, reason and metadata"
    _core: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return a flag definition file."""
        return json.dumps({"flags": {flag.key: _flag(flag) for flag in flags}}).encode()

    def load(self, data: bytes) -> None:
        """Set the flags."""
        self._core = FlagdCore()
        self._core.set_flags(data.decode())

    def context(self, user: User) -> Any:
        """Make an OpenFeature context."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        return EvaluationContext(user["targetingKey"], rest)

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value of the details."""
        call, key, default = self._call(flag)
        return call(key, default, context).value

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        call, key, default = self._call(flag)
        for context in contexts:
            call(key, default, context)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        calls = [self._call(flag) for flag in flags]
        for context in contexts:
            for call, key, default in calls:
                call(key, default, context)

    def _call(self, flag: Definition) -> tuple[Any, str, Any]:
        if flag.is_boolean:
            return self._core.resolve_boolean_value, flag.key, False
        return self._core.resolve_object_value, flag.key, {}


def _flag(flag: Definition) -> dict[str, Any]:
    made: dict[str, Any] = {"state": "ENABLED", "variants": flag.variants}
    if isinstance(flag.default, str):
        made["defaultVariant"] = flag.default
    else:
        made["defaultVariant"] = next(iter(flag.split))
        made["targeting"] = {"fractional": [list(part) for part in flag.split.items()]}
    if flag.rules:
        steps: list[Any] = []
        for rule in flag.rules:
            steps += [_condition(rule.match), rule.serve]
        made["targeting"] = {"if": [*steps, made.get("targeting", flag.default)]}
    return made


def _condition(match: Match) -> dict[str, Any]:
    value = {"var": match.attribute}
    if match.operator == "semver_gte":
        return {"sem_ver": [value, ">=", match.operand]}
    if isinstance(match.operand, str):
        return {"==": [value, match.operand]}
    return {"in": [value, list(match.operand)]}
