"""Which tokens are taken, and that every other one is refused: each way to forge one is a case."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, rsa

from burgee_http.jwks import JwksError, KeySet, parse_jwks
from burgee_http.jwt_tokens import JwtVerifier, TokenRefused
from support.tokens import EDDSA, ES256, RS256, Signer, claims, jwks

SECRET = b"s" * 32


class Fixed:
    """Keys that never change."""

    generation = 0
    refused = False

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.value: KeySet = parse_jwks(jwks(*keys))

    def follow(self) -> bool:
        return False


KEYS = Fixed(EDDSA.jwk(), ES256.jwk(), RS256.jwk())
EDGE = JwtVerifier(keys=KEYS)
SHARED = JwtVerifier(keys=KEYS, shared_secret=SECRET)
WRITER = JwtVerifier(audience="writer", keys=KEYS)
ISSUED = JwtVerifier(keys=KEYS, issuer="https://id.example")


def shared(**changes: Any) -> str:
    return jwt.encode(claims(**changes), SECRET, "HS256")


@pytest.mark.parametrize("signer", [EDDSA, ES256, RS256], ids=lambda s: s.algorithm)
def test_tokens_of_each_algorithm(signer: Signer) -> None:
    verified = EDGE.verify(signer.token(jti="t1", environments=["production"]))
    principal = verified.principal
    assert (principal.subject, principal.kind) == ("app-1", "jwt")
    assert principal.scopes == {"evaluate"}
    assert principal.tenants == {"acme"}
    assert principal.environments == frozenset({"production"})
    assert verified.token_id == "t1"
    assert verified.expires > time.time()


SCOPES = [
    ({"scopes": ["flags:r"]}, {"evaluate", "flags:r"}),
    ({"scopes": ["flags:rw"]}, {"evaluate", "flags:r", "flags:rw"}),
    ({"scopes": ["admin"]}, {"evaluate", "flags:r", "flags:rw", "admin"}),
    ({"scopes": None, "scope": "openid evaluate"}, {"evaluate"}),
    ({"scopes": ["evaluate"], "scope": "flags:rw"}, {"evaluate"}),
    ({"scopes": []}, set()),
    ({"scopes": None}, set()),
    ({"scopes": ["flags:r"], "browser": True}, {"evaluate"}),
]


@pytest.mark.parametrize(("changes", "scopes"), SCOPES)
def test_scopes(changes: dict[str, Any], scopes: set[str]) -> None:
    assert EDGE.verify(EDDSA.token(**changes)).principal.scopes == scopes


ACCEPTED = [
    (EDGE, EDDSA.token(aud=["edge"])),
    (EDGE, EDDSA.token(aud=["edge", "https://other.example"])),
    (WRITER, EDDSA.token(aud="writer")),
    (ISSUED, EDDSA.token(iss="https://id.example")),
    (JwtVerifier(audience="flags", keys=KEYS), EDDSA.token(aud="flags")),
    (SHARED, shared()),
    (SHARED, shared(scopes=None, scope="evaluate")),
    (SHARED, ES256.token()),
    (EDGE, EDDSA.token({"kid": None})),
    (EDGE, EDDSA.token(exp=time.time() + 86_400.5)),
    (EDGE, EDDSA.token(tenants=None)),
]


@pytest.mark.parametrize(("verifier", "token"), ACCEPTED)
def test_accepted(verifier: JwtVerifier, token: str) -> None:
    assert verifier.verify(token).principal.subject == "app-1"


def test_clocks_may_differ_a_little() -> None:
    assert EDGE.verify(EDDSA.token(exp=int(time.time()) - 2)).principal.subject == "app-1"


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def raw(header: object, payload: object, secret: bytes | None = None) -> str:
    head, body = (
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)
    )
    text = encoded(head) + b"." + encoded(body)
    signature = b"" if secret is None else hmac.new(secret, text, hashlib.sha256).digest()
    return (text + b"." + encoded(signature)).decode()


def pem(signer: Signer) -> bytes:
    public = signer.key.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(public.public_bytes(serialization.Encoding.PEM, form))


def tampered(token: str) -> str:
    head, _, signature = token.split(".")
    return ".".join([head, encoded(json.dumps(claims(tenants=["*"])).encode()).decode(), signature])


OTHER = Signer("ed", "EdDSA", ed25519.Ed25519PrivateKey.generate())
STRANGER = Signer("nobody", "EdDSA", OTHER.key)
ES_AS_ED = Signer("es", "EdDSA", OTHER.key)

REFUSED = {
    "none": (EDGE, raw({"alg": "none"}, claims())),
    "none, with a secret": (SHARED, raw({"alg": "none"}, claims())),
    "None": (SHARED, raw({"alg": "None"}, claims())),
    "no algorithm": (EDGE, raw({}, claims())),
    "an algorithm that is a list": (EDGE, raw({"alg": ["EdDSA"]}, claims())),
    "public key as secret": (SHARED, raw({"alg": "HS256", "kid": "rs"}, claims(), pem(RS256))),
    "public key as secret, no secret": (EDGE, raw({"alg": "HS256"}, claims(), pem(RS256))),
    "another kind of key": (EDGE, ES_AS_ED.token()),
    "another key": (EDGE, OTHER.token()),
    "unknown key": (EDGE, STRANGER.token()),
    "key id is a number": (EDGE, raw({"alg": "EdDSA", "kid": 5}, {})),
    "wrong secret": (SHARED, raw({"alg": "HS256"}, claims(), b"t" * 32)),
    "HS256 without secret": (EDGE, shared()),
    "HS512": (SHARED, jwt.encode(claims(), b"s" * 64, "HS512")),
    "HS256 may not read": (SHARED, shared(scopes=["flags:r"])),
    "HS256 may not write": (SHARED, shared(scopes=["evaluate", "flags:rw"])),
    "HS256 without scopes": (SHARED, shared(scopes=None)),
    "HS256 for the writer": (SHARED, shared(aud="writer")),
    "tampered": (EDGE, tampered(EDDSA.token())),
    "cut": (EDGE, EDDSA.token()[:-10]),
    "key in the header": (EDGE, STRANGER.token({"jwk": STRANGER.jwk()})),
    "critical header": (EDGE, EDDSA.token({"crit": ["exp"], "exp": 1})),
    "detached payload": (EDGE, EDDSA.token({"crit": ["b64"], "b64": True})),
    "expired": (EDGE, EDDSA.token(exp=int(time.time()) - 30)),
    "not yet": (EDGE, EDDSA.token(nbf=int(time.time()) + 86_400)),
    "issued later": (EDGE, EDDSA.token(iat=int(time.time()) + 86_400)),
    "no exp": (EDGE, EDDSA.token(exp=None)),
    "exp is text": (EDGE, EDDSA.token(exp=str(int(time.time()) + 60))),
    "exp is true": (EDGE, EDDSA.token(exp=True)),
    "exp is infinite": (EDGE, EDDSA.token(exp=float("inf"))),
    "exp is no number": (EDGE, EDDSA.token(exp=float("nan"))),
    "no sub": (EDGE, EDDSA.token(sub=None)),
    "empty sub": (EDGE, EDDSA.token(sub="")),
    "no aud": (EDGE, EDDSA.token(aud=None)),
    "aud writer": (EDGE, EDDSA.token(aud="writer")),
    "aud both": (EDGE, EDDSA.token(aud=["edge", "writer"])),
    "aud both, at the writer": (WRITER, EDDSA.token(aud=["edge", "writer"])),
    "aud edge, at the writer": (WRITER, EDDSA.token()),
    "aud edge beside one's own": (
        JwtVerifier(audience="flags", keys=KEYS),
        EDDSA.token(aud=["flags", "edge"]),
    ),
    "aud other": (EDGE, EDDSA.token(aud="shop")),
    "no iss": (ISSUED, EDDSA.token()),
    "other iss": (ISSUED, EDDSA.token(iss="https://evil.example")),
    "scopes is text": (EDGE, EDDSA.token(scopes="evaluate")),
    "scopes has numbers": (EDGE, EDDSA.token(scopes=[1])),
    "scope is a list": (EDGE, EDDSA.token(scopes=None, scope=["evaluate"])),
    "tenants is text": (EDGE, EDDSA.token(tenants="acme")),
    "environments is text": (EDGE, EDDSA.token(environments="production")),
    "browser is text": (EDGE, EDDSA.token(browser="yes")),
    "no json": (EDGE, raw({"alg": "HS256"}, b"{")),
    "payload is a list": (SHARED, raw({"alg": "HS256"}, [], SECRET)),
    "header is a list": (EDGE, raw([], {})),
    "deep payload": (SHARED, raw({"alg": "HS256"}, b"[" * 100_000, SECRET)),
    "deep header": (EDGE, raw(b"[" * 100_000, {})),
    "empty parts": (EDGE, ".."),
    "no base64": (EDGE, "ä.ö.ü"),
}


@pytest.mark.parametrize(("verifier", "token"), REFUSED.values(), ids=REFUSED)
def test_refused(verifier: JwtVerifier, token: str) -> None:
    with pytest.raises(TokenRefused) as refusal:
        verifier.verify(token)
    assert str(refusal.value).endswith(".")


def test_names_that_are_no_tenants_are_not_granted() -> None:
    token = EDDSA.token(tenants=["acme", "*", "../x", "", "a\n", "ä"])
    assert EDGE.verify(token).principal.tenants == {"acme", "*"}


def test_a_token_without_key_id_needs_a_single_key() -> None:
    two = JwtVerifier(keys=Fixed(EDDSA.jwk(), OTHER.jwk(kid="other")))
    with pytest.raises(TokenRefused):
        two.verify(EDDSA.token({"kid": None}))


def test_a_secret_is_long_and_never_for_the_writer() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        JwtVerifier(shared_secret=b"short")
    with pytest.raises(ValueError, match="edge nodes only"):
        JwtVerifier(audience="writer", shared_secret=SECRET)


WEAK = Signer("weak", "RS256", rsa.generate_private_key(65537, 1024))
OCT = {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"}
UNUSABLE: dict[str, Any] = {
    "symmetric": OCT,
    "weak": WEAK.jwk(),
    "for encryption": EDDSA.jwk(use="enc"),
    "not to verify with": EDDSA.jwk(key_ops=["sign"]),
    "for another algorithm": RS256.jwk(alg="PS256"),
    "symmetric by name": RS256.jwk(alg="HS256"),
    "private": EDDSA.jwk(d="AAAA"),
    "another curve": {**ES256.jwk(), "crv": "P-384"},
    "ed448": {**EDDSA.jwk(), "crv": "Ed448"},
    "broken": {**EDDSA.jwk(), "x": "!"},
    "kid is a number": EDDSA.jwk(kid=5),
    "no object": "key",
    "empty": {},
}


@pytest.mark.parametrize("entry", UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_keys_are_left_out(entry: Any) -> None:
    [kept] = parse_jwks(jwks(entry, ES256.jwk())).keys
    assert kept.kid == "es"
    with pytest.raises(JwksError, match="none of the keys"):
        parse_jwks(jwks(entry))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"keys":{}}', b'{"keys":[]}', b"\xff"])
def test_what_is_no_set_of_keys(text: bytes) -> None:
    with pytest.raises(JwksError):
        parse_jwks(text)


def test_ed448_tokens_are_refused() -> None:
    signer = Signer("ed", "EdDSA", ed448.Ed448PrivateKey.generate())
    with pytest.raises(TokenRefused):
        EDGE.verify(signer.token())


ONE, TWO = "https://one.example", "https://two.example"
BOTH = JwtVerifier(issuers={ONE: Fixed(EDDSA.jwk()), TWO: Fixed(OTHER.jwk(), ES256.jwk())})


def test_several_issuers() -> None:
    """Both call a key `ed`; each is tried against the one of its own issuer."""
    assert BOTH.verify(EDDSA.token(iss=ONE)).issuer == ONE
    assert BOTH.verify(OTHER.token(iss=TWO)).issuer == TWO
    assert BOTH.verify(ES256.token(iss=TWO)).issuer == TWO


@pytest.mark.parametrize(
    "token",
    [
        EDDSA.token(iss=TWO),
        OTHER.token(iss=ONE),
        ES256.token(iss=ONE),
        EDDSA.token(),
        EDDSA.token(iss=""),
        EDDSA.token(iss=ONE + "/"),
        raw({"alg": "HS256"}, claims(iss=ONE), pem(RS256)),
        raw({"alg": "none"}, claims(iss=ONE)),
        raw({"alg": "EdDSA", "kid": "ed"}, claims(iss=[ONE, TWO])),
        raw({"alg": "EdDSA", "kid": "ed"}, claims(iss={})),
        raw({"alg": "EdDSA", "kid": "ed"}, []),
        raw({"alg": "EdDSA", "kid": "ed"}, b"[" * 100_000),
    ],
)
def test_no_issuer_speaks_for_another(token: str) -> None:
    with pytest.raises(TokenRefused):
        BOTH.verify(token)


def test_several_issuers_are_all_named() -> None:
    for beside in ({"keys": KEYS}, {"issuer": ONE}, {"shared_secret": SECRET}):
        with pytest.raises(ValueError, match="several issuers"):
            JwtVerifier(issuers={ONE: KEYS}, **beside)
