"""What one evaluation carries beyond context and clock: answers of other flags, and a trace.

A plain evaluation of a flag that depends on no other has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from burgee.evaluation.result import Result
    from burgee.evaluation.tables import Gate, Split
    from burgee.evaluation.trace import Recorder

__all__ = ["Run", "Slots"]

Slots: TypeAlias = "Callable[[Gate | Split, int], int]"
"""Chooses the slot of a table at a time in place of hashing a unit."""


class Run:
    """One evaluation: each other flag is decided once, so deep graphs cost what they hold."""

    __slots__ = ("memo", "recorder", "slots")

    def __init__(self, slots: Slots | None = None, recorder: Recorder | None = None) -> None:
        self.slots = slots
        self.recorder = recorder
        self.memo: dict[str, Result | None] = {}
