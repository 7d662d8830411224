"""The folder of token keys, which several processes share: an index, private keys, and a lock.

The index is replaced in one step, after the keys that it names have been written.
"""

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from burgee.whole_files import put_whole
from burgee_writer.tokens.schedule import TokenKey

__all__ = ["KeyFolder", "KeysUnusable", "Stamp", "public_key"]

Stamp = tuple[int, int, int]

_INDEX: Final = "keys.json"
_OWNER_ONLY: Final = 0o600


class KeysUnusable(ValueError):
    """A folder whose keys cannot be read; nothing in it is written over then."""


class KeyFolder:
    """Readable by its owner alone; OSError where it cannot be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)

    @contextmanager
    def locked(self, *, wait: bool) -> Iterator[bool]:
        """Hold the lock of all processes; gives whether it is held, which it is if one waits."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                held = True
            except BlockingIOError:
                held = False
            yield held
        finally:
            os.close(handle)

    def stamp(self) -> Stamp | None:
        """Return what differs once the index has been replaced; None where there is none."""
        try:
            found = (self.folder / _INDEX).stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def read(self) -> tuple[TokenKey, ...]:
        """Return the keys of the index, none where there is no index; raises KeysUnusable."""
        path = self.folder / _INDEX
        try:
            keys = msgspec.json.decode(path.read_bytes(), type=tuple[TokenKey, ...])
        except FileNotFoundError:
            return ()
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise KeysUnusable(f"{path} is no index of keys: {error}") from None
        if not keys or any(_public_kid(key) != key.kid for key in keys):
            raise KeysUnusable(f"{path} is no index of keys: its names are not those of its keys")
        return tuple(sorted(keys, key=lambda key: key.signs_from))

    def write(self, keys: Sequence[TokenKey]) -> None:
        """Replace the index, and drop the private keys that it names no more."""
        text = msgspec.json.format(msgspec.json.encode(keys))
        put_whole(self.folder / _INDEX, text, _OWNER_ONLY)
        named = {_file_of(key.kid) for key in keys}
        for path in self.folder.glob("*.pem"):
            if path.name not in named:
                with suppress(OSError):
                    path.unlink()

    def make(self, published: int, signs_from: int, token_seconds: int) -> TokenKey:
        """Make a key; it counts once the index names it."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        kid = _kid(public)
        put_whole(self.folder / _file_of(kid), pem, _OWNER_ONLY)
        return TokenKey(kid, _base64(_raw(public)), published, signs_from, token_seconds)

    def private(self, key: TokenKey) -> Ed25519PrivateKey:
        """Return a key's private half; raises KeysUnusable."""
        path = self.folder / _file_of(key.kid)
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(_OWNER_ONLY)
            found = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise KeysUnusable(f"{path} cannot be read: {error.strerror or error}") from None
        except (ValueError, TypeError) as error:
            raise KeysUnusable(f"{path} holds no private key: {error}") from None
        if not isinstance(found, Ed25519PrivateKey) or _kid(found.public_key()) != key.kid:
            raise KeysUnusable(f"{path} holds another key than the one it is named for")
        return found


def public_key(key: TokenKey) -> Ed25519PublicKey:
    """Return the public half of a key of the index."""
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key.x + "="))


def _public_kid(key: TokenKey) -> str | None:
    """What a key is called by its public half; None where it has none."""
    try:
        return _kid(public_key(key))
    except ValueError:
        return None


def _file_of(kid: str) -> str:
    return f"{kid}.pem"


def _kid(public: Ed25519PublicKey) -> str:
    """The key's thumbprint (RFC 7638), shortened, in a form that any file may have as its name."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{_base64(_raw(public))}"}}'
    return hashlib.sha256(jwk.encode()).hexdigest()[:16]


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
