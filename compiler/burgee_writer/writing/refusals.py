"""Why a write is not made, as the API tells it."""

from __future__ import annotations

from typing import Any

__all__ = ["WriteRefused"]


class WriteRefused(Exception):
    """A write that was not made; `code` is the API's, which gives it its status.

    Nothing has changed, but for `outcome_unknown`, which says that this is not known.
    """

    def __init__(self, code: str, message: str, details: Any = None, help: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.help = help
