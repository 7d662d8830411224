"""Promise: no context, however hostile, makes the node fail, hang or let go of a connection."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.edge_process import EdgeProcess, edge_process
from support.wire import Answer, Wire

_LIMIT = 256 * 1024  # of a body
_SEEN_WITHIN = 10.0


@pytest.fixture(scope="module")
def hostile(dist: Path) -> Iterator[EdgeProcess]:
    """A node of its own; at the end it still serves and has met no fault."""
    with edge_process(dist) as node:
        acme = node.named(x_tenant_id="acme")
        yield acme
        answer = acme.ofrep("search.ranking", {"targetingKey": "user-1"})
        assert (answer.status, answer.json()["reason"]) == (200, "SPLIT")
        metrics = node.get("/metrics").body.decode()
        assert [line for line in metrics.splitlines() if 'status="5' in line] == []


def _deep(depth: int, opening: bytes, closing: bytes) -> bytes:
    return opening * depth + b"1" + closing * depth


def _wide(count: int) -> bytes:
    return b"{" + b",".join(b'"k%d":%d' % (number, number) for number in range(count)) + b"}"


def _user(value: str) -> bytes:
    return b'{"targetingKey":%s}' % value.encode()


# the JSON text of a context, and the status of any evaluation: 4xx where it is no context
CONTEXTS: dict[str, tuple[bytes, int]] = {
    "lone high surrogate": (rb'{"targetingKey":"\ud800","email":"\ud800@x"}', 200),
    "lone low surrogate": (rb'{"targetingKey":"u","email":"\udfff","\udfff":1}', 200),
    "swapped surrogates": (rb'{"targetingKey":"\udc00\ud800"}', 200),
    "half a pair, raw": (b'{"targetingKey":"\xed\xa0\x80"}', 400),
    "no UTF-8": (b'{"targetingKey":"\xff\xfe"}', 400),
    "cut off": (b'{"targetingKey":"\xc3', 400),
    "byte order mark": (b'\xef\xbb\xbf{"targetingKey":"u"}', 400),
    "UTF-16": ('{"targetingKey":"u"}'.encode("utf-16"), 400),
    "control character": (b'{"targetingKey":"a\x00b"}', 400),
    "escaped null": (rb'{"targetingKey":"a\u0000b","email":"\u0000"}', 200),
    "objects 100,000 deep": (_deep(100_000, b'{"a":', b"}"), 413),
    "lists 100,000 deep": (b'{"a":' + _deep(100_000, b"[", b"]") + b"}", 400),
    "lists 100,000 deep, not closed": (b'{"a":' + b"[" * 100_000, 400),
    "objects 40,000 deep": (_deep(40_000, b'{"a":', b"}"), 400),
    "a level too deep": (_deep(33, b'{"a":', b"}"), 400),
    "as deep as allowed": (_deep(32, b'{"a":', b"}"), 200),
    "1,000,000 wide": (_wide(1_000_000), 413),
    "15,000 wide": (_wide(15_000), 400),
    "9,000 wide": (_wide(9_000), 200),
    "a list of 100,000": (b'{"interests":[' + b"0," * 99_999 + b"0]}", 400),
    "one key over and over": (b"{" + b'"a":1,' * 9_000 + b'"a":2}', 200),
    "a long text": (b'{"email":"%s"}' % (b"a" * (_LIMIT - 100)), 200),
    "a long name": (b'{"%s":1}' % (b"a." * (_LIMIT // 2 - 100)), 200),
    "NaN": (b'{"age":NaN}', 400),
    "-Infinity": (b'{"age":-Infinity}', 400),
    "1e400": (b'{"age":1e400}', 400),
    "1e-400": (b'{"age":1e-400}', 200),
    "20 digits": (_user("99999999999999999999"), 200),
    "4,300 digits": (_user("9" * 4_300), 200),
    "4,301 digits": (_user("9" * 4_301), 400),
    "200,000 digits": (_user("9" * 200_000), 400),
    "200,000 decimals": (_user("0." + "9" * 200_000), 200),
    "negative zero": (_user("-0.0"), 200),
    "a boolean for a user": (_user("true"), 200),
    "a list for a user": (_user('["u"]'), 200),
    "an object for a user": (_user('{"id":"u"}'), 200),
    "null for all": (b'{"targetingKey":null,"email":null,"cart":null}', 200),
    "keys like paths": (
        (
            rb'{"cart.weight_kg":"x","cart":{"weight_kg.":1,".":2,"":{"":3}},"":4,".":5,"..":6,'
            rb'"cart.":7,".cart":8,"user.id":"v","user":{"id":"w"},"__proto__":{"a":1},"/etc/passwd":9,'
            rb'"../../x":10,"a/b":11,"%2e%2e":12,"$ref":"#","constructor":{"prototype":1}}'
        ),
        200,
    ),
    "every type in every place": (
        (
            b'{"email":1,"country":[],"plan":{},"age":"x","app":{"version":{}},"cart":[],'
            b'"interests":"books","orders":{"count":[]},"device":true,"created_at":[1],"ip":{}}'
        ),
        200,
    ),
    "times": (b'{"created_at":"9999-12-31T23:59:60Z","account":{"created_at":1e300}}', 200),
    "addresses": (b'{"ip":"::ffff:1.2.3.4%eth0","remote_addr":"999.1.1.1"}', 200),
    "versions": (b'{"app":{"version":"%s"}}' % (b"1." * 50_000 + b"1"), 200),
}
SENTENCES = [
    ("/ofrep/v1/evaluate/flags", b'{"context":%s}'),
    ("/ofrep/v1/evaluate/flags/search.ranking", b'{"context":%s}'),
    ("/v1/evaluate", b'{"flag_key":"search.ranking","user":{"id":"u","attributes":%s}}'),
    ("/v1/evaluate/all", b'{"user":{"id":"u","attributes":%s}}'),
    ("/v1/evaluate/preview", b'{"flag_key":"fraud.challenge","user":{"attributes":%s}}'),
]


@pytest.mark.parametrize(("path", "sentence"), SENTENCES, ids=[path for path, _ in SENTENCES])
@pytest.mark.parametrize(("context", "status"), CONTEXTS.values(), ids=CONTEXTS)
def test_contexts(
    hostile: EdgeProcess, path: str, sentence: bytes, context: bytes, status: int
) -> None:
    with Wire(hostile.port, timeout=_SEEN_WITHIN) as wire:
        answer = hostile.send_on(wire, "POST", path, sentence % context)
        wanted = {status, 400} if path.endswith("search.ranking") else {status}
        assert answer.status in wanted, answer
        _proper(answer)
        if answer.status != 413:  # whose sender is still sending when it is refused
            again = hostile.send_on(wire, "POST", "/v1/evaluate", {"flag_key": "ui.theme"})
            assert again.status == 200  # on the same connection


def _proper(answer: Answer) -> None:
    """JSON that any client can read, with no half of a pair in it."""
    json.loads(answer.body.decode("utf-8"))
    assert b"Traceback" not in answer.body


# what stands for ID in /v1/users/ID/flags, and the query
USERS: list[tuple[str, str, int]] = [
    ("u", "", 200),
    ("%00", "", 200),
    ("%ED%A0%80", "", 400),
    ("%FF", "", 400),
    ("a%2Fb", "", 200),
    ("..%2F..%2Fetc%2Fpasswd", "", 200),
    ("u", "?cart.weight_kg=NaN", 400),
    ("u", "?cart.weight_kg=1e999", 400),
    ("u", "?cart.weight_kg=" + "9" * 5_000, 400),
    ("u", "?email=%FF%ED%A0%80", 400),
    ("u", "?" + "&".join(f"k{number}=1" for number in range(900)), 200),
    ("u", "?" + "&".join(f"k{number}=1" for number in range(1_500)), 400),
    ("u", "?%00=%00&=&&=x&a", 200),
    ("u", "?email=a&email=b", 400),
    ("u", "?targetingKey=other", 200),
    ("u" * 17_000, "", 431),
]


@pytest.mark.parametrize(("user", "query", "status"), USERS, ids=range(len(USERS)))
def test_users(hostile: EdgeProcess, user: str, query: str, status: int) -> None:
    for target in (f"/v1/users/{user}/flags{query}", f"/v1/users/{user}/flags/ui.theme{query}"):
        answer = hostile.get(target)
        assert answer.status == status, answer
        _proper(answer)


@pytest.mark.parametrize("name", ["If-None-Match", "X-Tenant-ID", "X-Request-ID", "Authorization"])
@pytest.mark.parametrize("value", ["\x80\xff", '"', "W/", ",,,", "*" * 10_000, "../x", "é"])
def test_headers(hostile: EdgeProcess, name: str, value: str) -> None:
    answer = hostile.named(**{name.lower().replace("-", "_"): value}).bulk()
    assert answer.status in (200, 400, 401), answer
    _proper(answer)
