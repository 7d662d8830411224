"""Why a change is not made: a code, one sentence, and what to do."""

from __future__ import annotations

from typing import Any

__all__ = ["ChangeRefused"]


class ChangeRefused(Exception):
    """A change that cannot be made as it was asked for; nothing has changed.

    Codes are those of the API: `not_found`, `invalid_request`, `replaces_rules`, `conflict`…
    """

    def __init__(self, code: str, message: str, help: str, details: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.details = details
