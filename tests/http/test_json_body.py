"""A body is JSON within bounds, or a 400 that says why: nothing ever raises anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_http.errors import ApiError
from burgee_http.json_body import check_context, parse_json
from burgee_http.json_text import encode_json

VALUES: list[tuple[bytes, object]] = [
    (b'{"a": [1, 1.0, true, null, "x"]}', {"a": [1, 1.0, True, None, "x"]}),
    (b"  5 ", 5),
    (b'"\\ud800"', "\ud800"),
    (b'{"\\udc00": "\\ud83d\\ude00"}', {"\udc00": "\U0001f600"}),
    (b"1" * 4300, int("1" * 4300)),
    (b"18446744073709551616", 2**64),
    (b'{"a": 1, "a": 2}', {"a": 2}),
    (b"1e-400", 0.0),
]


@pytest.mark.parametrize(("body", "value"), VALUES, ids=range(len(VALUES)))
def test_values(body: bytes, value: object) -> None:
    assert parse_json(body) == value


def test_integers_and_floats_stay_apart() -> None:
    assert [type(v) for v in parse_json(b"[1, 1.0, 1e2]")] == [int, float, float]  # type: ignore[attr-defined]


BAD = {
    "empty": b"",
    "blank": b"  ",
    "cut": b'{"a": ',
    "two": b"{} {}",
    "nan": b"NaN",
    "nan inside": b'{"a": [NaN]}',
    "nan beside a surrogate": b'{"a": "\\ud800", "b": NaN}',
    "infinity": b"Infinity",
    "minus infinity": b'{"a": -Infinity}',
    "number out of range": b"1e400",
    "out of range beside a surrogate": b'["\\ud800", -1e999]',
    "4301 digits": b"1" * 4301,
    "not utf-8": b'"\xff"',
    "a surrogate in bytes": b'"\xed\xa0\x80"',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "single quotes": b"{'a': 1}",
    "trailing comma": b"[1,]",
    "comment": b"{} // x",
    "control character": b'"\x00"',
    "leading zero": b"01",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_malformed(body: bytes) -> None:
    with pytest.raises(ApiError) as error:
        parse_json(body)
    assert (error.value.status, error.value.code) == (400, "malformed_json")
    assert error.value.message.startswith("The body is not valid JSON: ")


DEEP = [
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    b'["\\ud800",' + b"[" * 100_000 + b"]" * 100_001,
]


@pytest.mark.parametrize("body", DEEP, ids=range(len(DEEP)))
def test_very_deep(body: bytes) -> None:
    with pytest.raises(ApiError) as error:
        parse_json(body)
    assert (error.value.status, error.value.code) == (400, "context_too_large")


def nested(depth: int) -> Any:
    value: Any = {"leaf": 1}
    for level in range(depth - 1):
        value = {"a": value} if level % 2 else [value]
    return {"context": value}["context"]


CONTEXTS = [
    (nested(32), True),
    (nested(33), False),
    ({f"k{n}": n for n in range(10_000)}, True),
    ({f"k{n}": n for n in range(10_001)}, False),
    ({"a": list(range(9_999))}, True),
    ({"a": list(range(10_000))}, False),
    ({"a": [[]] * 4_999, "b": [{}] * 4_999}, True),
    ({"a": [[]] * 5_000, "b": [{}] * 5_000}, False),
    ({}, True),
    ("text", True),
    (None, True),
]


@pytest.mark.parametrize("with_body", [False, True])
@pytest.mark.parametrize(("context", "fits"), CONTEXTS, ids=range(len(CONTEXTS)))
def test_bounds_of_a_context(context: object, fits: bool, with_body: bool) -> None:
    """With the body's text as a hint, the verdict is the same."""
    body = json.dumps(context, separators=(",", ":")).encode() if with_body else None
    if fits:
        check_context(context, body)
        return
    with pytest.raises(ApiError) as error:
        check_context(context, body)
    assert (error.value.status, error.value.code) == (400, "context_too_large")


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    try:
        value = parse_json(body)
    except ApiError:
        return
    check_context(value)
    assert json.loads(encode_json(value)) == value


@given(st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=20))
def test_what_we_send_can_be_read(value: object) -> None:
    assert parse_json(encode_json(value)) == value


def test_lone_surrogates_are_sent_escaped() -> None:
    assert encode_json({"a": "\ud800"}) == b'{"a":"\\ud800"}'
