"""statsig-python-core again, by the call that says why a gate is open."""

from __future__ import annotations

from typing import Any

from benchmarks.peers import statsig

__all__ = ["Adapter"]


class Adapter(statsig.Adapter):
    """`get_feature_gate` and `get_dynamic_config`, without logging exposures."""

    title = "statsig-python-core, with details"
    note = "value, rule and reason"

    def _gate(self) -> Any:
        return self._client.get_feature_gate
