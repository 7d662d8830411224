"""What the routes work with: the writer, who may call, and what was read of the tip."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from burgee.instants import MICROSECONDS
from burgee_http.tenancy import Gate
from burgee_writer.reading import Definitions
from burgee_writer.tips.tip import Tip
from burgee_writer.writing.loop import Writer

__all__ = ["Service"]


class Service(Struct, frozen=True, kw_only=True):
    """One running writer."""

    writer: Writer
    gate: Gate
    definitions: Definitions
    clock: Callable[[], float] = time.time
    compare_url: Callable[[str], str | None] = lambda branch: None
    """Where a forge shows a branch for review, None where that is not known."""

    @property
    def tip(self) -> Tip:
        """The newest tip."""
        return self.writer.current.newest()

    @property
    def now(self) -> int:
        """The present time in microseconds."""
        return round(self.clock() * MICROSECONDS)

    @staticmethod
    def environments(tip: Tip) -> tuple[str, ...]:
        """Return the environments of a tip."""
        burgee = tip.repository.burgee
        return () if burgee is None else burgee.environments
