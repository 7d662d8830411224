"""Signatures of manifests: at least one by a key that is trusted. Needs the extra `verify`."""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from burgee.load import Read, Refused
from burgee.snapshot.canonical import digest
from burgee.snapshot.forms import Signature, Signatures

__all__ = ["Trust", "key_id", "signature_path"]


def signature_path(manifest: bytes) -> str:
    """Return where the signatures of an environment's manifest lie."""
    return f"manifest-{digest(manifest)[:16]}.sig"


class Trust:
    """Public keys by their key id: the first 16 hex digits of the SHA-256 of the SPKI form."""

    def __init__(self, keys: Sequence[Ed25519PublicKey]) -> None:
        self._keys: Mapping[str, Ed25519PublicKey] = {key_id(key): key for key in keys}

    @classmethod
    def read(cls, paths: Sequence[Path]) -> "Trust":
        """Read PEM files; ValueError or OSError where one holds no Ed25519 public key."""
        keys: list[Ed25519PublicKey] = []
        for path in paths:
            try:
                key = load_pem_public_key(path.read_bytes())
            except ValueError:
                raise ValueError(f"{path} holds no public key in PEM form") from None
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError(f"{path} holds no Ed25519 key")
            keys.append(key)
        return cls(keys)

    def check(self, read: Read, manifest: bytes) -> None:
        """Raise Refused unless a trusted key has signed exactly these bytes."""
        path = signature_path(manifest)
        try:
            data = read(path)
        except OSError as error:
            raise Refused("unsigned", f"{path} cannot be read: {error.strerror}") from error
        try:
            listed = msgspec.json.decode(data, type=Signatures).signatures
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused("signature", f"{path} is not well formed: {error}") from error
        if not self.holds(manifest, listed):
            raise Refused("signature", f"{path} holds no signature by a key that is trusted")

    def holds(self, data: bytes, signatures: Sequence[Signature]) -> bool:
        """Return whether one of these is by a trusted key, over exactly these bytes."""
        return any(self._holds(each, data) for each in signatures)

    def _holds(self, signature: Signature, data: bytes) -> bool:
        key = self._keys.get(signature.keyid)
        if key is None or signature.alg != "ed25519":
            return False
        try:
            key.verify(base64.b64decode(signature.sig, validate=True), data)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def key_id(key: Ed25519PublicKey) -> str:
    """Return a key's id: the first 16 hex digits of the SHA-256 of its SPKI form."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()[:16]
