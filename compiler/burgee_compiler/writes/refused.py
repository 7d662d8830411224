"""Why a write is not made: one sentence, and what to do."""

from __future__ import annotations

from burgee_compiler.edit import Refused

__all__ = ["WriteRefusedError"]


class WriteRefusedError(ValueError):
    """A write that cannot be made as it was asked for; nothing has changed."""

    def __init__(self, message: str, help: str, refused: Refused | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.refused = refused
