"""Signing a hand-made snapshot as `burgee build --sign` does."""

import base64
import hashlib
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee.snapshot.forms import Signature, Signatures

__all__ = ["sign", "signature"]


def sign(
    folder: Path, manifest: bytes, *keys: Ed25519PrivateKey, text: bytes | None = None
) -> None:
    """Write the signatures of a manifest beside it; `text` is signed in its place."""
    made = [signature(key, manifest if text is None else text) for key in keys]
    name = f"manifest-{hashlib.sha256(manifest).hexdigest()[:16]}.sig"
    (folder / name).write_bytes(msgspec.json.encode(Signatures(tuple(made))))


def signature(key: Ed25519PrivateKey, text: bytes) -> Signature:
    """Return the signature of a text."""
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    made = base64.b64encode(key.sign(text)).decode()
    return Signature(hashlib.sha256(spki).hexdigest()[:16], "ed25519", made)
