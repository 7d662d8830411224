"""Collecting exposures without holding up an answer: sampled, bounded, written beside."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import structlog

from burgee.buckets import member_digest
from burgee.evaluation import Result
from burgee.instants import format_instant
from burgee.units import unit_of
from burgee_edge.exposures.exposure import Exposure
from burgee_edge.exposures.sink import Sink

__all__ = ["Exposures"]

_MOST: Final = 10_000
_BATCH: Final = 500
_EVERY_SECONDS: Final = 1.0
_REASON: Final = "experiment_assigned"
_ALL: Final = 1 << 64

_log = structlog.get_logger("burgee.exposures")


class Exposures:
    """What was given and is not written yet. `given`, `dropped` and `lost` only grow.

    `sample` is the share of users whose exposures are kept: one is in with all of them, or out.
    """

    def __init__(
        self, sink: Sink, environment: str, *, sample: float = 1.0, raw: bool = False
    ) -> None:
        self.given = 0
        self.dropped = 0
        self.lost = 0
        self._sink = sink
        self._environment = environment
        self._below = round(sample * _ALL)
        self._raw = raw
        self._waiting: deque[Exposure] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="burgee-exposures", daemon=True)
        self._told = ""

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self, seconds: float = 10.0) -> None:
        """Write what is left and end, within so many seconds."""
        self._stop.set()
        self._thread.join(seconds)

    def note(
        self, tenant: str, result: Result, context: Mapping[str, Any], version: str, now: int
    ) -> None:
        """Take note of an answer, where it assigned an experiment; `now` in microseconds."""
        answer = result.answer
        if answer.reason != _REASON or answer.experiment is None:
            return
        unit = unit_of(context.get("targetingKey"))
        digest = None if unit is None else member_digest(tenant, unit)
        if digest is not None and int.from_bytes(digest[:8], "big") >= self._below:
            return
        self.given += 1
        if len(self._waiting) >= _MOST:
            self.dropped += 1
            return
        user = unit if self._raw or digest is None else digest.hex()
        self._waiting.append(
            Exposure(
                time=format_instant(now),
                environment=self._environment,
                tenant=tenant,
                flag=answer.flag_key,
                experiment=answer.experiment,
                layer=answer.layer,
                variant=answer.variant,
                bucket=result.bucket,
                user=user,
                version=version,
            )
        )

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            self._write()
        self._write()
        try:
            self._sink.close()
        except Exception as error:  # noqa: BLE001  whatever a sink may raise
            _log.warning("exposures may be lost", detail=str(error))

    def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                self._sink.write(batch)
                self._told = ""
            except Exception as error:  # noqa: BLE001  the next ones are tried all the same
                self.lost += len(batch)
                if str(error) != self._told:
                    self._told = str(error)
                    _log.warning("exposures are lost", detail=self._told)
