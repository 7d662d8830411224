"""Plain data as YAML: flow style, every text quoted, numbers as they were spelled."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["Plain", "yaml_text"]

_UNPRINTABLE = re.compile("[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


class Plain(str):
    """Text that stands in YAML as it is: a number with its own spelling, a name."""

    __slots__ = ()


def yaml_text(value: Any) -> str:
    """Return YAML that reads back as `value`."""
    if isinstance(value, Plain):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(k)}: {yaml_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(yaml_text(each) for each in value) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
