"""eppo-server-sdk again, by the calls that say why."""

from __future__ import annotations

from typing import Any

from benchmarks._flags import Definition
from benchmarks.peers import eppo

__all__ = ["Adapter"]


class Adapter(eppo.Adapter):
    """`get_boolean_assignment_details` and `get_json_assignment_details`."""

    title = "eppo-server-sdk, with details"
    note = "every allocation tried, as JSON"
    _boolean = "get_boolean_assignment_details"
    _json = "get_json_assignment_details"

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value of the details."""
        return super().answer(flag, context).variation
