"""What a watching publisher counts, in the text that Prometheus reads."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

__all__ = ["Figures"]

_HELP: Final = {
    "commits_total": ("counter", "Commits that were published, by environment."),
    "failures_total": ("counter", "What went wrong, by reason."),
    "heartbeats_total": ("counter", "Signs of life that were written."),
    "held_flags": ("gauge", "Flags that stay at an earlier form since theirs does not build."),
    "last_success_timestamp_seconds": ("gauge", "When the newest commit was last seen in force."),
    "age_seconds": ("gauge", "Seconds since then; small while all is well, however quiet."),
    "last_publish_timestamp_seconds": ("gauge", "When something was last published."),
    "lag_seconds": ("gauge", "Seconds from the last commit's time until it was published."),
    "last_look_timestamp_seconds": ("gauge", "When the repository was last asked, and answered."),
}
_PREFIX: Final = "burgee_publish_"


class Figures:
    """Plain numbers; one thread changes them, any may read."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._commits: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._held: dict[str, int] = {}
        self._success: dict[str, float] = {}
        self._published: dict[str, float] = {}
        self._lag: dict[str, float] = {}
        self._heartbeats = 0
        self._looked: float | None = None

    def looked(self) -> None:
        """The repository has answered."""
        with self._lock:
            self._looked = self._clock()

    def failed(self, reason: str) -> None:
        """Something went wrong."""
        with self._lock:
            self._failures[reason] += 1

    def in_force(self, environment: str, held: int, committed: float | None) -> None:
        """A build is in force; `committed` is its commit's time if it was published just now."""
        with self._lock:
            now = self._clock()
            self._success[environment] = now
            self._held[environment] = held
            if committed is not None:
                self._commits[environment] += 1
                self._published[environment] = now
                self._lag[environment] = max(0.0, now - committed)

    def beat(self, environment: str) -> None:
        """The newest commit was seen in force, and a sign of life was written."""
        with self._lock:
            self._heartbeats += 1
            self._success[environment] = self._clock()

    def text(self) -> str:
        """Return all figures; none carries the name of a tenant or a flag."""
        with self._lock:
            return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        now = self._clock()
        yield from _family("commits_total", self._commits, "environment")
        yield from _family("failures_total", self._failures, "reason")
        yield from _family("heartbeats_total", {"": self._heartbeats})
        yield from _family("held_flags", self._held, "environment")
        yield from _family("last_success_timestamp_seconds", self._success, "environment")
        ages = {name: now - each for name, each in self._success.items()}
        yield from _family("age_seconds", ages, "environment")
        yield from _family("last_publish_timestamp_seconds", self._published, "environment")
        yield from _family("lag_seconds", self._lag, "environment")
        looked = {} if self._looked is None else {"": self._looked}
        yield from _family("last_look_timestamp_seconds", looked)


def _family(name: str, values: Mapping[str, float], label: str = "") -> Iterator[str]:
    kind, told = _HELP[name]
    yield f"# HELP {_PREFIX}{name} {told}"
    yield f"# TYPE {_PREFIX}{name} {kind}"
    for key, value in sorted(values.items()):
        labels = f'{{{label}="{key}"}}' if label else ""
        yield f"{_PREFIX}{name}{labels} {round(value, 3)!r}"
