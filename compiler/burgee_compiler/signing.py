"""Signing manifests with Ed25519, and making the keys for it."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from msgspec import structs

from burgee.signatures import key_id, signature_path
from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import Signature, Signatures
from burgee_compiler.build import EnvironmentBuild

__all__ = ["PRIVATE", "PUBLIC", "make_keys", "read_signing_key", "sign", "signed"]

PRIVATE = "signing.key"
PUBLIC = "signing.pub"


def make_keys(folder: Path) -> str:
    """Write a new key pair, PKCS#8 and SPKI in PEM, into `folder`; return its key id.

    FileExistsError where either file is there already: a key is never overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (PRIVATE, PUBLIC):
        if (folder / name).exists():
            raise FileExistsError(f"{folder / name} is there already")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write(folder / PRIVATE, private, 0o600)
    _write(folder / PUBLIC, public, 0o644)
    return key_id(key.public_key())


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key; OSError or ValueError where the file holds no Ed25519 key."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise ValueError(f"{path} holds no unencrypted private key in PEM form") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def sign(manifest: bytes, keys: list[Ed25519PrivateKey]) -> bytes:
    """Return the document of detached signatures over the exact bytes of a manifest."""
    signatures = tuple(
        Signature(
            key_id(key.public_key()), "ed25519", base64.b64encode(key.sign(manifest)).decode()
        )
        for key in keys
    )
    return canonical(Signatures(signatures))


def signed(build: EnvironmentBuild, keys: list[Ed25519PrivateKey]) -> EnvironmentBuild:
    """Return a build with the signatures of its manifests beside them."""
    signatures = {signature_path(build.manifest): sign(build.manifest, keys)}
    for path, data in build.files.items():
        if "/manifest-" in path:
            signatures[path.removesuffix(".json") + ".sig"] = sign(data, keys)
    return structs.replace(build, files={**build.files, **signatures})


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
