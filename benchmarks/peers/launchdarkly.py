"""launchdarkly-server-sdk, fed by its own file data source; no events."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ldclient import Config, Context, LDClient
from ldclient.integrations import Files

from benchmarks._flags import Definition, Match, User
from benchmarks.peers import Peer

__all__ = ["Adapter"]


class Adapter(Peer):
    """`variation_detail`."""

    title = "launchdarkly-server-sdk"
    distribution = "launchdarkly-server-sdk"
    note = "value, index, reason and rule"
    _client: Any

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return a flag file."""
        return json.dumps({"flags": {flag.key: _flag(flag) for flag in flags}}).encode()

    def load(self, data: bytes) -> None:
        """Start a client on a file."""
        logging.getLogger("ldclient").setLevel(logging.ERROR)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "flags.json"
            path.write_bytes(data)
            source = Files.new_data_source(paths=[str(path)])
            config = Config("none", update_processor_class=source, send_events=False)
            self._client = LDClient(config=config, start_wait=30)
        assert self._client.is_initialized()

    def context(self, user: User) -> Any:
        """Build a context."""
        builder = Context.builder(user["targetingKey"])
        for name, value in user.items():
            if name != "targetingKey":
                builder.set(name, value)
        return builder.build()

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value of the detail."""
        return self._client.variation_detail(flag.key, context, None).value

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        evaluate, key = self._client.variation_detail, flag.key
        for context in contexts:
            evaluate(key, context, None)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        evaluate = self._client.variation_detail
        keys = [flag.key for flag in flags]
        for context in contexts:
            for key in keys:
                evaluate(key, context, None)

    def close(self) -> None:
        """Stop its threads."""
        self._client.close()


def _flag(flag: Definition) -> dict[str, Any]:
    index = {name: number for number, name in enumerate(flag.variants)}
    fallthrough: dict[str, Any]
    if isinstance(flag.default, str):
        fallthrough = {"variation": index[flag.default]}
    else:
        weights = [
            {"variation": index[name], "weight": weight * 1000}
            for name, weight in flag.split.items()
        ]
        fallthrough = {"rollout": {"variations": weights}}
    return {
        "key": flag.key,
        "version": 1,
        "on": True,
        "salt": flag.key,
        "variations": list(flag.variants.values()),
        "offVariation": 0,
        "fallthrough": fallthrough,
        "targets": [],
        "prerequisites": [],
        "rules": [
            {
                "id": rule.name,
                "variation": index[rule.serve],
                "clauses": [_clause(rule.match)],
            }
            for rule in flag.rules
        ],
    }


def _clause(match: Match) -> dict[str, Any]:
    values = [match.operand] if isinstance(match.operand, str) else list(match.operand)
    clause = {"attribute": match.attribute, "contextKind": "user", "values": values}
    if match.operator == "semver_gte":  # it knows less-than alone
        return {**clause, "op": "semVerLessThan", "negate": True}
    return {**clause, "op": "in", "negate": False}
