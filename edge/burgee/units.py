"""From a context value to the text that is bucketed."""

from __future__ import annotations

from typing import Final

__all__ = ["unit_bytes", "unit_of"]

_INTEGER_BOUND: Final = 2**64
_FLOAT_BOUND: Final = 2.0**53


def unit_of(value: object) -> str | None:
    """Return the unit that `value` stands for, or None where it stands for none.

    Non-empty text is itself; integers within ±2^64 and floats of integral value below 2^53 are
    their decimal digits. Anything else, text with a lone surrogate included, is no unit.
    """
    found = unit_bytes(value)
    return None if found is None else found.decode()


def unit_bytes(value: object) -> bytes | None:
    """Return the unit as UTF-8, which is what is hashed."""
    if isinstance(value, str):
        try:
            return value.encode() or None
        except UnicodeEncodeError:
            return None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return b"%d" % value if -_INTEGER_BOUND <= value <= _INTEGER_BOUND else None
    if isinstance(value, float) and -_FLOAT_BOUND < value < _FLOAT_BOUND and value.is_integer():
        return b"%d" % int(value)
    return None
