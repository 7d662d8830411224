"""Rate limits: a token bucket for each principal that has a rate."""

import math
import time
from collections.abc import Callable

from burgee_http.errors import ApiError
from burgee_http.principal import Principal, Rate

__all__ = ["RateLimiter"]

_MOST_PRINCIPALS = 10_000


class RateLimiter:
    """A bucket is kept as one number: when it will be full again. A full one need not be kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, principal: Principal) -> None:
        """Raises ApiError 429 where the principal's bucket is empty."""
        if principal.rate is not None:
            self.spend(principal.subject, principal.rate)

    def spend(self, name: str, rate: Rate) -> None:
        """The same for whoever is so called, principal or not."""
        now = self._clock()
        cost = 1.0 / rate.per_second
        full_at = max(self._full_at.get(name, now), now) + cost
        wait = full_at - now - rate.burst * cost
        if wait > 1e-9:
            # Whole seconds, at least 1: clients take 0 for none and read dates differently.
            seconds = b"%d" % max(1, math.ceil(wait))
            raise ApiError(
                429,
                "rate_limited",
                "This client has sent more requests than it may.",
                headers=((b"retry-after", seconds),),
            )
        if len(self._full_at) >= _MOST_PRINCIPALS:
            self._make_room(now)
        self._full_at[name] = full_at

    def give_back(self, principal: Principal) -> None:
        """Undoes one `take`."""
        if principal.rate is not None:
            self.refund(principal.subject, principal.rate)

    def refund(self, name: str, rate: Rate) -> None:
        """Undoes one `spend`."""
        full_at = self._full_at.get(name)
        if full_at is not None:
            self._full_at[name] = full_at - 1.0 / rate.per_second

    def _make_room(self, now: float) -> None:
        kept = {subject: at for subject, at in self._full_at.items() if at > now}
        while len(kept) >= _MOST_PRINCIPALS:
            kept.pop(next(iter(kept)))
        self._full_at = kept
