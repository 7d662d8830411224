"""Which flags nodes were asked for: what their admin listeners count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

__all__ = ["Asked", "read_asked"]

_LAST: Final = "burgee_flag_last_evaluated_timestamp_seconds"
_SINCE: Final = "burgee_evaluations_since_timestamp_seconds"
_LINE: Final = re.compile(r"([a-z_]+)(?:\{(.*)\})? ([0-9.eE+-]+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")


class Asked(Struct, frozen=True):
    """When each flag, (tenant, key), was last evaluated, in microseconds since 1970; `since` is
    when the node that counts for the shortest time began to.
    """

    last: Mapping[tuple[str, str], int]
    since: int


def read_asked(texts: Iterable[str]) -> Asked:
    """Read what the admin listeners of some nodes show, in Prometheus' text form.

    ValueError, which says how many of them it was, where one of them is no such listener.
    """
    last: dict[tuple[str, str], int] = {}
    since: list[int] = []
    for number, text in enumerate(texts):
        for line in text.splitlines():
            found = _LINE.fullmatch(line)
            if found is None:
                continue
            name, labels, value = found.groups()
            if name == _SINCE:
                since.append(_micros(value))
            elif name == _LAST:
                named = {key: _plain(each) for key, each in _LABEL.findall(labels or "")}
                flag = named.get("tenant", ""), named.get("flag", "")
                last[flag] = max(last.get(flag, 0), _micros(value))
        if len(since) <= number:
            raise ValueError(f"answer {number + 1} does not say since when it counts")
    return Asked(last, max(since, default=0))


def _micros(seconds: str) -> int:
    return round(float(seconds) * 1_000_000)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
