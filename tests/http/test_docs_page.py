"""`/docs` works without internet: everything it loads comes from this server."""

import re
from collections.abc import Iterator

import pytest

from burgee_http.docs_page import docs_routes
from burgee_http.etags import matches
from support.echo_app import EchoApp
from support.wire import ask, running

DOCUMENT = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(EchoApp(routes=docs_routes(lambda: DOCUMENT)).app) as port:
        yield port


def test_the_document(port: int) -> None:
    answer = ask(port, "GET", "/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT


def test_all_that_the_page_loads_is_served(port: int) -> None:
    page = ask(port, "GET", "/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert len(links) == 3
    for link in links:
        assert "//" not in link
        asset = ask(port, "GET", f"/{link}")
        assert asset.status == 200
        assert asset.headers["content-type"].startswith("text/")
        assert asset.body


@pytest.mark.parametrize("name", ["x.js", "index.html", "..%2f__init__.py", "swagger-ui.css/"])
def test_nothing_else_is_served(port: int, name: str) -> None:
    answer = ask(port, "GET", f"/docs/{name}")
    assert answer.status == 404
    assert answer.json()["error"]


MATCHES = [
    (b'"a"', True),
    (b'W/"a"', True),
    (b'"b", "a"', True),
    (b'"b","a,b" , W/"a"', True),
    (b"*", True),
    (b'"b"', False),
    (b"a", False),
    (b'"a,b"', False),
    (b'"b", "A"', False),
    (b"", False),
    (b'"', False),
]


@pytest.mark.parametrize(("header", "expected"), MATCHES)
def test_entity_tags(header: bytes, expected: bool) -> None:
    assert matches(header, b'"a"') is expected
    assert matches(header, b'W/"a"') is expected
