"""One file of the cache: read only if it is whole, ours, and of this compiler.

The code is keyed BLAKE2b over the compiler's fingerprint, the file's name and its content, and is
checked before anything is decoded. So a file that is cut, mixed up, made by another compiler or by
somebody without the key is as good as none.
"""

from __future__ import annotations

import hmac
import os
import stat
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from burgee_compiler.cache.packed import pack, unpack

__all__ = ["Sealer"]

T = TypeVar("T")
_CODE: Final = 32
_LARGEST: Final = 512 * 2**20


class Sealer(Struct, frozen=True):
    """Reads and writes sealed files below one folder."""

    folder: Path
    key: bytes
    fingerprint: bytes

    def read(self, name: str, kind: type[T]) -> T | None:
        """Return what a file holds, None where there is none that can be trusted."""
        try:
            data = _read(self.folder / name)
        except OSError:
            return None
        view = memoryview(data)
        if len(data) < _CODE or not hmac.compare_digest(
            view[:_CODE], self._code(name, view[_CODE:])
        ):
            return None
        try:
            return unpack(view[_CODE:], kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def write(self, name: str, value: object) -> None:
        """Put a file in place, whole or not at all; a failure to do so is no error."""
        try:
            data = pack(value)
        except (UnicodeEncodeError, OverflowError):  # a name that is no text
            self.remove(name)
            return
        if len(data) <= _LARGEST:
            with suppress(OSError):
                self._put(name, data)

    def remove(self, name: str) -> None:
        """Remove a file."""
        with suppress(OSError):
            (self.folder / name).unlink(missing_ok=True)

    def _put(self, name: str, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self.folder / f".{name}.{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(temporary, flags, 0o600)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                file.write(self._code(name, data))
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) or 0 :]
            temporary.replace(self.folder / name)  # not synced: a cut file is as good as none
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _code(self, name: str, data: bytes | memoryview) -> bytes:
        made = blake2b(key=self.key, digest_size=_CODE, person=b"burgee cache 1")
        bound = name.encode("utf-8", "surrogateescape")
        made.update(self.fingerprint + os.fsencode(self.folder.name) + b"\0" + bound + b"\0")
        made.update(data)
        return made.digest()


def _read(path: Path) -> bytes:
    """Return the bytes of a plain file of this user's that nobody else may write; OSError else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb", buffering=0) as file:
        found = os.fstat(handle)
        ours = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        closed = os.name == "nt" or not stat.S_IMODE(found.st_mode) & 0o022
        if not stat.S_ISREG(found.st_mode) or not ours or not closed or found.st_size > _LARGEST:
            raise OSError("not a cache file of ours")
        return file.read(_LARGEST) or b""
