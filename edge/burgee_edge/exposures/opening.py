"""From the setting of a node to the sink of its exposures."""

import importlib
import re
from collections.abc import Callable
from typing import Final

from burgee_edge.exposures.json_lines import JsonLines
from burgee_edge.exposures.sink import Sink

__all__ = ["check_sink", "open_sink"]

_KAFKA: Final = re.compile(
    r"kafka://([A-Za-z0-9.-]+:[0-9]+(?:,[A-Za-z0-9.-]+:[0-9]+)*)/([A-Za-z0-9._-]+)"
)
_CUSTOM: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*):([A-Za-z_][A-Za-z0-9_]*)")


def check_sink(name: str) -> str | None:
    """Return what is wrong with the name of a sink, None where nothing is."""
    if name in ("stdout", "otlp") or _KAFKA.fullmatch(name) or _CUSTOM.fullmatch(name):
        return None
    return (
        f"--exposures {name!r} is none of stdout, otlp, kafka://HOST:PORT/TOPIC and MODULE:NAME of "
        "what makes a sink"
    )


def open_sink(name: str) -> Sink:
    """Open a sink that was found to be one; ValueError where what it needs is not installed."""
    if name == "stdout":
        return JsonLines()
    try:
        if name == "otlp":
            from burgee_edge.exposures.otlp import Otlp  # noqa: PLC0415  an extra

            return Otlp()
        kafka = _KAFKA.fullmatch(name)
        if kafka is not None:
            from burgee_edge.exposures.kafka import Kafka  # noqa: PLC0415  an extra

            return Kafka(kafka[1], kafka[2])
    except ImportError as error:
        extra = "otel" if name == "otlp" else "kafka"
        raise ValueError(
            f"--exposures {name} needs the extra: pip install 'burgee[edge,{extra}]' ({error})"
        ) from error
    return _custom(name)


def _custom(name: str) -> Sink:
    module, _, attribute = name.partition(":")
    try:
        make: Callable[[], Sink] = getattr(importlib.import_module(module), attribute)
        return make()
    except Exception as error:  # whatever somebody else's module may raise
        raise ValueError(f"--exposures {name}: {type(error).__name__}: {error}") from error
