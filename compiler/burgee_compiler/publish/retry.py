"""Trying again after a failure that may pass: a bounded number of times, later each time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from burgee_compiler.publish.target import Unavailable

__all__ = ["Retry"]

T = TypeVar("T")


class Retry(Struct, frozen=True):
    """How often, and for how many seconds to wait; `pause` may raise to end the trying."""

    tries: int = 6
    first: float = 0.2
    longest: float = 10.0
    pause: Callable[[float], object] = time.sleep

    def call(self, action: Callable[[], T]) -> T:
        """Return what an action returns; Unavailable once it has failed so each time."""
        for number in range(1, self.tries):
            try:
                return action()
            except Unavailable as error:
                self.wait(number, error.after)
        return action()

    def wait(self, number: int, asked: float | None = None) -> None:
        """Wait before try `number` + 1: a random part of a span that doubles, or what is asked."""
        span = min(self.longest, self.first * 2 ** (number - 1))
        self.pause(random.uniform(span / 2, span) if asked is None else min(asked, 30.0))  # noqa: S311
