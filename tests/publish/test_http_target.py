"""Promise: a web server is published to only if it keeps to conditions, and within bounds."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee_compiler.publish.http import HttpTarget
from burgee_compiler.publish.publish import How, publish
from burgee_compiler.publish.target import Denied, Unavailable, Unconditional, Unusable
from support.build_history import BuildHistory
from support.certificates import certificate_for
from support.conditional_server import ConditionalServer, conditional_server
from support.scripted_server import Asked, Reply, scripted_server
from support.servers.nginx import nginx_server
from support.targets import QUICK, loaded

HOW = How(retry=QUICK)


@pytest.fixture
def server() -> Iterator[ConditionalServer]:
    with conditional_server() as made:
        yield made


@pytest.fixture
def target(server: ConditionalServer) -> Iterator[HttpTarget]:
    made = HttpTarget(f"{server.url}/set")
    yield made
    made.close()


def put(history: BuildHistory, target: HttpTarget, number: int = 0) -> str:
    return publish("production", lambda _: history.builds[number], target, None, HOW).result


def test_nothing_but_the_set_is_left(
    history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    assert put(history, target) == "published"
    assert put(history, target, 1) == "published"
    assert put(history, target, 1) == "unchanged"
    assert not [path for path in server.files if "probe" in path]
    assert loaded(target).digest == history.builds[1].digest


def test_what_is_there_already_is_not_sent_again(
    history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    put(history, target)
    server.asked.clear()
    put(history, target, 1)
    sent = [each for each in server.asked if each.startswith("PUT") and "probe" not in each]
    assert not [each for each in sent if "/other/" in each], "nothing of this tenant changed"
    assert not [each for each in sent if "/segments-" in each], "nor this of the other"
    assert len([each for each in sent if "/acme/" in each]) == 2


@pytest.mark.parametrize("ignored", ["If-Match", "If-None-Match"])
def test_a_server_that_ignores_a_condition_is_refused(
    ignored: str, history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    server.ignores = frozenset((ignored,))
    with pytest.raises(Unconditional, match=f"ignores {ignored}") as raised:
        put(history, target)
    assert "--single-publisher" in str(raised.value.help)
    assert server.files == {}


@pytest.mark.parametrize("tag", [None, 'W/"1"'])
def test_a_server_without_strong_etags_is_refused(
    tag: str | None, history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    server.etag = lambda data: tag
    with pytest.raises(Unconditional):
        put(history, target)
    assert server.files == {}


def test_a_single_publisher_may_do_without(
    history: BuildHistory, server: ConditionalServer
) -> None:
    server.ignores = frozenset(("If-Match", "If-None-Match"))
    server.etag = lambda data: None
    target = HttpTarget(server.url, single_publisher=True)
    assert [put(history, target, each) for each in (0, 1)] == ["published"] * 2
    assert loaded(target).digest == history.builds[1].digest
    target.close()


def test_nginx_is_found_out(history: BuildHistory, tmp_path: Path) -> None:
    """Its module for WebDAV takes a PUT whatever If-Match says."""
    inside = (
        f"location / {{ root {tmp_path}/www; dav_methods PUT DELETE; "
        "create_full_put_path on; client_max_body_size 0; }"
    )
    (tmp_path / "www").mkdir()
    try:
        with nginx_server(tmp_path / "nginx", inside) as url:
            target = HttpTarget(url)
            with pytest.raises(Unconditional, match="ignores If-"):
                put(history, target)
            assert not list((tmp_path / "www").rglob("*.json"))
            target.close()
            alone = HttpTarget(url, single_publisher=True)
            assert [put(history, alone, each) for each in (0, 1)] == ["published"] * 2
            assert loaded(alone).digest == history.builds[1].digest
            alone.close()
    except AssertionError as error:
        if "unknown directive" in str(error):
            pytest.skip("this nginx has no WebDAV; the scripted server stands for it")
        raise


def test_a_damaged_document_is_put_anew(
    history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    path = next(each for each in history.builds[0].files if "/flags-" in each)
    server.files[f"/set/production/{path}"] = b"half of i"
    put(history, target)
    assert loaded(target).digest == history.builds[0].digest


def test_trouble_that_passes_is_waited_for(
    history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    left = {"GET": 2, "PUT": 3}

    def before(method: str, path: str) -> int | None:
        if "probe" in path or left.get(method, 0) == 0:
            return None
        left[method] -= 1
        return 503

    server.before = before
    assert put(history, target) == "published"
    assert left == {"GET": 0, "PUT": 0}


def test_trouble_that_stays_is_told(
    history: BuildHistory, server: ConditionalServer, target: HttpTarget
) -> None:
    server.before = lambda method, path: 502
    with pytest.raises(Unavailable, match=r"manifest\.json: the server answers 502"):
        put(history, target)
    assert len(server.asked) == QUICK.tries


def test_a_token_is_sent_and_never_shown(history: BuildHistory, server: ConditionalServer) -> None:
    server.token = "t-secret"
    for token in ("t-secret", "t-wrong", "no\ntoken"):
        target = HttpTarget(server.url, lambda token=token: token)  # type: ignore[misc]
        if token == server.token:
            assert put(history, target) == "published"
        else:
            with pytest.raises(Denied) as raised:
                put(history, target)
            assert token not in f"{raised.value} {raised.value.help}"
        target.close()


@pytest.mark.parametrize(
    ("reply", "error", "told"),
    [
        (Reply(307, headers={"Location": "http://elsewhere.example/"}), Unusable, "redirects"),
        (Reply(200, b"x" * (17 << 20), {"ETag": '"1"'}), Unusable, "over 16777216 bytes"),
        (
            Reply(200, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
            Unavailable,
            "never came",
        ),
        (Reply(raw=b"SSH-2.0-x\r\n"), Unavailable, "cannot be asked"),
        (Reply(405), Unusable, "PUT and DELETE"),
    ],
)
def test_what_answers_as_no_target_does(
    reply: Reply, error: type[Exception], told: str, history: BuildHistory
) -> None:
    def answer(asked: Asked) -> Reply:
        return reply

    with scripted_server(answer) as scripted:
        target = HttpTarget(scripted.url)
        with pytest.raises(error) as raised:
            put(history, target)
        assert told in f"{raised.value} {getattr(raised.value, 'help', '')}"
        target.close()


def test_a_certificate_has_to_be_trusted(
    history: BuildHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: dict[str, bytes] = {}

    def answer(asked: Asked) -> Reply:
        if asked.method == "PUT":
            there[asked.path] = asked.body
            return Reply(201)
        found = there.get(asked.path)
        return Reply(404) if found is None else Reply(200, found)

    file = certificate_for(tmp_path, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with scripted_server(answer, host="localhost", tls=tls) as server:
        for trusted in (False, True):
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(file))
            target = HttpTarget(server.url, lambda: "t-1", single_publisher=True)
            if trusted:
                assert put(history, target) == "published"
                assert {each.headers["authorization"] for each in server.asked} == {"Bearer t-1"}
            else:
                with pytest.raises(Unusable, match="its certificate is not trusted"):
                    put(history, target)
                assert server.asked == []
            target.close()
