"""Keys and tokens for tests, made afresh in every run."""

import json
import time
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

__all__ = ["EDDSA", "ES256", "RS256", "Signer", "claims", "jwks"]


class Signer(msgspec.Struct, frozen=True):
    """A private key and what it is called."""

    kid: str
    algorithm: str
    key: Any

    def jwk(self, **more: Any) -> dict[str, Any]:
        public = self.key.public_key()
        algorithm: Any = {"EdDSA": OKPAlgorithm, "RS256": RSAAlgorithm, "ES256": ECAlgorithm}
        jwk = json.loads(algorithm[self.algorithm].to_jwk(public))
        return {**jwk, "kid": self.kid, "use": "sig", **more}

    def token(self, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        named = {"kid": self.kid, **(headers or {})}
        named = {name: value for name, value in named.items() if value is not None}
        return jwt.encode(claims(**changes), self.key, self.algorithm, headers=named)


EDDSA = Signer("ed", "EdDSA", ed25519.Ed25519PrivateKey.generate())
ES256 = Signer("es", "ES256", ec.generate_private_key(ec.SECP256R1()))
RS256 = Signer("rs", "RS256", rsa.generate_private_key(65537, 2048))


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that are accepted; a change to None leaves one out."""
    good = {
        "sub": "app-1",
        "exp": int(time.time()) + 86_400,  # tables of tokens are made long before they are used
        "aud": "edge",
        "scopes": ["evaluate"],
        "tenants": ["acme"],
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()
