"""When the publisher was last known to live."""

import structlog

from burgee.heartbeat import read_heartbeat
from burgee.instants import MICROSECONDS
from burgee.load import Refused
from burgee.signatures import Trust
from burgee_edge.sources.source import HEARTBEAT, Source

__all__ = ["Pulse"]

_log = structlog.get_logger("burgee.source")


class Pulse:
    """The newest heartbeat of the source, `at` in seconds since 1970 by the publisher's clock.

    Both are None where the source never had one. An older one than was seen before is passed over:
    whoever can write to the store could repeat it.
    """

    def __init__(self, source: Source, environment: str, trust: Trust | None) -> None:
        self.at: float | None = None
        self.data: bytes | None = None
        self._source = source
        self._environment = environment
        self._trust = trust
        self._told = ""

    def look(self) -> None:
        """Read it anew; what is wrong with it is logged once and changes nothing."""
        try:
            data = self._source.read(HEARTBEAT)
            if data != self.data:
                self._take(data)
            self._told = ""
        except FileNotFoundError:
            self._told = ""
        except (OSError, Refused) as error:
            if str(error) != self._told:
                self._told = str(error)
                _log.warning("the publisher's heartbeat cannot be used", detail=self._told)

    def _take(self, data: bytes) -> None:
        at = read_heartbeat(data, self._environment, self._trust).time / MICROSECONDS
        if self.at is None or at > self.at:
            self.at, self.data = at, data
