"""How long ago what is served was last known to be the newest there is."""

import time
from collections.abc import Callable

from burgee_edge.pulse import Pulse

__all__ = ["Freshness"]


class Freshness:
    """Of the source: when it was last looked at, and found to hold what is served.

    `most_seconds` is the age from which on the node is not ready; None where age unreadies nobody.
    """

    def __init__(
        self,
        pulse: Pulse | None = None,
        most_seconds: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.checked_at: float | None = None
        self.confirmed_at: float | None = None
        self.most_seconds = most_seconds
        self._pulse = pulse
        self._clock = clock
        self._started = clock()

    @property
    def heartbeat_at(self) -> float | None:
        """When the publisher was last known to live; None where it gives no sign of it."""
        return None if self._pulse is None else self._pulse.at

    @property
    def heartbeat(self) -> bytes | None:
        """The publisher's newest heartbeat as it came, for whoever reads from this node."""
        return None if self._pulse is None else self._pulse.data

    def looked(self) -> None:
        """Note that the source was looked at."""
        self.checked_at = self._clock()

    def confirmed(self) -> None:
        """Note that the source holds what is served."""
        self.confirmed_at = self._clock()

    def seconds(self) -> float:
        """Return the age: since the source was last good, or the publisher's last sign of life
        where that is longer ago.
        """
        since = self._started if self.confirmed_at is None else self.confirmed_at
        beat = self.heartbeat_at
        return max(0.0, self._clock() - (since if beat is None else min(since, beat)))

    @property
    def stale(self) -> bool:
        """Whether the node is to be called not ready for its age."""
        return self.most_seconds is not None and self.seconds() > self.most_seconds
