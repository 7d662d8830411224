"""From a context value to the text that is bucketed."""

from __future__ import annotations

from typing import Final

__all__ = ["unit_of"]

_INTEGER_BOUND: Final = 2**64
_FLOAT_BOUND: Final = 2.0**53


def unit_of(value: object) -> str | None:
    """Return the unit that `value` stands for, or None where it stands for none.

    Non-empty text is itself; integers within ±2^64 and floats of integral value below 2^53 are
    their decimal digits. Anything else, text with a lone surrogate included, is no unit.
    """
    if isinstance(value, str):
        return value if value and _is_encodable(value) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if -_INTEGER_BOUND <= value <= _INTEGER_BOUND else None
    if isinstance(value, float) and -_FLOAT_BOUND < value < _FLOAT_BOUND and value.is_integer():
        return str(int(value))
    return None


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
