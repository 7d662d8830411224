"""Locks as text and back: one way to write a lock, one line for the weights and for each arm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from burgee.instants import format_instant
from burgee_compiler.model.decoder import Decoder
from burgee_compiler.model.files import LOCK, Lock, LockTable
from burgee_compiler.source import read_yaml, resolve_plain

__all__ = ["lock_text", "read_lock"]

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+%-]*")


def lock_text(lock: Lock) -> bytes:
    """Return the file of a lock; the same tables give the same bytes."""
    lines = ["tables:"]
    for table in lock.tables:
        lines += _lines(table)
    return ("\n".join(lines) + "\n").encode()


def read_lock(data: bytes, path: str) -> Lock | None:
    """Return what a lock file says, None where anything is wrong with it."""
    node, _ = read_yaml(data, path)
    if node is None:
        return None
    lock = LOCK.read(Decoder(path, None), node)
    return lock if isinstance(lock, Lock) else None


def _lines(table: LockTable) -> Iterator[str]:
    yield f"  - table: {_name(table.table)}"
    yield f"    environments: [{', '.join(map(_name, table.environments))}]"
    if table.at is not None:
        yield f"    at: {format_instant(table.at)}"
    weights = ", ".join(f"{_name(arm)}: {_number(w)}" for arm, w in table.weights.items())
    yield f"    weights: {{{weights}}}"
    yield "    ranges:"
    for arm in sorted(table.ranges):
        spans = ", ".join(f"[{start}, {end}]" for start, end in table.ranges[arm])
        yield f"      {_name(arm)}: [{spans}]"


def _name(text: str) -> str:
    """Return a name as YAML; a plain true, false or null would not be taken for one."""
    word = isinstance(resolve_plain(text), bool) or resolve_plain(text) is None
    return text if _PLAIN.fullmatch(text) and not word else json.dumps(text, ensure_ascii=False)


def _number(weight: Decimal) -> str:
    """Return a weight as it is read back: at most 40 characters, exactly."""
    plain = format(weight, "f")
    return plain if len(plain) <= 40 else str(weight)
