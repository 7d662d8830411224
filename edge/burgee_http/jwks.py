"""Sets of public keys (RFC 7517), cut down to the keys and algorithms that tokens may use."""

import json
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import AllowedPublicKeys

__all__ = ["ALGORITHMS", "JwksError", "KeySet", "VerifyKey", "parse_jwks"]

ALGORITHMS: Final = ("EdDSA", "RS256", "ES256")

_LEAST_RSA_BITS = 2048


class JwksError(ValueError):
    """A document that is no set of keys, or holds none that can be used."""


class VerifyKey(msgspec.Struct, frozen=True):
    kid: str | None
    algorithm: str
    key: AllowedPublicKeys


class KeySet(msgspec.Struct, frozen=True):
    keys: tuple[VerifyKey, ...]

    def find(self, kid: str | None, algorithm: str) -> VerifyKey | None:
        """The key a token names; a token that names none is taken where only one key fits."""
        fitting = [key for key in self.keys if key.algorithm == algorithm]
        if kid is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)


def parse_jwks(text: bytes) -> KeySet:
    """Keys that cannot be used (symmetric, private, weak, for encryption) are left out."""
    try:
        document = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise JwksError(f"no valid JSON: {error}") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise JwksError('no set of keys: "keys" is no list')
    keys = tuple(key for key in map(_key, listed) if key is not None)
    if not keys:
        raise JwksError("none of the keys can be used: Ed25519, RSA (2048 bits up) or P-256")
    return KeySet(keys)


def _key(entry: Any) -> VerifyKey | None:
    if not isinstance(entry, dict) or "d" in entry or entry.get("use", "sig") != "sig":
        return None
    operations = entry.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    algorithm = _algorithm(entry)
    if algorithm is None or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        key: Any = jwt.PyJWK(entry, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    kid = entry.get("kid")
    if not _sound(key) or not isinstance(kid, str | None):
        return None
    return VerifyKey(kid, algorithm, key)


def _algorithm(entry: dict[str, Any]) -> str | None:
    match entry.get("kty"), entry.get("crv"):
        case "OKP", "Ed25519":
            return "EdDSA"
        case "EC", "P-256":
            return "ES256"
        case "RSA", _:
            return "RS256"
    return None


def _sound(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _LEAST_RSA_BITS
    return isinstance(key, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey)
