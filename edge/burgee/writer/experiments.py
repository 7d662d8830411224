"""Calls of the writer client that are about an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from burgee.writer.answers import Document, Written
from burgee.writer.base import Caller
from burgee.writer.calls import segments

if TYPE_CHECKING:
    from typing import Unpack

    from burgee.writer.base import Options

__all__ = ["ExperimentCalls"]


class ExperimentCalls(Caller):
    """Experiments: rules whose split is measured."""

    def get_experiment(self, key: str, rule: str) -> Document:
        """Return the rule of an experiment and its flag's etag."""
        return self._document(_experiment(key, rule), "rule")

    def list_experiments(self, *, active: bool | None = None) -> list[Mapping[str, Any]]:
        """Return all experiments, or those that run, or those that do not."""
        return list(self._calls.get("/v1/experiments", {"active": active}).body["experiments"])

    def update_experiment(
        self, key: str, rule: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Replace whole fields of an experiment; None removes one."""
        return self._write("PATCH", _experiment(key, rule), fields, options)

    def start_experiment(self, key: str, rule: str, **options: Unpack[Options]) -> Written:
        """Have the experiment of a rule run."""
        return self.update_experiment(key, rule, {"status": "running"}, **options)

    def pause_experiment(self, key: str, rule: str, **options: Unpack[Options]) -> Written:
        """Have the experiment of a rule rest."""
        return self.update_experiment(key, rule, {"status": "paused"}, **options)

    def conclude_experiment(
        self, key: str, rule: str, winner: str, **options: Unpack[Options]
    ) -> Written:
        """End the experiment of a rule: everybody in it gets the winner."""
        fields = {"status": "concluded", "winner": winner}
        return self.update_experiment(key, rule, fields, **options)


def _experiment(key: str, rule: str) -> str:
    return f"/v1/flags/{segments(key)}/experiments/{segments(rule)}"
