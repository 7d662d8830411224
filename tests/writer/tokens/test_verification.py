"""Promise: the writer takes its own tokens, a provider's, and clients' keys; each way to forge one,
to stretch it or to use one elsewhere is refused; and a token ends with its client.
"""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee_http.errors import ApiError
from burgee_http.jwks import parse_jwks
from burgee_http.jwt_tokens import JwtVerifier
from burgee_http.principal import Rate
from burgee_http.tenancy import Gate
from burgee_writer.tokens.asked import Asked
from burgee_writer.tokens.granting import granted
from burgee_writer.tokens.issuer import make_issuer
from burgee_writer.tokens.verifying import make_authenticator
from support.edge import clients_file
from support.token_writer import CLIENTS, TokenWriter, unverified, writer_options
from support.tokens import EDDSA, ES256, RS256, Signer, jwks

PROVIDER = "https://id.example"
OWN = "https://writer.example"


@pytest.fixture
def writer(tmp_path: Path) -> TokenWriter:
    path = tmp_path / "provider.json"
    path.write_bytes(jwks(EDDSA.jwk(), ES256.jwk(), RS256.jwk()))
    return TokenWriter(tmp_path, jwks=str(path), issuer=PROVIDER, token_issuer=OWN)


def issued(writer: TokenWriter, name: str = "ci", **asked: Any) -> str:
    """A token of the client NAME, as the endpoint makes it."""
    clients = writer.authenticator.clients
    assert clients is not None
    clients.follow()
    grant = granted(Asked(name, f"key-of-{name}".encode(), **asked), clients.value)
    return writer.issuer.issue(grant).token


def encoded(value: object) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def forged(writer: TokenWriter, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token of the writer's own key, its claims changed; None leaves one out. Signed by hand,
    since libraries refuse to make what is to be refused.
    """
    kid, private = writer.issuer.keys.signing()
    claims = {**unverified(issued(writer)), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": "EdDSA", "typ": "JWT", "kid": kid, **(headers or {})}
    text = encoded(header) + b"." + encoded(kept)
    return (text + b"." + encoded(private.sign(text))).decode()


def of_provider(signer: Signer = EDDSA, headers: dict[str, Any] | None = None, **more: Any) -> str:
    return signer.token(headers, **{"aud": "writer", "iss": PROVIDER, **more})


def test_each_kind_of_credential(writer: TokenWriter) -> None:
    assert writer.verdict(issued(writer)) == "ci"
    assert [writer.verdict(of_provider(each)) for each in (EDDSA, ES256, RS256)] == ["app-1"] * 3
    assert writer.verdict("key-of-ci") == "ci"
    key = {b"x-api-key": b"key-of-ci"}
    token = {b"x-api-key": issued(writer).encode()}
    assert [writer.authenticator.principal(each).subject for each in (key, token)] == ["ci", "ci"]


def test_what_a_token_allows(writer: TokenWriter) -> None:
    principal = writer.principal(issued(writer, "stage"))
    assert principal.scopes == {"evaluate", "flags:r"}
    assert principal.tenants == {"acme"}
    assert principal.environments == frozenset({"staging"})
    admin = writer.principal(issued(writer, "root", scopes=("admin",), tenants=("acme",)))
    assert admin.scopes == {"evaluate", "flags:r", "flags:rw", "admin"}
    assert admin.tenants == {"acme"}


def test_an_admin_is_one_of_its_tenants_alone(writer: TokenWriter) -> None:
    token = issued(writer, "root", tenants=("acme",)).encode()
    gate = Gate(writer.authenticator)
    assert gate.admit({b"x-api-key": token, b"x-tenant-id": b"acme"}, "admin").tenant == "acme"
    with pytest.raises(ApiError) as refusal:
        gate.admit({b"x-api-key": token, b"x-tenant-id": b"globex"}, "admin")
    assert (refusal.value.status, refusal.value.code) == (403, "tenant_forbidden")
    with pytest.raises(ApiError) as refusal:
        gate.admit({b"x-api-key": b"key-of-ci", b"x-tenant-id": b"acme"}, "admin")
    assert (refusal.value.status, refusal.value.code) == (403, "scope_missing")


NOW = int(time.time())  # the cases below are minutes and hours away from their bounds
CHANGED: dict[str, dict[str, Any]] = {
    "wrong audience": {"aud": "edge"},
    "both audiences": {"aud": ["writer", "edge"]},
    "another audience": {"aud": "shop"},
    "no audience": {"aud": None},
    "wrong issuer": {"iss": "https://evil.example"},
    "the provider's name under our key": {"iss": PROVIDER},
    "issuer is a list": {"iss": [OWN]},
    "no issuer": {"iss": None},
    "expired": {"exp": NOW - 60},
    "not yet": {"nbf": NOW + 3_600},
    "issued later": {"iat": NOW + 3_600},
    "no sub": {"sub": None},
    "empty sub": {"sub": ""},
    "sub is a number": {"sub": 5},
    "no exp": {"exp": None},
    "exp is text": {"exp": str(NOW + 600)},
    "another client": {"sub": "root"},
    "no such client": {"sub": "nobody"},
    "no key": {"key_mark": None},
    "another's key": {"key_mark": hashlib.sha256(b"key-of-root").hexdigest()[:16]},
    "key is a list": {"key_mark": [hashlib.sha256(b"key-of-ci").hexdigest()[:16]]},
    "scopes is text": {"scopes": "flags:rw"},
}


@pytest.mark.parametrize("changes", CHANGED.values(), ids=CHANGED)
def test_claims_that_are_refused(writer: TokenWriter, changes: dict[str, Any]) -> None:
    assert writer.verdict(forged(writer)) == "ci"
    assert writer.verdict(forged(writer, **changes)) == "401 invalid_token"


HEADERS: dict[str, dict[str, Any]] = {
    "unknown kid": {"kid": "0" * 16},
    "no kid": {"kid": None},
    "kid is a number": {"kid": 5},
    "kid is a path": {"kid": "../keys"},
    "crit": {"crit": ["exp"], "exp": 1},
    "b64": {"crit": ["b64"], "b64": True},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_headers_that_are_refused(writer: TokenWriter, headers: dict[str, Any]) -> None:
    assert writer.verdict(forged(writer, headers)) == "401 invalid_token"


def test_clocks_may_differ_by_five_seconds(writer: TokenWriter) -> None:
    now = int(time.time())
    assert writer.verdict(forged(writer, exp=now - 2)) == "ci"
    assert writer.verdict(forged(writer, nbf=now + 4, iat=now + 4)) == "ci"
    assert writer.verdict(forged(writer, exp=now - 7)) == "401 invalid_token"
    assert writer.verdict(forged(writer, nbf=now + 60)) == "401 invalid_token"


def hand_made(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    text = encoded(header) + b"." + encoded(claims)
    signature = b"" if secret is None else hmac.new(secret, text, hashlib.sha256).digest()
    return (text + b"." + encoded(signature)).decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "HS512", "", None, ["a"]])
def test_no_algorithm_but_those_of_the_keys(writer: TokenWriter, algorithm: Any) -> None:
    claims = unverified(issued(writer))
    kid, private = writer.issuer.keys.signing()
    public = private.public_key()
    jwk = json.loads(writer.issuer.jwks())["keys"][0]
    secrets = [
        None,
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        json.dumps(jwk).encode(),
        b"",
    ]
    for secret in secrets:
        for named in ({"kid": kid}, {}):
            token = hand_made({"alg": algorithm, "typ": "JWT", **named}, claims, secret)
            assert writer.verdict(token) == "401 invalid_token"


def test_another_algorithm_under_a_known_name(writer: TokenWriter) -> None:
    claims = unverified(issued(writer))
    kid, _ = writer.issuer.keys.signing()
    for signer in (ES256, RS256):
        token = jwt.encode(claims, signer.key, signer.algorithm, headers={"kid": kid})
        assert writer.verdict(token) == "401 invalid_token"


EMBEDDED = {
    "jwk": EDDSA.jwk(),
    "jku": "https://evil.example/jwks.json",
    "x5u": "https://evil.example/cert.pem",
    "x5c": ["MIIB"],
}


@pytest.mark.parametrize("name", EMBEDDED)
def test_keys_that_a_token_brings_along_count_for_nothing(writer: TokenWriter, name: str) -> None:
    claims = unverified(issued(writer))
    kid, _ = writer.issuer.keys.signing()
    for named in (kid, EDDSA.kid):
        headers = {"kid": named, name: EMBEDDED[name]}
        token = jwt.encode(claims, EDDSA.key, "EdDSA", headers=headers)
        assert writer.verdict(token) == "401 invalid_token"
    assert writer.verdict(forged(writer, {name: EMBEDDED[name]})) == "ci"


def test_neither_issuer_speaks_for_the_other(writer: TokenWriter) -> None:
    claims = unverified(issued(writer))
    for signer in (EDDSA, ES256, RS256):
        token = jwt.encode(claims, signer.key, signer.algorithm, headers={"kid": signer.kid})
        assert writer.verdict(token) == "401 invalid_token"
    assert writer.verdict(forged(writer, {"kid": EDDSA.kid}, iss=PROVIDER)) == "401 invalid_token"
    # Not even where both call a key the same.
    kid, _ = writer.issuer.keys.signing()
    assert writer.verdict(of_provider(headers={"kid": kid})) == "401 invalid_token"
    assert writer.verdict(of_provider(iss=OWN)) == "401 invalid_token"
    assert writer.verdict(of_provider(iss=None)) == "401 invalid_token"
    assert writer.verdict(of_provider(aud=["edge", "writer"])) == "401 invalid_token"


def test_tampering(writer: TokenWriter) -> None:
    head, _, signature = issued(writer).split(".")
    claims = {**unverified(issued(writer)), "tenants": ["*"]}
    token = ".".join([head, encoded(claims).decode(), signature])
    assert writer.verdict(token) == "401 invalid_token"
    assert writer.verdict(issued(writer)[:-8]) == "401 invalid_token"
    assert writer.verdict("..") == "401 invalid_token"
    assert writer.verdict("\u00e4.\u00f6.\u00fc") == "401 invalid_token"


def test_the_key_of_an_edge_node_is_the_writers(writer: TokenWriter) -> None:
    """A node that has only the public keys takes tokens for nodes, and those alone."""

    class Published:
        value = parse_jwks(writer.issuer.jwks())
        generation = 0
        refused = False

        def follow(self) -> bool:
            return False

    node = JwtVerifier(audience="edge", issuer=OWN, keys=Published())
    verified = node.verify(issued(writer, audience="edge"))
    assert verified.principal.subject == "ci"
    assert writer.verdict(issued(writer, audience="edge")) == "401 invalid_token"
    with pytest.raises(Exception, match="another audience"):
        node.verify(issued(writer))


def test_a_client_that_is_revoked(writer: TokenWriter) -> None:
    tokens = [issued(writer), issued(writer, "root")]
    assert [writer.verdict(token) for token in tokens] == ["ci", "root"]
    writer.revoke("ci")
    assert [writer.verdict(token) for token in tokens] == ["401 invalid_token", "root"]
    assert writer.verdict("key-of-ci") == "401 invalid_token"


def test_a_token_that_is_revoked(writer: TokenWriter) -> None:
    token, other = issued(writer), issued(writer)
    assert writer.verdict(token) == "ci"
    writer.revoke(unverified(token)["jti"])
    assert (writer.verdict(token), writer.verdict(other)) == ("401 invalid_token", "ci")


def test_a_client_that_is_removed(writer: TokenWriter) -> None:
    tokens = [issued(writer), of_provider(sub="ci")]
    assert [writer.verdict(token) for token in tokens] == ["ci", "ci"]
    writer.change(root=CLIENTS["root"])
    # The provider's people are none of the file.
    assert [writer.verdict(token) for token in tokens] == ["401 invalid_token", "ci"]


def test_a_key_that_is_replaced(writer: TokenWriter) -> None:
    """The old key leaked: what was got by it ends with it, though the name stays."""
    token = issued(writer)
    new = {"sha256": hashlib.sha256(b"another").hexdigest()}
    writer.change(ci={**CLIENTS["ci"], **new})
    assert writer.verdict(token) == "401 invalid_token"
    assert writer.verdict("another") == "ci"


def test_a_token_follows_its_line(writer: TokenWriter) -> None:
    token = issued(writer)
    writer.change(ci={"scopes": ["flags:r"], "tenants": ["globex"], "environments": ["staging"]})
    principal = writer.principal(token)
    assert principal.scopes == {"evaluate", "flags:r"}
    assert principal.tenants == {"globex"}
    assert principal.environments == frozenset({"staging"})
    # It never allows more than was asked for.
    narrow = issued(writer, scopes=("evaluate",))
    writer.change(ci={"scopes": ["admin"], "tenants": ["*"]})
    wide = writer.principal(narrow)
    assert wide.scopes == {"evaluate"}
    assert wide.tenants == {"globex"}
    assert wide.environments == frozenset({"staging"})


def test_rates(tmp_path: Path) -> None:
    plain, limited = TokenWriter(tmp_path), TokenWriter(tmp_path, rate=2.5)
    assert plain.principal(issued(plain)).rate is None
    assert plain.principal(issued(plain, "stage")).rate == Rate(5.0, 5)
    assert plain.principal("key-of-stage").rate == Rate(5.0, 5)
    assert limited.principal(issued(limited, "stage")).rate == Rate(5.0, 5)
    assert limited.principal(issued(limited)).rate == Rate(2.5, 2)
    assert limited.principal("key-of-ci").rate == Rate(2.5, 2)


def test_a_default_rate_is_kept(tmp_path: Path) -> None:
    writer = TokenWriter(tmp_path, rate=0.25)
    gate = Gate(writer.authenticator)
    headers = {b"x-api-key": b"key-of-ci", b"x-tenant-id": b"acme"}
    assert gate.admit(headers, "flags:rw").tenant == "acme"
    with pytest.raises(ApiError) as refusal:
        gate.admit(headers, "flags:rw")
    assert (refusal.value.status, dict(refusal.value.headers)[b"retry-after"]) == (429, b"4")
    other = {b"x-api-key": b"key-of-root", b"x-tenant-id": b"acme"}
    assert gate.admit(other, "flags:rw").principal.subject == "root"


def test_keys_of_a_provider_that_are_none_are_named(tmp_path: Path) -> None:
    path = clients_file(tmp_path)
    (tmp_path / "keys.json").write_text("{}")
    for changes, message in (
        ({"clients": tmp_path / "none"}, "--clients .*none: No such file"),
        ({"jwks": str(tmp_path / "keys.json"), "issuer": PROVIDER}, "--jwks .*keys.json: no set"),
        ({"jwks": str(tmp_path / "none"), "issuer": PROVIDER}, "--jwks .*none: No such file"),
    ):
        options = writer_options(tmp_path, **{"clients": path, **changes})
        with pytest.raises(ValueError, match=message):
            make_authenticator(options, make_issuer(options))
