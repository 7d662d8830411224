"""SSH signatures of commits, made and verified in this process.

The format is OpenSSH's PROTOCOL.sshsig; git verifies what is made here with `ssh-keygen`. Keys are
Ed25519, which is what `ssh-keygen -t ed25519` makes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast

import pygit2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

__all__ = ["CommitKey", "CommitKeys", "KeyUnusable", "new_commit_key", "read_public_key"]

_MAGIC: Final = b"SSHSIG"
_NAMESPACE: Final = b"git"
_HASHES: Final = {b"sha512": hashlib.sha512, b"sha256": hashlib.sha256}
_BEGIN: Final = b"-----BEGIN SSH SIGNATURE-----"
_END: Final = b"-----END SSH SIGNATURE-----"
_LINE: Final = 70


class KeyUnusable(ValueError):
    """A file that holds no key that commits can be signed or verified with."""


class CommitKey:
    """The key that a writer signs commits with."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()

    @classmethod
    def read(cls, path: Path) -> CommitKey:
        """Read a private key in OpenSSH's form, without a passphrase; raises KeyUnusable."""
        try:
            private = load_ssh_private_key(path.read_bytes(), None)
        except OSError as error:
            raise KeyUnusable(f"{path} cannot be read: {error.strerror or error}") from None
        except (ValueError, TypeError) as error:  # TypeError: it has a passphrase
            raise KeyUnusable(f"{path} holds no key in OpenSSH's form: {error}") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyUnusable(f"{path} is no Ed25519 key; make one with ssh-keygen -t ed25519")
        return cls(private)

    @property
    def public_line(self) -> str:
        """The public key as one line, as `ssh-keygen` writes it."""
        return self.public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(self, message: bytes) -> str:
        """Return the armoured signature of a commit's text."""
        digest = hashlib.sha512(message).digest()
        signed = _MAGIC + _strings(_NAMESPACE, b"", b"sha512", digest)
        signature = _strings(b"ssh-ed25519", self._private.sign(signed))
        fields = _strings(_blob(self.public), _NAMESPACE, b"", b"sha512", signature)
        text = base64.b64encode(_MAGIC + (1).to_bytes(4, "big") + fields).decode()
        lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
        return "\n".join([_BEGIN.decode(), *lines, _END.decode()])


class CommitKeys:
    """The public keys of writers, in force and retired, by which their commits are known."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {_blob(key): key for key in keys}

    @property
    def digest(self) -> str:
        """What tells one set of keys from another."""
        return hashlib.sha256(_strings(*sorted(self._keys))).hexdigest()

    def signed(self, commit: pygit2.Commit) -> bool:
        """Return whether one of the keys signed a commit as it is."""
        signature, payload = cast("tuple[bytes | None, bytes | None]", commit.gpg_signature)
        if signature is None or payload is None:
            return False
        return self.verifies(signature, payload)

    def verifies(self, signature: bytes, payload: bytes) -> bool:
        """Return whether an armoured signature of one of the keys is that of a text."""
        try:
            key, digest, raw = _read(signature, payload)
            known = self._keys.get(key)
            if known is None:
                return False
            known.verify(raw, digest)
        except (ValueError, InvalidSignature):
            return False
        return True


def new_commit_key(path: Path) -> CommitKey:
    """Make a key and write it to `path`, which must not exist, and its public half to `.pub`."""
    made = CommitKey(Ed25519PrivateKey.generate())
    private = made._private.private_bytes(  # noqa: SLF001  our own
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(private)
    path.with_name(path.name + ".pub").write_text(made.public_line + "\n", encoding="ascii")
    return made


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key as `ssh-keygen` writes it; raises KeyUnusable."""
    try:
        found = load_ssh_public_key(path.read_bytes().strip())
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise KeyUnusable(f"{path} holds no SSH public key: {error}") from None
    if not isinstance(found, Ed25519PublicKey):
        raise KeyUnusable(f"{path} is no Ed25519 key")
    return found


def _read(signature: bytes, payload: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the key, what was signed and the raw signature; ValueError for any other form."""
    text = signature.strip()
    if not text.startswith(_BEGIN) or not text.endswith(_END):
        raise ValueError("no armour")
    try:
        data = base64.b64decode(text[len(_BEGIN) : -len(_END)], validate=False)
    except binascii.Error as error:
        raise ValueError("no base64") from error
    if data[:6] != _MAGIC or data[6:10] != b"\0\0\0\1":
        raise ValueError("no signature of version 1")
    key, namespace, reserved, algorithm, blob = _split(data[10:], 5)
    kind, raw = _split(blob, 2)
    if namespace != _NAMESPACE or kind != b"ssh-ed25519" or algorithm not in _HASHES:
        raise ValueError("a signature for something else")
    digest = _HASHES[algorithm](payload).digest()
    return key, _MAGIC + _strings(namespace, reserved, algorithm, digest), raw


def _blob(key: Ed25519PublicKey) -> bytes:
    return _strings(b"ssh-ed25519", key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _split(data: bytes, count: int) -> list[bytes]:
    parts: list[bytes] = []
    for _ in range(count):
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end or len(data) < 4:
            raise ValueError("cut short")
        parts.append(data[4:end])
        data = data[end:]
    if data:
        raise ValueError("something behind the end")
    return parts
