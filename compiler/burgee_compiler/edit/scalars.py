"""Writing scalars: plain where the reader gives the same value back, else in quotes."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from burgee_compiler.edit.marks import Style
from burgee_compiler.source import Plain, read_yaml, resolve_plain

__all__ = ["Spot", "literal_lines", "reads_as_text", "scalar"]

Spot: TypeAlias = Literal["block", "flow", "key"]
"""Where a scalar is to stand: a value in a block, anything in brackets, a key."""

_SIMPLE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@+-]*")
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def scalar(value: str, spot: Spot, like: Style = "") -> str:
    """Return a scalar on one line; `like` are the quotes of what it replaces or resembles."""
    if isinstance(value, Plain) and not reads_as_text(value):
        return str(value)  # a number, boolean or null
    if like in ('"', "'"):
        return _quoted(value, like)
    return str(value) if _plain(str(value), spot) else _quoted(value, '"')


def reads_as_text(value: str) -> bool:
    """Return whether a scalar is text, plain or in quotes."""
    return not isinstance(value, Plain) or isinstance(resolve_plain(value), str)


def _quoted(value: str, quotes: Style) -> str:
    if quotes == "'" and not _UNPRINTABLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    written = json.dumps(str(value), ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


@lru_cache(4096)
def _plain(text: str, spot: Spot) -> bool:
    """Return whether text without quotes is read back as that text; the reader itself is asked."""
    if not isinstance(resolve_plain(text), str) or _UNPRINTABLE.search(text) or text == "<<":
        return False  # as a key, << would merge
    if _SIMPLE.fullmatch(text):
        return True
    documents = {
        "block": f"k: {text} # c\nl:\n- {text} # c\n",
        "flow": f"{{k: {text} , l: [{text} , {text}]}}",
        "key": f"{text}: v\nk: {{{text}: v}}\n",
    }
    wanted = {
        "block": {"k": text, "l": [text]},
        "flow": {"k": text, "l": [text, text]},
        "key": {text: "v", "k": {text: "v"}},
    }
    node, _ = read_yaml(documents[spot].encode(), "")
    return bool(node == wanted[spot])


def literal_lines(value: str) -> tuple[str, list[str]] | None:
    """Return header and lines of a text as a literal block, None where one would not hold it."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    sound = all(not _UNPRINTABLE.search(line) and line == line.rstrip() for line in lines)
    if not lines[0] or lines[0][0] == " " or not lines[-1] or not sound or len(lines) == 1:
        return None
    return ("|" if value.endswith("\n") else "|-"), lines
