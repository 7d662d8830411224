"""optimizely-sdk, from a datafile, without decision events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from optimizely.logger import NoOpLogger
from optimizely.optimizely import Optimizely

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]

_OPTIONS: Final = ["DISABLE_DECISION_EVENT"]
_ATTRIBUTES: Final = ("plan", "country", "version")


class Adapter(Peer):
    """`decide`; rules are a rollout's, a split is an experiment."""

    title = "optimizely-sdk"
    distribution = "optimizely-sdk"
    note = "variation, rule and variables; reasons only where asked for, so not here"
    _client: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return a datafile of version 4."""
        made: dict[str, list[Any]] = {
            "featureFlags": [],
            "experiments": [],
            "rollouts": [],
            "typedAudiences": [],
        }
        for flag in flags:
            _add(flag, made)
        audiences = [
            {"id": each["id"], "name": each["name"], "conditions": '["or"]'}
            for each in made["typedAudiences"]
        ]
        rest = {"version": "4", "accountId": "1", "projectId": "1", "revision": "1"}
        attributes = [{"id": name, "key": name} for name in _ATTRIBUTES]
        lists = {"events": [], "groups": [], "attributes": attributes, "audiences": audiences}
        return json.dumps({**rest, **lists, **made}).encode()

    def load(self, data: bytes) -> None:
        """Make a client of the datafile, which it validates."""
        self._client = Optimizely(datafile=data.decode(), logger=NoOpLogger())
        assert self._client.is_valid

    def context(self, user: User) -> Any:
        """Make a user context."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        return self._client.create_user_context(user["targetingKey"], rest)

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return whether it is enabled, or the object."""
        found = context.decide(flag.key, _OPTIONS)
        return found.enabled if flag.is_boolean else found.variables["config"]

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        key = flag.key
        for context in contexts:
            context.decide(key, _OPTIONS)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        keys = [flag.key for flag in flags]
        for context in contexts:
            for key in keys:
                context.decide(key, _OPTIONS)

    def close(self) -> None:
        """Stop its threads."""
        self._client.close()


def _add(flag: Definition, made: dict[str, list[Any]]) -> None:
    key = flag.key
    feature: dict[str, Any] = {"id": key, "key": key, "rolloutId": f"{key}/rollout"}
    feature |= {"experimentIds": [], "variables": []}
    rules = []
    for rule in flag.rules:
        audience = f"{key}/{rule.name}"
        made["typedAudiences"].append(
            {"id": audience, "name": audience, "conditions": _conditions(rule.match)}
        )
        rules.append(_experiment(flag, rule.name, {rule.serve: 100}, audience))
    if isinstance(flag.default, str):
        rules.append(_experiment(flag, "default", flag.split))
    else:
        experiment = _experiment(flag, "default", flag.split)
        made["experiments"].append(experiment)
        feature["experimentIds"] = [experiment["id"]]
        feature["variables"] = [
            {"id": f"{key}/config", "key": "config", "type": "json", "defaultValue": "{}"}
        ]
    made["rollouts"].append({"id": f"{key}/rollout", "experiments": rules})
    made["featureFlags"].append(feature)


def _experiment(
    flag: Definition, rule: str, split: dict[str, int], audience: str | None = None
) -> dict[str, Any]:
    name = f"{flag.key}/{rule}"
    variations, allocation, end = [], [], 0
    for variant, weight in split.items():
        end += weight * 100
        value = flag.variants[variant]
        variables = [] if flag.is_boolean else [_variable(flag, value)]
        identity = {"id": f"{name}/{variant}", "key": variant}
        variations.append(
            {**identity, "featureEnabled": value is not False, "variables": variables}
        )
        allocation.append({"entityId": identity["id"], "endOfRange": end})
    return {
        "id": name,
        "key": name,
        "status": "Running",
        "layerId": name,
        "audienceIds": [] if audience is None else [audience],
        "audienceConditions": [] if audience is None else ["or", audience],
        "forcedVariations": {},
        "variations": variations,
        "trafficAllocation": allocation,
    }


def _variable(flag: Definition, value: object) -> dict[str, str]:
    return {"id": f"{flag.key}/config", "value": json.dumps(value)}


def _conditions(match: Match) -> list[Any]:
    how = "semver_ge" if match.operator == "semver_gte" else "exact"
    values = [match.operand] if isinstance(match.operand, str) else list(match.operand)
    leaves = [
        {"type": "custom_attribute", "name": match.attribute, "match": how, "value": value}
        for value in values
    ]
    return ["and", ["or", ["or", *leaves]]]
