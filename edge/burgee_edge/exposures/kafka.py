"""Exposures as JSON messages of a Kafka topic, by user, so that a user's are in order."""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException, Producer

from burgee_edge.exposures.exposure import Exposure
from burgee_http.json_text import encode_json

__all__ = ["Kafka"]

_FLUSHES_WITHIN: Final = 5.0

_log = structlog.get_logger("burgee.exposures")


class Kafka:
    """A producer, which keeps what it could not send yet, up to a bound of its own."""

    def __init__(self, servers: str, topic: str, **settings: Any) -> None:
        self._topic = topic
        self._told = False
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "client.id": "burgee-edge",
                "enable.idempotence": True,
                "message.timeout.ms": 60_000,
                **settings,
            },
            error_cb=self._failed,
        )

    def write(self, exposures: Sequence[Exposure]) -> None:
        """Hand over; raises where the producer holds all that it may."""
        for each in exposures:
            key = None if each.user is None else each.user.encode()
            try:
                self._producer.produce(self._topic, encode_json(each), key)
            except BufferError as error:
                raise KafkaException(
                    "the broker takes no messages, and no more are held"
                ) from error
        self._producer.poll(0)

    def close(self) -> None:
        self._producer.flush(_FLUSHES_WITHIN)

    def _failed(self, error: Any) -> None:
        if not self._told:
            self._told = True
            _log.warning("Kafka does not take exposures for now", detail=str(error))
