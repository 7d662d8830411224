"""Keys from a URL: a new key works at the first token that names it, and whoever serves the keys is
asked rarely; when that fails, the old keys stay.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from burgee_http.application import Application
from burgee_http.authentication import Authenticator
from burgee_http.call import Call, Reply
from burgee_http.cors import Cors
from burgee_http.endpoint import route
from burgee_http.jwks import JwksError
from burgee_http.jwks_url import JwksUrl
from burgee_http.jwt_tokens import JwtVerifier
from burgee_http.logs import AccessLog
from burgee_http.metrics import HttpMetrics, Metrics
from support.echo_app import EchoApp
from support.tokens import EDDSA, ES256, RS256, jwks
from support.wire import ask, running


class Publisher:
    """Serves a set of keys, or whatever else it is told to."""

    def __init__(self) -> None:
        self.reply = Reply(200, jwks(EDDSA.jwk()))
        self.asked = 0
        self.app = EchoApp(routes=[route("/keys", self._keys)], sample=0).app

    def _keys(self, call: Call) -> Reply:
        self.asked += 1
        return self.reply


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def url(publisher: Publisher) -> Iterator[str]:
    with running(publisher.app) as port:
        yield f"http://127.0.0.1:{port}/keys"


def kids(keys: JwksUrl) -> list[str | None]:
    return [key.kid for key in keys.value.keys]


def test_a_key_is_fetched_at_most_once_a_minute(url: str, publisher: Publisher) -> None:
    clock = Clock()
    keys = JwksUrl(url, clock=clock)
    assert keys.may_ask()
    asyncio.run(keys.ask())
    assert kids(keys) == ["ed"]
    publisher.reply = Reply(200, jwks(EDDSA.jwk(), ES256.jwk()))
    clock.now += 59
    assert not keys.may_ask()
    asyncio.run(keys.ask())
    assert (kids(keys), publisher.asked) == (["ed"], 1)
    clock.now += 1
    asyncio.run(keys.ask())
    assert (kids(keys), publisher.asked, keys.generation) == (["ed", "es"], 2, 2)


def test_those_who_ask_at_once_share_one_fetch(url: str, publisher: Publisher) -> None:
    keys = JwksUrl(url)

    async def many() -> None:
        await asyncio.gather(*(keys.ask() for _ in range(20)))

    asyncio.run(many())
    assert (kids(keys), publisher.asked) == (["ed"], 1)


LOCATION = ((b"location", b"/echo"),)
FAILURES: list[Any] = [
    Reply(500, b"{}"),
    Reply(404, b"{}"),
    Reply(302, b"", LOCATION),
    Reply(200, b""),
    Reply(200, b"<html>"),
    Reply(200, jwks()),
    Reply(200, b" " * 300_000),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_the_old_keys_stay(url: str, publisher: Publisher, failure: Reply) -> None:
    keys = JwksUrl(url, least_gap_seconds=0)
    asyncio.run(keys.ask())
    publisher.reply = failure
    asyncio.run(keys.ask())
    assert (kids(keys), keys.refusals, keys.generation) == (["ed"], 1, 1)


def test_nobody_there() -> None:
    keys = JwksUrl("http://127.0.0.1:9/keys")
    asyncio.run(keys.ask())
    assert (kids(keys), keys.refusals) == ([], 1)


def test_who_drips_a_head_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stop.wait(0.05):
                    connection.sendall(b"a")

        dripping = threading.Thread(target=drip)
        dripping.start()
        keys = JwksUrl(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_seconds=0.2)
        try:
            asyncio.run(asyncio.wait_for(keys.ask(), 5))
        finally:
            stop.set()
            dripping.join()
    assert keys.refusals == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "/etc/keys", ""])
def test_only_http(url: str) -> None:
    with pytest.raises(JwksError):
        JwksUrl(url)


def test_the_background_refresh(url: str, publisher: Publisher) -> None:
    keys = JwksUrl(url, refresh_seconds=0.01)

    async def until(wanted: list[str]) -> None:
        running = asyncio.create_task(keys.run())
        for _ in range(500):
            if kids(keys) == wanted:
                break
            await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert kids(keys) == wanted

    asyncio.run(until(["ed"]))
    publisher.reply = Reply(200, jwks(RS256.jwk()))
    asyncio.run(until(["rs"]))


def test_a_new_key_works_at_its_first_token(url: str, publisher: Publisher) -> None:
    """Over HTTP: the request waits for the keys; strangers' keys make nobody ask again."""
    keys = JwksUrl(url)
    authenticator = Authenticator(jwt=JwtVerifier(keys=keys))

    def who(call: Call) -> Reply:
        return Reply(200, authenticator.principal(call.headers).subject.encode())

    app = Application(
        [route("/who", who)],
        metrics=HttpMetrics(Metrics(process=False)),
        access_log=AccessLog(0),
        cors=Cors(),
    )

    def status(token: str) -> int:
        return ask(port, "GET", "/who", {"Authorization": f"Bearer {token}"}).status

    with running(app) as port:
        publisher.reply = Reply(200, jwks(EDDSA.jwk(), ES256.jwk()))
        assert status(ES256.token()) == 200
        assert publisher.asked == 1
        assert [status(RS256.token({"kid": f"k{n}"})) for n in range(5)] == [401] * 5
        assert publisher.asked == 1
        assert status(EDDSA.token()) == 200


def test_whoever_watches_the_credentials_fetches_the_keys(url: str, publisher: Publisher) -> None:
    keys = JwksUrl(url)
    authenticator = Authenticator(jwt=JwtVerifier(issuers={"one": keys}))

    async def watch() -> None:
        watching = asyncio.create_task(authenticator.watch())
        for _ in range(500):
            if keys.value.keys:
                break
            await asyncio.sleep(0.01)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching

    asyncio.run(watch())
    assert (kids(keys), publisher.asked) == (["ed"], 1)


def test_the_refresh_runs_in_the_lifespan(url: str, publisher: Publisher) -> None:
    keys = JwksUrl(url)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        task = asyncio.create_task(keys.run())
        yield
        task.cancel()

    app = Application(
        [],
        metrics=HttpMetrics(Metrics(process=False)),
        access_log=AccessLog(0),
        cors=Cors(),
        lifespan=lifespan,
    )
    with running(app):
        for _ in range(500):
            if keys.generation:
                break
            asyncio.run(asyncio.sleep(0.01))
    assert kids(keys) == ["ed"]
