"""What every source of snapshots does, whether a folder or an edge node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from burgee.client.known import Mark

__all__ = ["Source"]


class Source(Protocol):
    """Where one tenant's snapshots come from; of one thread, but for `follow` and `interrupt`."""

    @property
    def local(self) -> bool:
        """Whether it is on this machine, and so may hold builds of uncommitted trees."""
        ...

    @property
    def poll_seconds(self) -> float:
        """How often to look."""
        ...

    @property
    def slowest_seconds(self) -> float:
        """How seldom it is looked at in the end, where looking fails again and again."""
        ...

    def environment(self) -> str:
        """Return the environment; may ask for it. Raises Refused."""
        ...

    def look(self, known: Mark | None) -> Mark:
        """Return which snapshot is there; Refused where there is none to be had or trusted.

        What is `known` need not be sent again.
        """
        ...

    def read(self, path: str) -> bytes:
        """Return a document by its path in the dist layout; OSError or Refused."""
        ...

    def signature(self, mark: Mark) -> bytes | None:
        """Return the signatures of the tenant's manifest, None where there are none."""
        ...

    def follow(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever there may be something new, until closed; return if it cannot."""
        ...

    def interrupt(self) -> None:
        """Have calls that wait end with an error, and `follow` return; from any thread."""
        ...

    def close(self) -> None:
        """Let go of connections; the last call, by the thread that made the others."""
        ...

    def again(self) -> Source:
        """Return the same source anew, sharing nothing with this one: for a forked process."""
        ...
