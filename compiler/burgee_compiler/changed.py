"""A file that is no longer what it was when this run first looked at it."""

from __future__ import annotations

__all__ = ["Changed"]


class Changed(OSError):
    """Raised where a file was edited while it was compiled; whoever asked begins again."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was changed while it was read")
