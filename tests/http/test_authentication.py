"""Who a request comes from: which header counts, what is remembered, and how soon that ends."""

import os
from pathlib import Path
from typing import Any

import pytest

from burgee_http.authentication import Authenticator, presented_token
from burgee_http.client_keys import append_client, make_client_key
from burgee_http.clients import Client, Clients, parse_clients
from burgee_http.errors import ApiError
from burgee_http.followed_file import FollowedFile
from burgee_http.insecure import ANYONE
from burgee_http.jwks import parse_jwks
from burgee_http.jwt_tokens import JwtVerifier
from burgee_http.principal import Principal, Rate
from support.tokens import EDDSA, ES256, jwks


class Clock:
    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


PRESENTED = [
    ({b"authorization": b"Bearer abc"}, b"abc"),
    ({b"authorization": b"bearer  abc "}, b"abc"),
    ({b"x-api-key": b"abc"}, b"abc"),
    ({b"x-api-key": b"abc \t"}, b"abc"),
    ({b"authorization": b"Bearer abc", b"x-api-key": b"def"}, b"abc"),
    ({b"authorization": b"Bearer", b"x-api-key": b"def"}, b""),
    ({b"authorization": b"Basic eDp5", b"x-api-key": b"def"}, b"def"),
    ({b"authorization": b"Basic eDp5"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "token"), PRESENTED)
def test_bearer_wins(headers: dict[bytes, bytes], token: bytes | None) -> None:
    assert presented_token(headers) == token


class Place:
    """A clients file with one client, and a file of keys, both followed without delay."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clients.yaml"
        self.keys_path = folder / "jwks.json"
        self.secret = self.add("web")
        self.keys_path.write_bytes(jwks(EDDSA.jwk()))
        self.clock = Clock(1_000_000_000.0)
        self.files = FollowedFile(self.path, parse_clients, interval=0)
        self.keys = FollowedFile(self.keys_path, parse_jwks, interval=0)
        jwt = JwtVerifier(keys=self.keys)
        self.authenticator = Authenticator(clients=self.files, jwt=jwt)

    def add(self, name: str) -> str:
        secret, digest = make_client_key()
        append_client(self.path, Client(name, digest, ("evaluate",), ("acme",)))
        return secret

    def subject(self, token: str) -> str:
        """The subject, or the code of the refusal."""
        try:
            headers = {b"authorization": b"Bearer " + token.encode("utf-8")}
            return self.authenticator.principal(headers).subject
        except ApiError as error:
            challenge = dict(error.headers)[b"www-authenticate"]
            return error.code if error.status == 401 and challenge.startswith(b"Bearer") else "?"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_keys_and_tokens(place: Place) -> None:
    for _ in range(2):  # the second time from memory
        assert place.subject(place.secret) == "web"
        assert place.subject(EDDSA.token()) == "app-1"
        assert place.subject(place.secret[:-1]) == "invalid_token"
        assert place.subject("") == "invalid_token"
        assert place.subject(EDDSA.token()[:-9]) == "invalid_token"
        assert place.subject("\u00e4.\u00f6.\u00fc") == "invalid_token"


def test_without_a_token(place: Place) -> None:
    with pytest.raises(ApiError) as refusal:
        place.authenticator.principal({})
    assert (refusal.value.status, refusal.value.code) == (401, "unauthenticated")
    assert refusal.value.headers == ((b"www-authenticate", b"Bearer"),)


def test_a_new_client_is_let_in(place: Place) -> None:
    assert place.subject(place.secret) == "web"
    assert place.subject(place.add("ci")) == "ci"


@pytest.mark.parametrize("revoked", ["app-1", "t-1"])
def test_revoking_ends_a_token_that_is_remembered(place: Place, revoked: str) -> None:
    token = EDDSA.token(jti="t-1")
    assert place.subject(token) == "app-1"
    with place.path.open("a") as file:
        file.write(f"revoked: [{revoked}]\n")
    assert place.subject(token) == "invalid_token"
    assert place.subject(place.secret) == "web"


def test_revoking_a_client(place: Place) -> None:
    assert place.subject(place.secret) == "web"
    with place.path.open("a") as file:
        file.write("revoked: [web]\n")
    assert place.subject(place.secret) == "invalid_token"


def test_a_key_that_is_withdrawn_ends_its_tokens(place: Place) -> None:
    token = EDDSA.token()
    assert place.subject(token) == "app-1"
    place.keys_path.write_bytes(jwks(ES256.jwk()))
    assert place.subject(token) == "invalid_token"
    assert place.subject(ES256.token()) == "app-1"


def test_what_is_remembered_ends_with_the_token(place: Place) -> None:
    token = EDDSA.token(exp=2_000_000_000)
    clock = Clock(1_999_999_999.0)
    authenticator = Authenticator(jwt=JwtVerifier(keys=place.keys), clock=clock)
    headers = {b"x-api-key": token.encode()}
    kept = authenticator.principal(headers)
    assert authenticator.principal(headers) is kept
    clock.now += 2
    assert authenticator.principal(headers) is not kept  # verified anew


def test_memory_is_bounded(place: Place) -> None:
    for number in range(4096):
        place.authenticator._known.tokens[b"%d" % number] = (ANYONE, 0.0)
    for number in range(20):
        assert place.subject(EDDSA.token(jti=str(number))) == "app-1"
    assert 20 <= len(place.authenticator._known.tokens) <= 4096


class Rival(dict[bytes, Principal]):
    """Keys in which a look-up is overtaken by another thread, just after the file has changed."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.files.value.principals)
        self.place = place

    def get(self, key: bytes, default: Any = None) -> Any:
        found = super().get(key)
        with self.place.path.open("a") as file:
            file.write("revoked: [web]\n")
        with pytest.raises(ApiError):
            self.place.authenticator.principal({b"x-api-key": b"another"})
        return found


def test_a_key_that_is_revoked_during_its_check_is_not_remembered(place: Place) -> None:
    place.files.value = Clients(Rival(place), frozenset())
    assert place.subject(place.secret) == "web"  # it was asked for before
    assert place.subject(place.secret) == "invalid_token"


BROKEN = ["clients: [", "clients: 5\n", "clients: [{name: x}]\n"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_changes_nothing(place: Place, text: str) -> None:
    good = place.path.read_text()
    place.path.write_text(text)
    assert place.subject(place.secret) == "web"
    assert (place.files.refusals, place.files.reloads) == (1, 0)
    assert place.subject(place.secret) == "web"
    assert place.files.refusals == 1  # counted once, not once a request
    place.path.write_text(good.replace("web", "shop"))
    assert place.subject(place.secret) == "shop"


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_emptied_file_locks_nobody_out(place: Place, text: str) -> None:
    good = place.path.read_text()
    place.path.write_text(text)
    assert place.subject(place.secret) == "web"
    assert place.files.refusals == 1
    place.path.write_text("clients: []\n")  # this says that there are none
    assert place.subject(place.secret) == "invalid_token"
    place.path.write_text(good)
    assert place.subject(place.secret) == "web"


def test_a_pipe_or_folder_in_place_of_a_file_holds_nothing_up(place: Place) -> None:
    good = place.path.read_bytes()
    place.path.unlink()
    os.mkfifo(place.path)
    assert place.subject(place.secret) == "web"
    place.path.unlink()
    place.path.mkdir()
    assert place.subject(place.secret) == "web"
    place.path.rmdir()
    place.path.write_bytes(good.replace(b"web", b"bew"))
    assert place.subject(place.secret) == "bew"


def test_a_file_that_goes_and_comes_back(place: Place) -> None:
    good = place.path.read_bytes()
    place.path.unlink()
    assert place.subject(place.secret) == "web"
    place.path.write_bytes(good.replace(b"web", b"bew"))
    assert place.subject(place.secret) == "bew"


def test_a_linked_file_is_followed(tmp_path: Path) -> None:
    """As Kubernetes swaps mounted files: a link to a folder is replaced."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.txt").write_text(name)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "c.txt").symlink_to("data/c.txt")
    file = FollowedFile(tmp_path / "c.txt", bytes.decode, interval=0)
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "data")
    assert file.follow()
    assert file.value == "two"


def test_a_file_is_looked_at_once_a_second(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "f"
    path.write_text("one")
    file = FollowedFile(path, bytes.decode, clock=clock)
    path.write_text("two!")
    clock.now = 0.9
    assert not file.follow()
    clock.now = 1.0
    assert file.follow()
    assert (file.value, file.generation) == ("two!", 1)


def test_the_first_read_must_succeed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FollowedFile(tmp_path / "none", parse_clients)


def test_a_rate_for_those_without_one(place: Place) -> None:
    rate = Rate(5, 5)
    authenticator = Authenticator(clients=place.files, jwt=JwtVerifier(keys=place.keys), rate=rate)
    for token in (place.secret, EDDSA.token()):
        for _ in range(2):  # the second time from memory
            assert authenticator.principal({b"x-api-key": token.encode()}).rate == rate


def test_each_of_several_issuers_is_followed(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(jwks(ES256.jwk()))
    others = FollowedFile(other, parse_jwks, interval=0)
    jwt = JwtVerifier(issuers={"one": place.keys, "two": others})
    place.authenticator = Authenticator(clients=place.files, jwt=jwt)
    tokens = [EDDSA.token(iss="one"), ES256.token(iss="two")]
    assert [place.subject(token) for token in tokens] == ["app-1", "app-1"]
    other.write_bytes(jwks(EDDSA.jwk()))
    assert [place.subject(token) for token in tokens] == ["app-1", "invalid_token"]
    assert place.authenticator.refused() == {"clients": False, "keys": False}
    other.write_bytes(b"{")
    assert place.authenticator.refused() == {"clients": False, "keys": True}
