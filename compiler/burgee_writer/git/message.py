"""Messages of the writer's commits: a subject line and trailers, written and read back.

A trailer's value is one line without control characters; whatever a caller sends is made so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

__all__ = ["Message", "one_line", "read_message"]

_LONGEST: Final = 500
_TRAILER: Final = re.compile(r"(Burgee-[A-Za-z-]+|Idempotency-Key|Reason): (.*)")
# What a reader of the log could be misled by: controls, bidirectional marks, line separators.
_BAD_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Message(Struct, frozen=True, kw_only=True):
    """What a commit says of itself.

    `action` is such as `flag.state`, `entities` such as `flag/checkout.one-page`; `environments`
    are those that the call named. `key` is SHA-256 of (tenant, subject, idempotency key) and
    `payload` that of (method, path, body, If-Match), both in hex.
    """

    subject: str
    action: str
    tenant: str
    entities: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    request_id: str | None = None
    key: str | None = None
    payload: str | None = None
    reason: str | None = None
    undoes: str | None = None
    """The commit that this one takes back."""

    def text(self) -> str:
        """Return the message as git keeps it."""
        lines = "".join(f"{name}: {value}\n" for name, value in self._trailers())
        return f"{one_line(self.subject)}\n\n{lines}"

    def _trailers(self) -> Iterable[tuple[str, str]]:
        yield "Burgee-Action", one_line(self.action)
        for entity in self.entities:
            yield "Burgee-Entity", one_line(entity)
        yield "Burgee-Tenant", one_line(self.tenant)
        for environment in self.environments:
            yield "Burgee-Environment", one_line(environment)
        if self.request_id:
            yield "Burgee-Request-Id", one_line(self.request_id)
        if self.undoes:
            yield "Burgee-Undoes", one_line(self.undoes)
        if self.key and self.payload:
            yield "Idempotency-Key", f"{self.key} {self.payload}"
        if self.reason and one_line(self.reason):
            yield "Reason", one_line(self.reason)


def read_message(text: str) -> Message:
    """Return what a message says, whoever wrote it; what it does not say is empty."""
    subject, _, rest = text.partition("\n")
    found: dict[str, list[str]] = {}
    for line in _last_paragraph(rest):
        match = _TRAILER.fullmatch(line)
        if match is not None:
            found.setdefault(match[1], []).append(match[2].strip())
    key, _, payload = _one(found, "Idempotency-Key").partition(" ")
    return Message(
        subject=one_line(subject),
        action=_one(found, "Burgee-Action"),
        tenant=_one(found, "Burgee-Tenant"),
        entities=tuple(found.get("Burgee-Entity", ())),
        environments=tuple(found.get("Burgee-Environment", ())),
        request_id=_one(found, "Burgee-Request-Id") or None,
        key=key or None,
        payload=payload or None,
        reason=_one(found, "Reason") or None,
        undoes=_one(found, "Burgee-Undoes") or None,
    )


def one_line(text: str) -> str:
    """Return a text as one line of at most 500 characters, without any that controls or hides."""
    kept = (" " if unicodedata.category(each) in _BAD_CATEGORIES else each for each in text)
    line = " ".join("".join(kept).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _last_paragraph(text: str) -> Sequence[str]:
    return text.rstrip("\n").rpartition("\n\n")[2].splitlines()


def _one(found: Mapping[str, list[str]], name: str) -> str:
    return found.get(name, [""])[0]
