"""When a source that tells nothing by itself is asked again."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from typing import Final

from burgee_edge.sources.woken import first_of

__all__ = ["Pace"]

_SLOWEST_SECONDS: Final = 60.0
_LONGEST_ASKED: Final = 300.0
_JITTER: Final = 0.1


class Pace:
    """Every `seconds`, a tenth more or less, so that nodes do not ask all at once.

    After failures it doubles, up to a minute or to `seconds` where that is more, anywhere between
    half of that and all; a server that asks for more (Retry-After, max-age) gets it, up to five
    minutes. Waking overrules it all.
    """

    def __init__(self, seconds: float, draw: Callable[[], float] = random.random) -> None:
        self._seconds = seconds
        self._draw = draw
        self._failures = 0
        self._asked = 0.0

    def well(self, max_age: float | None = None) -> None:
        """Note that the source gave an answer, which it calls good for so many seconds."""
        self._failures = 0
        self._asked = max_age or 0.0

    def failed(self, retry_after: float | None = None) -> None:
        """Note that it gave none, and for how long it wants to be left alone."""
        self._failures += 1
        self._asked = retry_after or 0.0

    def seconds(self) -> float:
        """Return how long to wait from now on."""
        if self._failures:
            most = max(_SLOWEST_SECONDS, self._seconds)
            longest = min(most, self._seconds * 2.0 ** min(self._failures, 30))
            wait = longest * (0.5 + 0.5 * self._draw())
        else:
            wait = self._seconds * (1 - _JITTER + 2 * _JITTER * self._draw())
        return max(wait, min(self._asked, _LONGEST_ASKED))

    async def changes(self, stop: asyncio.Event, wake: asyncio.Event) -> AsyncGenerator[None, None]:
        """Yield whenever it is time to ask, until `stop` is set; at once where `wake` is."""
        while True:
            await first_of(self.seconds(), stop, wake)
            if stop.is_set():
                return
            wake.clear()
            yield
