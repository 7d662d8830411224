"""The words and the author of a write's commit."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from burgee_writer.changes.working import Did
from burgee_writer.git.branch import Author
from burgee_writer.git.message import Message, one_line
from burgee_writer.writing.request import WriteRequest

__all__ = ["author_of", "did_of", "message_of", "proposal_name"]

_IN_MAIL: Final = re.compile(r"[^A-Za-z0-9._+-]")
_NOT_IN_NAMES: Final = re.compile(r"[<>\n\0]")


def message_of(request: WriteRequest, did: Did) -> Message:
    """Return what the commit of a write says."""
    return Message(
        subject=f"{request.tenant}: {did.subject}",
        action=did.action,
        tenant=request.tenant,
        entities=did.entities,
        environments=did.environments,
        request_id=request.request_id,
        key=None if request.key is None else request.key.key,
        payload=None if request.key is None else request.key.payload,
        reason=request.reason,
        undoes=did.undoes,
    )


def did_of(message: Message) -> Did:
    """Return what a commit says that it did."""
    return Did(
        subject=message.subject.partition(": ")[2],
        action=message.action,
        entity=message.entities[0] if message.entities else "",
        also=message.entities[1:],
        environments=message.environments,
        undoes=message.undoes,
    )


def author_of(subject: str, domain: str) -> Author:
    """Return the author that a token's subject is; one without an address gets one of `domain`."""
    name = _NOT_IN_NAMES.sub("", one_line(subject)).strip(" .,:;'\"") or "unknown"
    if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", name):
        return Author(name, name)
    return Author(name, f"{_IN_MAIL.sub('-', name)}@{domain}")


def proposal_name(request: WriteRequest) -> str:
    """Return the branch of a proposal: of the idempotency key, else of the request alone."""
    named = request.request_id if request.key is None else request.key.key
    digest = sha256(named.encode()).hexdigest()[:16] if request.key is None else named[:16]
    return f"burgee/{request.tenant}/{digest}"
