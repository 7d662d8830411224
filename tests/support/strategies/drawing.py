"""Choosing by hypothesis in few words; every choice shrinks towards the first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar

from hypothesis import strategies as st

__all__ = ["Chooser"]

T = TypeVar("T")


@lru_cache(maxsize=256)
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Chooser:
    """Wraps hypothesis's `draw`."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.draw(_below(len(options)))] if len(options) > 1 else options[0]

    def chance(self, of: int) -> bool:
        """Return True once in `of` times."""
        return self.draw(_below(of)) == of - 1

    def count(self, least: int, most: int) -> int:
        """Return a number, both ends included."""
        return least + self.draw(_below(most - least + 1))

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Return some of the options, each once, in their order."""
        left = list(range(len(options)))
        wanted = min(self.count(least, most), len(options))
        chosen = [left.pop(self.draw(_below(len(left)))) for _ in range(wanted)]
        return [options[index] for index in sorted(chosen)]

    def maybe(self, fields: dict[str, Any], name: str, of: int, value: Any) -> None:
        """Add a field once in `of` times; `value` is called for its value."""
        if self.chance(of):
            fields[name] = value()
