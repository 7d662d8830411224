"""What every answer has, whatever happens: JSON, a request id, CORS, one log line, one count.

No page of a framework leaves, on OFREP paths the errors are those its clients can read, and
neither logs nor metrics name ids of users or flags.
"""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from burgee_http.cors import Cors
from burgee_http.insecure import check_local
from burgee_http.logs import configure_logs
from support.echo_app import EchoApp
from support.log_stream import log_stream
from support.wire import Answer, Wire, ask, running


@pytest.fixture(scope="module")
def echo() -> EchoApp:
    return EchoApp()


@pytest.fixture(scope="module")
def port(echo: EchoApp) -> Iterator[int]:
    with running(echo.app) as port:
        yield port


ERRORS = [
    ("GET", "/nothing", 404, "not_found"),
    ("GET", "/echo/", 404, "not_found"),
    ("GET", "/", 404, "not_found"),
    ("GET", "/echo%0A", 404, "not_found"),
    ("GET", "/echo/%FF", 400, "malformed_path"),
    ("GET", "/echo/%EF%BF%BD%C3", 400, "malformed_path"),
    ("DELETE", "/echo", 405, "method_not_allowed"),
    ("OPTIONS", "/echo", 405, "method_not_allowed"),
    ("TRACE", "/echo", 405, "method_not_allowed"),
    ("GET", "/bug", 500, "internal_error"),
    ("GET", "/teapot", 418, "teapot"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ERRORS)
def test_native_errors(port: int, method: str, path: str, status: int, code: str) -> None:
    answer = ask(port, method, path)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body.keys() == {"error", "request_id"}
    assert body["request_id"] == answer.headers["x-request-id"]
    error = body["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["message"].endswith(".")
    assert "RuntimeError" not in answer.body.decode()


def test_an_error_may_have_details_headers_and_any_text(port: int) -> None:
    answer = ask(port, "GET", "/teapot")
    assert answer.headers["x-tea"] == "green"
    error = json.loads(answer.body)["error"]
    assert error == {
        "code": "teapot",
        "message": "Short and stout \ud800.",
        "details": {"spout": 1},
    }


def test_405_names_the_methods(port: int) -> None:
    assert set(ask(port, "PUT", "/echo").headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_any_text_that_is_utf8_may_stand_in_a_path(port: int) -> None:
    answer = ask(port, "GET", "/echo/%EF%BF%BD%00%F0%9F%9A%A9")
    assert answer.json()["params"] == {"name": "\ufffd\0\U0001f6a9"}


OFREP_ERRORS = [
    ("GET", "/ofrep/v1/evaluate/flags/a.b", 405, "a.b"),
    ("POST", "/ofrep/v1/evaluate/flags/a.b", 500, "a.b"),
    ("POST", "/ofrep/v1/evaluate/flags/a/b%20c", 500, "a/b c"),
    ("POST", "/ofrep/v1/evaluate/flags", 500, None),
    ("GET", "/ofrep/v1/evaluate/flags", 405, None),
    ("POST", "/ofrep/v1/nothing", 404, None),
    ("POST", "/ofrep/v1/evaluate/%66lags/x", 500, "x"),
]


@pytest.mark.parametrize(("method", "path", "status", "key"), OFREP_ERRORS)
def test_ofrep_errors(port: int, method: str, path: str, status: int, key: str | None) -> None:
    answer = ask(port, method, path, body=b"{}")
    assert answer.status == status
    body = answer.json()
    assert body.get("key") == key
    assert body["errorCode"] == "GENERAL"
    assert body["errorDetails"]
    assert "value" not in body
    assert "request_id" not in body


def test_ofrep_refusals_by_size(port: int) -> None:
    answer = ask(port, "POST", "/ofrep/v1/evaluate/flags/f", {"X-Pad": "a" * 20_000}, b"{}")
    assert answer.status == 431
    assert answer.json()["key"] == "f"
    assert answer.json()["errorCode"] == "GENERAL"


@pytest.mark.parametrize("offered", ["abc-123", "a" * 128, "00-4bf92f:x/y=+_~@."])
def test_a_safe_request_id_is_kept(port: int, offered: str) -> None:
    assert ask(port, "GET", "/echo", {"X-Request-ID": offered}).headers["x-request-id"] == offered


@pytest.mark.parametrize("offered", ["a" * 129, "a b", 'a"b', "<script>", "\xe9", "", "a\tb"])
def test_an_unsafe_request_id_is_replaced(port: int, offered: str) -> None:
    made = ask(port, "GET", "/echo", {"X-Request-ID": offered}).headers["x-request-id"]
    assert made != offered
    assert len(made) == 32


PREFLIGHT = {
    "Origin": "https://shop.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "x-tenant-id,content-type",
}


def test_a_preflight_needs_no_token(port: int) -> None:
    answer = ask(port, "OPTIONS", "/ofrep/v1/evaluate/flags", PREFLIGHT)
    assert answer.status == 204
    assert answer.body == b""
    assert "content-length" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST", "OPTIONS"} <= set(
        answer.headers["access-control-allow-methods"].split(", ")
    )
    allowed = set(answer.headers["access-control-allow-headers"].split(", "))
    assert {"x-tenant-id", "content-type", "if-none-match", "authorization", "x-api-key"} <= allowed


@pytest.mark.parametrize("path", ["/echo", "/nothing", "/bug"])
def test_pages_may_read_every_answer(port: int, path: str) -> None:
    answer = ask(port, "GET", path, {"Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert {"ETag", "Retry-After"} <= exposed


def test_named_origins() -> None:
    echo = EchoApp(cors=Cors(["https://shop.example"]))
    with running(echo.app) as port:
        good = ask(port, "GET", "/echo", {"Origin": "https://shop.example"})
        bad = ask(port, "GET", "/echo", {"Origin": "https://evil.example"})
        none = ask(port, "GET", "/echo")
    assert good.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in bad.headers | none.headers
    assert [a.headers["vary"] for a in (good, bad, none)] == ["Origin"] * 3


LOCAL = [
    ({}, 200),
    ({"Host": "localhost"}, 200),
    ({"Host": "LOCALHOST:80"}, 200),
    ({"Host": "[::1]:8080"}, 200),
    ({"Host": "127.9.9.9"}, 200),
    ({"Host": "app.localhost:1"}, 200),
    ({"Origin": "http://localhost:3000"}, 200),
    ({"Origin": "https://127.0.0.1"}, 200),
    ({"Host": "evil.example"}, 403),
    ({"Host": "localhost.evil.example"}, 403),
    ({"Host": "127.0.0.1.evil.example"}, 403),
    ({"Host": "localhost:80, evil.example"}, 403),
    ({"Host": ""}, 403),
    ({"Host": "10.0.0.1"}, 403),
    ({"Host": "0.0.0.0"}, 403),
    ({"Host": "user@localhost"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "file://localhost"}, 403),
    ({"Origin": "http://localhost.evil.example"}, 403),
]


@pytest.fixture(scope="module")
def local_port() -> Iterator[int]:
    with running(EchoApp(check=check_local, cors=Cors(local_only=True)).app) as port:
        yield port


@pytest.mark.parametrize(("headers", "status"), LOCAL)
def test_open_access_is_local(local_port: int, headers: dict[str, str], status: int) -> None:
    answer = ask(local_port, "GET", "/echo", headers)
    assert answer.status == status
    assert answer.json()
    origin = headers.get("Origin")
    readable = answer.headers.get("access-control-allow-origin")
    assert readable == (origin if status == 200 else None)


def logged(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with log_stream() as stream:
        yield stream


def test_the_log_is_json_lines_without_ids(stream: io.StringIO) -> None:
    with running(EchoApp().app) as port:
        ask(port, "GET", "/echo/user-4711?secret=1", {"X-Request-ID": "r1", "X-Tenant-ID": "t"})
        ask(port, "GET", "/elsewhere/user-4711")
        ask(port, "GET", "/bug")
    lines = logged(stream)
    assert [list(line)[:3] for line in lines] == [["timestamp", "level", "message"]] * 4
    requests = [line for line in lines if line["message"] == "request"]
    assert [(r["path"], r["method"], r["status"], r["level"]) for r in requests] == [
        ("/echo/{name}", "GET", 200, "info"),
        ("(unmatched)", "GET", 404, "info"),
        ("/bug", "GET", 500, "error"),
    ]
    assert all(0 < float(str(each["duration_ms"])) < 60_000 for each in requests)
    assert requests[0]["request_id"] == "r1"
    assert requests[0]["tenant"] == ""  # nobody has checked that the caller may name this one
    [bug] = [line for line in lines if line["message"] == "a request failed"]
    assert "RuntimeError: a bug" in str(bug["exception"])
    assert "4711" not in stream.getvalue()


def test_records_of_libraries_are_json_lines_too(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("it is %s", "late")
    logging.getLogger("uvicorn.error").info("chatter")
    structlog.get_logger("x").info("odd", value=object(), text="\ud800")
    [late, odd] = logged(stream)
    assert (late["message"], late["level"]) == ("it is late", "warning")
    assert odd["text"] == "\ud800"


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_fails_no_request(stream: io.StringIO) -> None:
    configure_logs(Full())
    with running(EchoApp().app) as port, Wire(port) as wire:
        for path, status in (("/echo", 200), ("/bug", 500), ("/echo", 200)):
            wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = wire.answer()
            assert answer.status == status
            assert answer.json()
    assert stream.getvalue() == ""


def test_the_access_log_may_be_sampled_but_keeps_failures(stream: io.StringIO) -> None:
    with running(EchoApp(sample=0.25).app) as port:
        for _ in range(20):
            ask(port, "GET", "/echo")
        for _ in range(3):
            ask(port, "GET", "/bug")
    statuses = [line["status"] for line in logged(stream) if line["message"] == "request"]
    assert statuses.count(200) == 5
    assert statuses.count(500) == 3


def metric(text: str, name: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_requests_are_counted_by_route(echo: EchoApp, port: int) -> None:
    def count() -> dict[str, float]:
        return metric(echo.metrics.render().decode(), "http_requests_total")

    before = count()
    answers: list[Answer] = [ask(port, "GET", f"/echo/{n}") for n in range(3)]
    answers += [ask(port, "POST", "/echo", {"X-Pad": "a" * 20_000}), ask(port, "GET", "/x/y")]
    ask(port, "PROPFIND", "/x")
    after = count()
    changed = {name: value - before.get(name, 0) for name, value in after.items()}
    assert {name: n for name, n in changed.items() if n} == {
        'http_requests_total{method="GET",path="/echo/{name}",status="200"}': 3,
        'http_requests_total{method="POST",path="/echo",status="431"}': 1,
        'http_requests_total{method="GET",path="(unmatched)",status="404"}': 1,
        'http_requests_total{method="OTHER",path="(unmatched)",status="404"}': 1,
    }
    buckets = metric(echo.metrics.render().decode(), "http_request_duration_seconds_bucket")
    assert buckets['http_request_duration_seconds_bucket{le="+Inf",path="/echo/{name}"}'] >= 3


@pytest.mark.parametrize("name", ["Authorization", "X-Tenant-ID", "X-API-Key"])
def test_a_repeated_header_hides_nothing(port: int, name: str) -> None:
    answer = ask(port, "GET", "/echo", {name: "a", name.lower(): "b"})
    headers = answer.json()["headers"]
    assert isinstance(headers, dict)
    assert headers[name.lower()] == "a, b"
