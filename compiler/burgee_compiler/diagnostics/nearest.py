"""Near-match hints: the known word that a misspelt one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]

_LONGEST = 256  # comparing longer words costs quadratic time and helps nobody


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like `word`, or None where none is near."""
    if len(word) > _LONGEST:
        return None
    # Case and the choice of dash are what people get wrong most, so they count for nothing.
    words = {_plain(each): each for each in sorted(known, reverse=True) if len(each) <= _LONGEST}
    found = get_close_matches(_plain(word), words, n=1, cutoff=0.6)
    return words[found[0]] if found else None


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-")
