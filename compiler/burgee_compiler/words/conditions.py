"""A condition as people write it: as plain data, and in one line of words."""

from __future__ import annotations

import json
from typing import Any, Final

from burgee.instants import format_instant
from burgee_compiler.model.condition import Condition

__all__ = ["condition_plain", "condition_text", "constant_text", "span_text"]

_TIMES: Final = frozenset({"before", "after"})
_SPANS: Final = frozenset({"within_last", "older_than"})
_MINUTE: Final = 60_000_000


def condition_plain(condition: Condition) -> dict[str, Any]:
    """Return a condition as a mapping like the one in its file."""
    if condition.attribute is not None:
        tests = {name: _constant(name, value) for name, value in condition.tests.items()}
        fold = {"ignore_case": True} if condition.ignore_case else {}
        return {"attribute": condition.attribute, **tests, **fold}
    if condition.segment is not None:
        return {"segment": condition.segment}
    if condition.flag is not None:
        return {"flag": condition.flag, "serves": list(condition.serves)}
    if condition.not_ is not None:
        return {"not": condition_plain(condition.not_)}
    parts = condition.all if condition.all is not None else condition.any or ()
    return {
        "all" if condition.all is not None else "any": [condition_plain(each) for each in parts]
    }


def condition_text(condition: Condition) -> str:
    """Return a condition as one line."""
    return _said(condition, "")


def _said(condition: Condition, inside: str) -> str:
    if condition.attribute is not None:
        tests = " and ".join(
            f"{name} {constant_text(name, value)}" for name, value in condition.tests.items()
        )
        return f"{condition.attribute} {tests}" + (
            " (ignoring case)" if condition.ignore_case else ""
        )
    if condition.segment is not None:
        return f"in segment {condition.segment}"
    if condition.flag is not None:
        return f"flag {condition.flag} serves {' or '.join(condition.serves)}"
    if condition.not_ is not None:
        return f"not ({_said(condition.not_, '')})"
    word = "and" if condition.all is not None else "or"
    parts = condition.all or condition.any or ()
    text = f" {word} ".join(_said(each, word) for each in parts)
    return f"({text})" if inside not in ("", word) and len(parts) > 1 else text


def constant_text(operator: str, value: Any) -> str:
    """Return what an operator compares with, for a line of text."""
    plain = _constant(operator, value)
    if operator in _TIMES or operator in _SPANS:
        return str(plain)
    return json.dumps(plain, ensure_ascii=False)


def span_text(micros: int) -> str:
    """Return a duration in the largest unit that is exact."""
    minutes = micros // _MINUTE
    for unit, length in (("d", 1_440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


def _constant(operator: str, value: Any) -> Any:
    if operator in _TIMES:
        return format_instant(value)
    return span_text(value) if operator in _SPANS else value
