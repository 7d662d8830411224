"""Promise: a call that the network or a busy writer lost is made again under the same key, within
bounds; and where it stays unknown whether a write was made, the error says so."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from burgee.writer import (
    ClientCredentials,
    RateLimited,
    Unauthorized,
    Unreachable,
    WriterClient,
    WriterError,
)
from support.certificates import certificate_for
from support.scripted_server import Asked, Reply, ScriptedServer, json_reply, scripted_server

DONE = {"changed": True, "commit": "c" * 40, "previous_commit": "b" * 40}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server(lambda _: json_reply(DONE)) as made:
        yield made


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burgee.writer.calls._FIRST_PAUSE", 0.01)


def client(server: ScriptedServer, **more: Any) -> WriterClient:
    return WriterClient(server.url, **{"tenant": "acme", "timeout": 5, **more})


def first(server: ScriptedServer, *replies: Reply) -> None:
    """Have these be the first answers, and good ones follow."""
    left = list(replies)
    server.answer = lambda _: left.pop(0) if left else json_reply(DONE)


def refusal(status: int, code: str, details: object = None, **headers: str) -> Reply:
    body = {"error": {"code": code, "message": "no", "details": details}, "request_id": "r"}
    return json_reply(body, status, **headers)


UNKNOWN = refusal(503, "outcome_unknown", {"outcome": "unknown"})
LOST = {
    "nothing": Reply(raw=b""),
    "half a head": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"),
    "half a body": Reply(
        raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    ),
    "no HTTP": Reply(raw=b"SSH-2.0-x\r\n"),
    "no JSON": Reply(200, b"<html>", {"Content-Type": "application/json"}),
    "no body": Reply(200),
    "unknown outcome": UNKNOWN,
    "too busy": refusal(503, "busy"),
    "a proxy's": Reply(502, b"<html>"),
    "too many": refusal(429, "rate_limited", Retry_After="0"),
}


@pytest.mark.parametrize("name", LOST)
def test_it_is_made_again_under_the_same_key(server: ScriptedServer, name: str) -> None:
    first(server, LOST[name], LOST[name])
    written = client(server).set_override("a", "u", "on", reason="x", etag='"e"')
    assert written.commit == "c" * 40
    one, *others = server.asked
    assert len(others) == 2
    for each in others:
        assert (each.method, each.path, each.body) == (one.method, one.path, one.body)
        for header in ("idempotency-key", "if-match", "burgee-reason"):
            assert each.headers[header] == one.headers[header]


@pytest.mark.parametrize("name", ["nothing", "half a body", "too busy", "too many"])
def test_reads_are_made_again_too(server: ScriptedServer, name: str) -> None:
    first(server, LOST[name])
    assert client(server).stats() == DONE
    assert len(server.asked) == 2


def test_a_hanging_writer_is_given_up(server: ScriptedServer) -> None:
    first(server, Reply(raw=b"HTTP/1.1 200 OK\r\n", hang=True))
    assert client(server, timeout=0.3).set_state("a", "off").changed
    assert len(server.asked) == 2


def test_a_writer_that_dribbles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time, and the whole never."""
    monkeypatch.setattr("burgee.writer.wire._WHOLE", 2)
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def dribble() -> None:
            connection, _ = listening.accept()
            with connection:
                for byte in b"HTTP/1.1 200 OK" + b"x" * 200:
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return
                    if stopped.wait(0.05):
                        return

        thread = threading.Thread(target=dribble)
        thread.start()
        began = time.monotonic()
        writer = WriterClient(
            f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.2, retry_seconds=0
        )
        with pytest.raises(Unreachable):
            writer.stats()
        assert time.monotonic() - began < 2
        stopped.set()
        thread.join(5)


def test_what_stays_unknown_is_told(server: ScriptedServer) -> None:
    for reply in (UNKNOWN, Reply(raw=b""), Reply(504)):
        server.answer = lambda _, reply=reply: reply  # type: ignore[misc]
        with pytest.raises(WriterError) as raised:
            client(server, retry_seconds=0.05).set_state("a", "off", idempotency_key="k-1")
        assert raised.value.outcome_unknown
        assert raised.value.idempotency_key == "k-1"
    assert {each.headers["idempotency-key"] for each in server.asked} == {"k-1"}


def test_a_read_has_no_outcome(server: ScriptedServer) -> None:
    server.answer = lambda _: Reply(raw=b"")
    with pytest.raises(Unreachable) as raised:
        client(server, retry_seconds=0).stats()
    assert not raised.value.outcome_unknown
    assert raised.value.status is None


def test_a_lost_try_is_not_forgotten_over_a_refusal(server: ScriptedServer) -> None:
    """First it may have been made; that the next try was refused at the door says nothing."""
    first(server, Reply(raw=b""), refusal(401, "unauthenticated"))
    with pytest.raises(Unauthorized) as raised:
        client(server, token="t").set_state("a", "off")
    assert raised.value.outcome_unknown
    first(server, Reply(raw=b""), refusal(422, "invalid"))
    with pytest.raises(WriterError) as refused:
        client(server).set_state("a", "off")
    assert not refused.value.outcome_unknown, "the writer looked for the key first"


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(Unreachable) as raised:
        WriterClient(url, retry_seconds=0.2).set_state("a", "off")
    assert time.monotonic() - began < 2
    assert not raised.value.outcome_unknown, "it was never sent"
    assert url in str(raised.value)


def test_a_limit_is_waited_for_within_reason(server: ScriptedServer) -> None:
    first(server, refusal(429, "rate_limited", Retry_After="1"))
    began = time.monotonic()
    client(server).set_state("a", "off")
    assert time.monotonic() - began >= 1
    server.answer = lambda _: refusal(429, "rate_limited", Retry_After="120")
    began = time.monotonic()
    with pytest.raises(RateLimited) as raised:
        client(server).set_state("a", "off")
    assert time.monotonic() - began < 1
    assert raised.value.retry_after == 120


def test_a_certificate_that_is_not_trusted_is_no_matter_of_patience(tmp_path: Any) -> None:
    import ssl  # noqa: PLC0415

    certificate = certificate_for(tmp_path, "other.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted_server(lambda _: json_reply(DONE), tls=context) as server:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="certificate"):
            client(server).set_state("a", "off")
        assert time.monotonic() - began < 2
        assert server.asked == []
        known = ssl.create_default_context(cafile=certificate)
        known.check_hostname = False
        assert client(server, ssl_context=known).set_state("a", "off").changed


def test_a_token_may_be_what_a_function_returns(server: ScriptedServer) -> None:
    tokens = iter(["t-1", "t-2"])
    writer = client(server, token=lambda: next(tokens))
    writer.stats()
    writer.stats()
    assert [each.headers["authorization"] for each in server.asked] == ["Bearer t-1", "Bearer t-2"]


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "ä"])
def test_a_token_that_no_header_takes(server: ScriptedServer, token: str) -> None:
    with pytest.raises(ValueError, match="the token") as raised:
        client(server, token=token).stats()
    assert token not in str(raised.value)
    assert server.asked == []


class Issuer:
    """Answers like a writer that gives tokens, each good for as long as it is said to be."""

    def __init__(self, expires_in: float) -> None:
        self.expires_in = expires_in
        self.given = 0
        self.refused: set[str] = set()

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == "/v1/auth/token":
            body = asked.json()
            assert body["grant_type"] == "client_credentials"
            if body["client_secret"] != "s3cret":
                return refusal(401, "invalid_client")
            self.given += 1
            token = f"t-{self.given}"
            return json_reply(
                {"access_token": token, "token_type": "bearer", "expires_in": self.expires_in}
            )
        token = asked.headers["authorization"].removeprefix("Bearer ")
        return refusal(401, "revoked") if token in self.refused else json_reply(DONE)


def test_credentials_get_a_token_once(server: ScriptedServer) -> None:
    server.answer = issuer = Issuer(3600)
    writer = client(server, token=ClientCredentials("bot", "s3cret"))
    for _ in range(3):
        writer.set_state("a", "off")
    assert issuer.given == 1
    assert "idempotency-key" not in server.asked[0].headers
    assert "authorization" not in server.asked[0].headers


def test_a_token_is_replaced_before_its_end(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = issuer = Issuer(100)
    writer = client(server, token=ClientCredentials("bot", "s3cret"))
    writer.stats()
    now = time.monotonic()
    monkeypatch.setattr("burgee.writer.credentials.time.monotonic", lambda: now + 45)
    writer.stats()
    assert issuer.given == 1
    monkeypatch.setattr("burgee.writer.credentials.time.monotonic", lambda: now + 55)
    writer.stats()
    assert issuer.given == 2


def test_a_token_that_was_revoked_is_replaced_once(server: ScriptedServer) -> None:
    server.answer = issuer = Issuer(3600)
    writer = client(server, token=ClientCredentials("bot", "s3cret"))
    writer.stats()
    issuer.refused = {"t-1"}
    writer.set_state("a", "off")
    assert issuer.given == 2
    issuer.refused = {"t-2", "t-3"}
    with pytest.raises(Unauthorized):
        writer.set_state("a", "off")
    assert issuer.given == 3


def test_bad_credentials(server: ScriptedServer) -> None:
    server.answer = Issuer(3600)
    known = ClientCredentials("bot", "wr0ng")
    with pytest.raises(Unauthorized) as raised:
        client(server, token=known).set_state("a", "off")
    assert not raised.value.outcome_unknown
    assert "wr0ng" not in f"{raised.value!r} {known!r} {known}"
    assert len(server.asked) == 1


def test_no_token_in_the_answer(server: ScriptedServer) -> None:
    with pytest.raises(Unauthorized, match="no_token"):
        client(server, token=ClientCredentials("bot", "s3cret")).stats()


def test_threads_share_a_client(server: ScriptedServer) -> None:
    server.answer = issuer = Issuer(3600)
    writer = client(server, token=ClientCredentials("bot", "s3cret"))
    done: list[bool] = []
    threads = [
        threading.Thread(target=lambda: done.append(writer.set_state("a", "off").changed))
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    assert done == [True] * 8
    assert issuer.given == 1
    keys = [each.headers["idempotency-key"] for each in server.asked[1:]]
    assert len(set(keys)) == 8
