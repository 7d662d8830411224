"""Promise: a plain scalar means what the core schema of YAML 1.2 says, and nothing of YAML 1.1."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.source import Json, Node, Plain, Unresolvable, read_yaml, resolve
from burgee_compiler.source import resolve_plain as plain

NULLS = ["", "~", "null", "Null", "NULL"]
TRUE = ["true", "True", "TRUE"]
FALSE = ["false", "False", "FALSE"]
# Section 10.3.2 of the specification, and what is near to it but not in it.
INTEGERS = {
    "0": 0,
    "-0": 0,
    "+1": 1,
    "-19": -19,
    "007": 7,
    "08": 8,
    "12345": 12345,
    "0o7": 7,
    "0o17": 15,
    "0x3A": 58,
    "0x1F": 31,
    "0xff": 255,
    "0x0": 0,
    "9223372036854775808": 2**63,
    "18446744073709551615": 2**64 - 1,
    "-9223372036854775808": -(2**63),
}
FLOATS = {
    "0.": 0.0,
    "-0.0": -0.0,
    ".5": 0.5,
    "5.": 5.0,
    "+12e03": 12000.0,
    "-2E+05": -200000.0,
    "1e3": 1000.0,
    "1.5e-3": 0.0015,
    "0.1": 0.1,
    "+.5": 0.5,
    "00.5": 0.5,
    "1.e1": 10.0,
    "1e-999": 0.0,
    "1.7976931348623157e308": 1.7976931348623157e308,
}
TEXTS = [
    *("on", "off", "On", "OFF", "yes", "no", "Yes", "NO", "y", "n", "Y", "N"),
    *("1_000", "0b101", "0O17", "0X1F", "0o8", "0xG", "-0x1F", "+0o7", "190:20:30", "1:30"),
    *("2024-01-01", "2024-01-01T00:00:00Z", "12:30", "1.2.3", "v1.0", "10%", "1x"),
    *(
        ".",
        "-",
        "+",
        "..",
        "...",
        "-.",
        "+-1",
        "--1",
        "e3",
        ".e3",
        "1e",
        "1e+",
        "1.2e3.4",
        "0o",
        "0x",
    ),
    *("nULL", "nil", "none", "None", "tRUE", "~~", "true ish", "inf", "nan", "Infinity", "NaN"),
    *(".iNF", "+.nan", "-.NaN", ".Nan", "=", "<<", "١٢", "1\u00a0000", "1\n2", "5\n"),
]
SPECIALS = {".inf": math.inf, "+.Inf": math.inf, ".INF": math.inf, "-.inf": -math.inf}


def table() -> Sequence[tuple[str, Json]]:
    return [
        *((text, None) for text in NULLS),
        *((text, True) for text in TRUE),
        *((text, False) for text in FALSE),
        *INTEGERS.items(),
        *FLOATS.items(),
        *((text, text) for text in TEXTS),
    ]


@pytest.mark.parametrize(("text", "value"), table())
def test_the_core_schema(text: str, value: Json) -> None:
    for found in (plain(text), resolve(Plain(text))):
        assert found == value
        assert type(found) is type(value)


def test_minus_zero_keeps_its_sign_as_a_float() -> None:
    found = plain("-0.0")
    assert isinstance(found, float)
    assert math.copysign(1, found) == -1


@pytest.mark.parametrize("text", [*NULLS, *TRUE, *INTEGERS, *FLOATS, *SPECIALS])
def test_quoted_text_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(("text", "value"), SPECIALS.items())
def test_infinities_are_numbers_that_json_lacks(text: str, value: float) -> None:
    assert plain(text) == value
    with pytest.raises(Unresolvable) as refused:
        resolve(Plain(text))
    assert (refused.value.code, refused.value.message) == ("B117", f"{text} is no JSON number")


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    found = plain(text)
    assert isinstance(found, float)
    assert math.isnan(found)
    with pytest.raises(Unresolvable):
        resolve(Plain(text))


@pytest.mark.parametrize(
    "text",
    [
        *("18446744073709551616", "-9223372036854775809", "0x10000000000000000"),
        *(
            "1e309",
            "-1e999",
            "9" * 400 + ".5",
            "9" * 5_000,
            "-" + "9" * 100_000,
            "0x" + "f" * 50_000,
        ),
    ],
)
def test_too_large(text: str) -> None:
    assert isinstance(plain(text), int | float)
    with pytest.raises(Unresolvable) as refused:
        resolve(Plain(text))
    assert refused.value.code == "B118"
    assert len(refused.value.message) < 120
    assert refused.value.help


def test_integers_of_any_size_are_exact_before_they_are_refused() -> None:
    assert plain("1" * 100) == int("1" * 100)
    assert plain("0" * 10_000 + "7") == 7


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: {b: [1, .inf]}", ("a", "b", 1)),
        (".nan", ()),
        ("[[], [x, {c: 1e999}]]", (1, 1, "c")),
        ("1: .inf", ("1",)),
    ],
)
def test_the_path_of_what_is_refused(text: str, path: tuple[str | int, ...]) -> None:
    node, _ = read_yaml(text.encode(), "a.yaml")
    assert node is not None
    with pytest.raises(Unresolvable) as refused:
        resolve(node)
    assert refused.value.path == path


def test_whole_trees() -> None:
    node, _ = read_yaml(b"a: [1, '1', 1.0, ~, off, {true: true}]\nb:\n", "a.yaml")
    assert node is not None
    value = resolve(node)
    assert value == {"a": [1, "1", 1.0, None, "off", {"true": True}], "b": None}
    assert msgspec.json.encode(value) == b'{"a":[1,"1",1.0,null,"off",{"true":true}],"b":null}'
    assert all(type(key) is str for key in value)


def test_a_tree_is_left_as_it_was() -> None:
    node: Node = [Plain("1"), {"a": Plain("2")}]
    resolve(node)
    assert node == ["1", {"a": "2"}]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_comes_back(number: float) -> None:
    assert plain(repr(number)) == number


@given(st.integers(-(2**63), 2**64 - 1))
def test_any_integer_comes_back(number: int) -> None:
    assert resolve(Plain(number)) == number


@given(st.text(alphabet="0123456789+-.eExXoO_abcdfINinaN~:", max_size=12))
def test_nothing_raises_but_what_is_said(text: str) -> None:
    value = plain(text)
    assert value is None or type(value) in (bool, int, float, str)
