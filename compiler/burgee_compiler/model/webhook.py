"""A webhook of a tenant: where a change is told, and under which secret."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from burgee_compiler.model.decoder import Bad, Decoder, Kind
from burgee_compiler.model.kinds import IDENTIFIER, TEXT, choice, list_of
from burgee_compiler.source import Node

__all__ = ["ENTITIES", "EntityKind", "Webhook"]

EntityKind: TypeAlias = Literal["flag", "segment", "layers", "attributes", "tenant", "repository"]
ENTITIES: Final = ("flag", "segment", "layers", "attributes", "tenant", "repository")
"""What a change can be of; `repository` is burgee.yaml, which holds for every tenant."""

_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])"
_LOOPBACK: Final = r"(?:localhost|127\.0\.0\.1|\[::1\])"
_REST: Final = r"(?::[0-9]{1,5})?(?:/[!-\"$-\[\]-~]*)?"  # no backslash, no fragment
_PATTERN: Final = rf"(?:https://{_HOST}|http://{_LOOPBACK}){_REST}"
_URL: Final = re.compile(_PATTERN)
_LONGEST: Final = 2048


def _read_url(decoder: Decoder, node: Node) -> str | Bad:
    text: str | Bad = TEXT.read(decoder, node)
    if isinstance(text, Bad) or (len(text) <= _LONGEST and _URL.fullmatch(text) and _port(text)):
        return text
    return decoder.fault("B219", f'"{text[:80]}" is no address of a webhook', _hint(text))


def _port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _hint(text: str) -> str:
    if text.lower().startswith("http://"):
        return "write https://: without TLS anybody on the way could read what is sent"
    if "@" in text.partition("://")[2].partition("/")[0]:
        return "leave name and password out: many read the file, and the secret signs each call"
    if "#" in text:
        return "leave out what follows the #: it is never sent"
    if not text.isascii():
        return "write the host as xn--… and other characters as %XX"
    return "write it as https://HOST/PATH"


_WEBHOOK_URL: Final = Kind(
    _read_url, lambda: {"type": "string", "pattern": f"^{_PATTERN}$", "maxLength": _LONGEST}
)


class Webhook(Struct, frozen=True, kw_only=True):
    """Who hears of changes."""

    url: Annotated[str, _WEBHOOK_URL, "Where a change is posted to; https alone."]
    secret: Annotated[str, IDENTIFIER, "The name of a secret in the writer's settings."]
    entities: Annotated[
        tuple[EntityKind, ...],
        list_of(choice(*ENTITIES), least=1, unique=True),
        "Of which kinds of things; left out: all.",
    ] = ENTITIES
