"""posthog: local evaluation, with definitions from its own cache interface; no events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from posthog import Posthog

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]


class Adapter(Peer):
    """`evaluate_flags` with the keys asked for, locally alone."""

    title = "posthog"
    distribution = "posthog"
    note = "all keys of a work in one call, as it is meant; value, payload and a reason"
    _client: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return flag definitions."""
        made = [_flag(flag, number) for number, flag in enumerate(flags)]
        return json.dumps({"flags": made, "group_type_mapping": {}, "cohorts": {}}).encode()

    def load(self, data: bytes) -> None:
        """Start a client whose definitions come from a cache."""
        self._client = Posthog(
            "none",
            host="http://127.0.0.1:9",
            secret_key="none",
            send=False,
            flag_definition_cache_provider=_Cache(data),
        )
        self._client.load_feature_flags()

    def context(self, user: User) -> tuple[str, dict[str, str]]:
        """Split the id off the properties."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        return user["targetingKey"], rest

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return whether it is enabled, or the payload."""
        found = self._evaluate(context, [flag.key])
        return found.is_enabled(flag.key) if flag.is_boolean else found.get_flag_payload(flag.key)

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        self.run_all((flag,), contexts)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a context, for all keys."""
        keys = [flag.key for flag in flags]
        evaluate = self._client.evaluate_flags
        for user, properties in contexts:
            evaluate(user, person_properties=properties, only_evaluate_locally=True, flag_keys=keys)

    def close(self) -> None:
        """Stop its threads."""
        self._client.shutdown()

    def _evaluate(self, context: tuple[str, dict[str, str]], keys: list[str]) -> Any:
        user, properties = context
        return self._client.evaluate_flags(
            user, person_properties=properties, only_evaluate_locally=True, flag_keys=keys
        )


class _Cache:
    """Its FlagDefinitionCacheProvider: definitions that another worker fetched."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def should_fetch_flag_definitions(self) -> bool:
        return False

    def get_flag_definitions(self) -> Any:
        return json.loads(self._data)

    def on_flag_definitions_received(self, data: object) -> None:
        return

    def shutdown(self) -> None:
        return


def _flag(flag: Definition, number: int) -> dict[str, Any]:
    groups: list[dict[str, Any]] = [
        {"properties": [_property(rule.match)], "rollout_percentage": 100} for rule in flag.rules
    ]
    filters: dict[str, Any] = {"groups": groups, "payloads": {}}
    if flag.default != "off":
        groups.append({"properties": [], "rollout_percentage": 100})
    if not isinstance(flag.default, str):
        filters["multivariate"] = {
            "variants": [
                {"key": name, "rollout_percentage": weight} for name, weight in flag.split.items()
            ]
        }
        filters["payloads"] = {name: json.dumps(flag.variants[name]) for name in flag.split}
    return {
        "id": number,
        "key": flag.key,
        "active": bool(groups),
        "filters": filters,
        "ensure_experience_continuity": False,
    }


def _property(match: Match) -> dict[str, Any]:
    value = match.operand if isinstance(match.operand, str) else list(match.operand)
    how = "semver_gte" if match.operator == "semver_gte" else "exact"
    return {"key": match.attribute, "type": "person", "value": value, "operator": how}
