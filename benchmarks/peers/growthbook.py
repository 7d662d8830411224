"""growthbook: the core that its sync and async clients share, pure Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from growthbook.common_types import (
    EvaluationContext,
    Feature,
    GlobalContext,
    Options,
    StackContext,
    UserContext,
)
from growthbook.core import eval_feature

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]


class Adapter(Peer):
    """`growthbook.core.eval_feature`, below both clients, which cost more."""

    title = "growthbook (core)"
    distribution = "growthbook"
    note = "value, source, rule and experiment"
    _global: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return a payload of its SDK endpoint."""
        return json.dumps({"features": {flag.key: _feature(flag) for flag in flags}}).encode()

    def load(self, data: bytes) -> None:
        """Make its features, as a client does with what it fetched."""
        features = json.loads(data)["features"]
        made = {key: Feature(**definition) for key, definition in features.items()}
        self._global = GlobalContext(options=Options(), features=made)

    def context(self, user: User) -> Any:
        """Make a context of attributes."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        attributes = {**rest, "id": user["targetingKey"]}
        return EvaluationContext(
            user=UserContext(attributes=attributes),
            global_ctx=self._global,
            stack=StackContext(evaluated_features=set()),
        )

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value."""
        context.stack.evaluated_features.clear()
        return eval_feature(flag.key, context).value

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        key = flag.key
        for context in contexts:
            context.stack.evaluated_features.clear()  # else it sees a cycle; clients make it anew
            eval_feature(key, context)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        keys = [flag.key for flag in flags]
        for context in contexts:
            for key in keys:
                context.stack.evaluated_features.clear()
                eval_feature(key, context)


def _feature(flag: Definition) -> dict[str, Any]:
    rules: list[dict[str, Any]] = [
        {
            "id": rule.name,
            "condition": {rule.match.attribute: _condition(rule.match)},
            "force": flag.variants[rule.serve],
        }
        for rule in flag.rules
    ]
    if isinstance(flag.default, str):
        return {"defaultValue": flag.variants[flag.default], "rules": rules}
    experiment = {
        "id": "default",
        "key": flag.key,
        "variations": [flag.variants[name] for name in flag.split],
        "weights": [weight / 100 for weight in flag.split.values()],
        "coverage": 1.0,
        "hashAttribute": "id",
        "hashVersion": 2,
    }
    return {"defaultValue": None, "rules": [*rules, experiment]}


def _condition(match: Match) -> Any:
    if match.operator == "semver_gte":
        return {"$vgte": match.operand}
    return match.operand if isinstance(match.operand, str) else {"$in": list(match.operand)}
