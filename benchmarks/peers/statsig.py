"""statsig-python-core: a Rust core; gates for booleans, dynamic configs for objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from statsig_python_core import (
    DynamicConfigEvaluationOptions,
    FeatureGateEvaluationOptions,
    Statsig,
    StatsigOptions,
    StatsigUser,
)
from statsig_python_core.data_store import DataStore, DataStoreResponse

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]

_TIME = 1_767_225_600_000
_COMMON = {"enabled": True, "idType": "userID", "version": 1}


class Adapter(Peer):
    """`check_gate` and `get_dynamic_config`, without logging exposures."""

    title = "statsig-python-core"
    distribution = "statsig-python-core"
    note = "a boolean alone; an object with rule and reason"
    _client: Any
    _gate_options: Any
    _config_options: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return specs as its own servers send them."""
        conditions: dict[str, dict[str, Any]] = {"everyone": _condition("public", None, None)}
        specs: dict[str, dict[str, Any]] = {"feature_gates": {}, "dynamic_configs": {}}
        for flag in flags:
            kind = "feature_gate" if flag.is_boolean else "dynamic_config"
            specs[f"{kind}s"][flag.key] = _spec(flag, kind, conditions)
        rest: dict[str, Any] = {"layer_configs": {}, "experiment_to_layer": {}, "id_lists": {}}
        rest |= {"has_updates": True, "time": _TIME}
        rest |= {"response_format": "dcs-v2", "default_environment": "production"}
        return json.dumps({**specs, **rest, "condition_map": conditions}).encode()

    def load(self, data: bytes) -> None:
        """Start from a data store that holds the specs; nothing is fetched or logged."""
        options = StatsigOptions(
            data_store=_Store(data.decode()),
            disable_network=True,
            disable_all_logging=True,
            disable_country_lookup=True,
            output_log_level="none",
        )
        self._client = Statsig("secret-benchmark", options)
        self._client.initialize().wait()
        assert self._client.get_initialize_details().is_config_spec_ready
        self._gate_options = FeatureGateEvaluationOptions(disable_exposure_logging=True)
        self._config_options = DynamicConfigEvaluationOptions(disable_exposure_logging=True)

    def context(self, user: User) -> Any:
        """Make a user with custom fields."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        return StatsigUser(user_id=user["targetingKey"], custom=rest)

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value."""
        call, key, options = self._call(flag)
        found = call(context, key, options)
        return found if isinstance(found, bool) else found.value

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        call, key, options = self._call(flag)
        for context in contexts:
            call(context, key, options)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        calls = [self._call(flag) for flag in flags]
        for context in contexts:
            for call, key, options in calls:
                call(context, key, options)

    def close(self) -> None:
        """Stop its runtime."""
        self._client.shutdown().wait()

    def _gate(self) -> Any:
        return self._client.check_gate

    def _call(self, flag: Definition) -> tuple[Any, str, Any]:
        if flag.is_boolean:
            return self._gate(), flag.key, self._gate_options
        return self._client.get_dynamic_config, flag.key, self._config_options


class _Store(DataStore):  # type: ignore[misc]  # untyped where it is not installed
    def __init__(self, specs: str) -> None:
        super().__init__()
        self._specs = specs

    def get(self, key: str) -> Any:
        return DataStoreResponse(self._specs, _TIME)


def _condition(kind: str, operator: str | None, value: object, field: str = "") -> dict[str, Any]:
    return {
        "type": kind,
        "operator": operator,
        "targetValue": value,
        "field": field or None,
        "additionalValues": {},
        "idType": "userID",
    }


def _spec(flag: Definition, kind: str, conditions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    rules = []
    for rule in flag.rules:
        name = f"{flag.key}/{rule.name}"
        conditions[name] = _matching(rule.match)
        rules.append(_rule(rule.name, name, flag.variants[rule.serve]))
    if isinstance(flag.default, str):
        default = flag.variants[flag.default]
        rules.append(_rule("default", "everyone", default))
    else:
        default = {}
        end = 0
        for variant, weight in flag.split.items():
            end += weight * 10
            name = f"{flag.key}/{variant}"
            bucket = _condition("user_bucket", "lt", end)
            conditions[name] = {**bucket, "additionalValues": {"salt": flag.key}}
            rules.append(_rule(variant, name, flag.variants[variant]))
    entity = {"type": kind, "entity": kind, "salt": flag.key, "defaultValue": default}
    return {**_COMMON, **entity, "rules": rules}


def _rule(name: str, condition: str, value: object) -> dict[str, Any]:
    return {
        "name": name,
        "id": name,
        "salt": name,
        "passPercentage": 100,
        "conditions": [condition],
        "returnValue": value,
        "idType": "userID",
    }


def _matching(match: Match) -> dict[str, Any]:
    if match.operator == "semver_gte":
        return _condition("user_field", "version_gte", match.operand, match.attribute)
    values = [match.operand] if isinstance(match.operand, str) else list(match.operand)
    return _condition("user_field", "any", values, match.attribute)
