"""Exposures as JSON lines on standard output, apart from the log."""

import sys
from collections.abc import Sequence
from typing import TextIO

from burgee_edge.exposures.exposure import Exposure
from burgee_http.json_text import encode_json

__all__ = ["JsonLines"]


class JsonLines:
    """A line an exposure."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out

    def write(self, exposures: Sequence[Exposure]) -> None:
        """Write lines, each by itself, so that those of several workers do not mix in a pipe."""
        for each in exposures:
            self._out.write(f"{encode_json(each).decode()}\n")
            self._out.flush()

    def close(self) -> None:
        """Nothing is held."""
