"""What is seen while the soak runs: answers, and when whom could not be expected to answer."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Answered", "Down", "Missed"]


class Down(Struct, frozen=True):
    """A time at which a process was not there."""

    since: float
    until: float


class Answered(Struct, frozen=True):
    """One answer of status 200: `at` is when it was there, by `time.monotonic`."""

    at: float
    door: str
    user: str
    version: str
    given: dict[str, object]


class Missed(Struct, frozen=True):
    """A call that had another answer or none; `since` is when it was begun."""

    since: float
    at: float
    door: str
    what: str
