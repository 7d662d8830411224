"""The words of a commit's message, as they may be shown."""

from __future__ import annotations

import re
from typing import Any, Final

from burgee_writer.git.message import Message, one_line

__all__ = ["body_of", "claims_in"]

_FACT: Final = re.compile(r"(Burgee-[A-Za-z-]+|Idempotency-Key|Reason): .*")
_LONGEST: Final = 10_000


def body_of(text: str, *, signed: bool) -> str | None:
    """Return what stands below the subject, None for nothing; a writer's trailers are told apart.

    Each line is without characters that control or hide.
    """
    _, _, rest = text.strip().partition("\n")
    lines = rest[:_LONGEST].splitlines()
    if signed:
        lines = [line for line in lines if not _FACT.fullmatch(line)]
    body = "\n".join(one_line(line) for line in lines).strip("\n")
    return body or None


def claims_in(message: Message) -> dict[str, Any]:
    """Return what a message states of its commit, each field by name."""
    stated = {
        "action": one_line(message.action),
        "tenant": one_line(message.tenant),
        "entities": tuple(one_line(each) for each in message.entities),
        "environments": tuple(one_line(each) for each in message.environments),
        "request_id": one_line(message.request_id or ""),
        "reason": one_line(message.reason or ""),
        "undoes": one_line(message.undoes or ""),
    }
    return {name: value for name, value in stated.items() if value}
