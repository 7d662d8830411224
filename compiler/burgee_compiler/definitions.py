"""One file's definition: read at once, or when asked for where it is known to be sound."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TypeAlias

import msgspec

from burgee_compiler.changed import Changed
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.excuses import excuses_in
from burgee_compiler.model.decoder import BAD, Decoder, Kind
from burgee_compiler.model.files import Lock, Segment
from burgee_compiler.model.flag import Flag
from burgee_compiler.source import read_yaml

__all__ = ["Deferred", "Definition", "read_definition"]

Definition: TypeAlias = Flag | Segment | Lock


def read_definition(
    data: bytes, path: str, kind: Kind, subject: str | None
) -> tuple[object, list[Diagnostic]]:
    """Return what a YAML file defines, BAD where anything in it is wrong, and what that is.

    Each excuse in a good file is told as one that excuses nothing, until the checks have run.
    """
    node, found = read_yaml(data, path)
    found = [_about(each, subject) for each in found]
    if node is None:
        return BAD, found
    decoder = Decoder(path, subject)
    value = kind.read(decoder, node)
    excuses = [] if value is BAD else excuses_in(data, path)
    return value, found + decoder.found + excuses


def _about(found: Diagnostic, subject: str | None) -> Diagnostic:
    if subject is None or found.subject is not None:
        return found
    return msgspec.structs.replace(found, subject=subject)


class Deferred:
    """A definition that is not read yet, known to be sound by the digest of its file.

    Without a digest nothing is known of it, and there may turn out to be none.
    """

    __slots__ = ("_digest", "_is_read", "_kind", "_path", "_read", "_subject", "_value")

    def __init__(
        self,
        read: Callable[[str], bytes],
        path: str,
        digest: bytes,
        kind: Kind,
        subject: str | None,
    ) -> None:
        self._read = read
        self._path = path
        self._digest = digest
        self._kind = kind
        self._subject = subject
        self._is_read = False
        self._value: Definition | None = None

    def get(self) -> Definition | None:
        """Return the definition; Changed where the file is no longer what it was."""
        if not self._is_read:
            data = self._read(self._path)
            if self._digest and sha256(data).digest() != self._digest:
                raise Changed(self._path)
            made, _ = read_definition(data, self._path, self._kind, self._subject)
            if isinstance(made, Definition):
                self._value = made
            elif self._digest:
                raise Changed(self._path)
            self._is_read = True
        return self._value
