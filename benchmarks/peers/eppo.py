"""eppo-server-sdk: the fastest peer, a Rust core behind PyO3. Its value-only call is the base."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import eppo_client

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]

_SHARDS = 10_000


class Adapter(Peer):
    """`get_boolean_assignment` and `get_json_assignment`, which tell no reason."""

    title = "eppo-server-sdk (the base of all ratios)"
    distribution = "eppo-server-sdk"
    note = "the value alone"
    _client: Any
    _boolean = "get_boolean_assignment"
    _json = "get_json_assignment"

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return a server configuration."""
        return json.dumps(
            {
                "createdAt": "2026-01-01T00:00:00Z",
                "format": "SERVER",
                "environment": {"name": "production"},
                "flags": {flag.key: _flag(flag) for flag in flags},
            }
        ).encode()

    def load(self, data: bytes) -> None:
        """Start a client that never polls, from the configuration given."""
        config = eppo_client.ClientConfig(
            api_key="none",
            base_url="http://127.0.0.1:9",
            assignment_logger=eppo_client.AssignmentLogger(),
            poll_interval_seconds=None,
            initial_configuration=eppo_client.Configuration(flags_configuration=data),
        )
        self._client = eppo_client.init(config)

    def context(self, user: User) -> tuple[str, dict[str, str]]:
        """Split the subject's key off its attributes."""
        rest = {name: value for name, value in user.items() if name != "targetingKey"}
        return user["targetingKey"], rest

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value."""
        call, key, default = self._call(flag)
        return call(key, *context, default)

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        call, key, default = self._call(flag)
        for subject, attributes in contexts:
            call(key, subject, attributes, default)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        calls = [self._call(flag) for flag in flags]
        for subject, attributes in contexts:
            for call, key, default in calls:
                call(key, subject, attributes, default)

    def close(self) -> None:
        """Stop its threads."""
        self._client.shutdown()

    def _call(self, flag: Definition) -> tuple[Any, str, Any]:
        if flag.is_boolean:
            return getattr(self._client, self._boolean), flag.key, False
        return getattr(self._client, self._json), flag.key, None


def _flag(flag: Definition) -> dict[str, Any]:
    allocations = [
        {
            "key": rule.name,
            "rules": [{"conditions": [_condition(rule.match)]}],
            "splits": [{"shards": [], "variationKey": rule.serve}],
            "doLog": False,
        }
        for rule in flag.rules
    ]
    allocations.append({"key": "default", "rules": [], "splits": _splits(flag), "doLog": False})
    return {
        "key": flag.key,
        "enabled": True,
        "variationType": "BOOLEAN" if flag.is_boolean else "JSON",
        "variations": {
            name: {"key": name, "value": value if flag.is_boolean else json.dumps(value)}
            for name, value in flag.variants.items()
        },
        "allocations": allocations,
        "totalShards": _SHARDS,
    }


def _splits(flag: Definition) -> list[dict[str, Any]]:
    if isinstance(flag.default, str):
        return [{"shards": [], "variationKey": flag.default}]
    splits: list[dict[str, Any]] = []
    start = 0
    for name, weight in flag.split.items():
        end = start + weight * _SHARDS // 100
        shards = [{"salt": flag.key, "ranges": [{"start": start, "end": end}]}]
        splits.append({"variationKey": name, "shards": shards})
        start = end
    return splits


def _condition(match: Match) -> dict[str, Any]:
    if match.operator == "semver_gte":
        return {"attribute": match.attribute, "operator": "GTE", "value": match.operand}
    values = [match.operand] if isinstance(match.operand, str) else list(match.operand)
    return {"attribute": match.attribute, "operator": "ONE_OF", "value": values}
