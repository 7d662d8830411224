"""What to say of a name that does not exist: the nearest one that does, or those there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from burgee_compiler.diagnostics import nearest

__all__ = ["Hints", "listed"]

_MOST: Final = 20  # searches among thousands of names are slow, and one cause has many findings
_SHOWN: Final = 8


class Hints:
    """The names of one sort that a tenant has; remembers what it was asked."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._answers: dict[str, str | None] = {}

    def near(self, word: str) -> str | None:
        """Return the known name most like `word`; None where none is near."""
        if word not in self._answers:
            if len(self._answers) >= _MOST:
                return None
            self._answers[word] = nearest(word, self._known)
        return self._answers[word]

    def help(self, word: str, otherwise: str) -> str:
        """Return a question for the nearest name, or what else to do."""
        near = self.near(word)
        return f'did you mean "{near}"?' if near else otherwise


def listed(names: Iterable[str]) -> str:
    """Return some names as a list for a message, cut where it is long."""
    all_names = list(names)
    shown = ", ".join(all_names[:_SHOWN])
    more = len(all_names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
