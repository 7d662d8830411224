"""Exposures as OpenTelemetry log records over HTTP, where `OTEL_EXPORTER_OTLP_…` says.

The event and the attributes that have names are those of OpenTelemetry's semantic conventions for
feature flags.
"""

from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from burgee.instants import parse_instant
from burgee_edge.exposures.exposure import Exposure

__all__ = ["Otlp"]

_EVENT: Final = "feature_flag.evaluation"
_ENDS_WITHIN_MS: Final = 5_000


class Otlp:
    """A logger of its own, so that nothing else of the process is sent along."""

    def __init__(self) -> None:
        self._provider = LoggerProvider(shutdown_on_exit=False)
        exporter = OTLPLogExporter(timeout=_ENDS_WITHIN_MS / 1000)
        self._provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        self._logger = self._provider.get_logger("burgee.exposures")

    def write(self, exposures: Sequence[Exposure]) -> None:
        """Hand over; the library sends, tries again, and drops what stays refused."""
        for each in exposures:
            self._logger.emit(
                timestamp=(parse_instant(each.time) or 0) * 1000,
                event_name=_EVENT,
                attributes=_attributes(each),
            )

    def close(self) -> None:
        self._provider.force_flush(_ENDS_WITHIN_MS)
        self._provider.shutdown()


def _attributes(each: Exposure) -> dict[str, str | float]:
    named: dict[str, str | float | None] = {
        "feature_flag.key": each.flag,
        "feature_flag.provider.name": "burgee",
        "feature_flag.result.variant": each.variant,
        "feature_flag.result.reason": "split",
        "feature_flag.set.id": f"{each.environment}/{each.tenant}",
        "feature_flag.version": each.version,
        "feature_flag.context.id": each.user,
        "burgee.environment": each.environment,
        "burgee.tenant": each.tenant,
        "burgee.experiment": each.experiment,
        "burgee.layer": each.layer,
        "burgee.bucket": each.bucket,
    }
    return {name: value for name, value in named.items() if value is not None}
