"""What exposures may be written to."""

from collections.abc import Sequence
from typing import Protocol

from burgee_edge.exposures.exposure import Exposure

__all__ = ["Sink"]


class Sink(Protocol):
    """Called by one thread at a time, never by the one that answers requests."""

    def write(self, exposures: Sequence[Exposure]) -> None:
        """Take some exposures; whatever is raised counts them as lost."""

    def close(self) -> None:
        """Send what is still held, within some seconds."""
