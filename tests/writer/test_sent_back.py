"""Promise: what is sent as JSON comes back equal, whatever YAML would make of its words, and the
repository passes `burgee check` afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from support.command import run_burgee
from support.flag_repository import git
from support.writer_place import Place, opened_place

WORDS = (
    *("on", "off", "yes", "No", "y", "n", "true", "FALSE", "null", "Null", "~", "none"),
    *("0", "1", "-1", "+1", "01", "0o17", "0x1F", "1_000", "1.0", "1.", ".5", "1e3", "1E+3", "-0"),
    *(".inf", "-.INF", ".nan", "NaN", "Infinity", "12:30:45", "2024-01-01", "2024-01-01T00:00:00Z"),
    *("- x", "-", "--", "---", "--- x", "...", "? x", "?", ": x", "x:", "a: b", "a:b", ":", "::"),
    *("#", "# x", "x # y", "x#y", " # ", "|", "|-", ">", "> x", "!", "!tag", "!!str x", "&a", "*a"),
    *("&", "*", "<<", "=", "@x", "`x`", "%YAML 1.2", "%", "[", "]", "[a]", "{", "}", "{a: b}", ","),
    *("a, b", "[a, b", "'", "''", "'x'", '"', '""', '"x"', "it's", 'say "x"', "\\", "\\n", "a\\tb"),
    *(
        " ",
        "  ",
        " x",
        "x ",
        "x  y",
        "\t",
        "\tx",
        "x\t",
        "x\ty",
        "a\nb",
        "a\n",
        "\na",
        "\n",
        "a\n\nb",
    ),
    *("a\n  b", "  a\nb", "a\r\nb", "a\n---\nb", "a\n# b", "- a\n- b", "a: 1\nb: 2", "a\n\n\n"),
    *(
        "é",
        "日本",
        "😀",
        "👩‍👩‍👧",
        "e\u0301",
        "\u00a0",
        "\u200bx",
        "x\u3000",
        "\ufffd",
        "\U0010ffff",
    ),
    *("x" * 1_000, "x " * 500, "word " * 2_000, "x" * 100_000, "a" * 79 + " b", "\u00e9" * 3_000),
    "",
)
NUMBERS = (
    *(
        0,
        1,
        -1,
        10**15,
        2**53,
        -(2**53),
        2**63 - 1,
        0.1,
        -0.5,
        1e-7,
        1e21,
        1.5e300,
        5e-324,
        0.1 + 0.2,
    ),
    *(3.0, 100.0),
)
NAMES = (
    *(
        "on",
        "off",
        "yes",
        "null",
        "1",
        "01",
        "1_000",
        "1.0",
        "2024-01-01",
        "a b",
        "a: b",
        "#",
        "- x",
    ),
    *("[a]", "{a}", "é", "😀", "'", '"', "<<", "~", "x" * 100, "*a", "&a", "!x", "@", "%", "true"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("back")
    with opened_place(folder, {"flags/first.yaml": "default: off\n"}) as made:
        yield made
        made.push({})
        ran = run_burgee("check", made.person.root, "--format", "json", cwd=folder)
        errors = [each for each in ran.json()["findings"] if each["severity"] == "error"]
        assert (ran.returncode, errors) == (0, [])
        git(made.bare, "fsck", "--strict")


def sent(place: Place, flag: dict[str, Any]) -> None:
    """Create a flag, read it, and send it once more: nothing changes."""
    key = flag["key"]
    made = place.writer.done("POST", "/v1/flags", flag)
    back = place.writer.get(f"/v1/flags/{key}")["flag"]
    assert back == made["flag"] == flag
    tip = place.tip
    again = place.writer.done("PUT", f"/v1/flags/{key}", back)
    assert (again["changed"], place.tip) == (False, tip)


def test_texts_in_every_place_where_any_text_may_stand(place: Place) -> None:
    values = {f"v{number}": {"value": text} for number, text in enumerate(WORDS)}
    metadata = {f"m{number}": text for number, text in enumerate(WORDS)}
    tests = [
        {
            "it": f"t{number}",
            "context": {"targetingKey": "u", "a": text},
            "expect": {"variant": "v0"},
        }
        for number, text in enumerate(WORDS[:40])
    ]
    rule = {"name": "in", "when": {"attribute": "a", "in": ["zz", *WORDS[:120]]}, "serve": "v0"}
    sent(
        place,
        {
            "key": "words.all",
            "type": "string",
            "variants": values,
            "metadata": metadata,
            "rules": [rule],
            "default": "v0",
            "tests": tests,
        },
    )


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_one_text_alone(place: Place, number: int) -> None:
    text = WORDS[number]
    name = text[:900] or "empty"  # libyaml reads no key of over 1,024 characters
    sent(
        place,
        {
            "key": f"words.n{number}",
            "description": text,
            "type": "object",
            "variants": {"a": {"value": {name: [text, {name: text}]}, "description": text}},
            "default": "a",
        },
    )


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_names_that_look_like_something_else(place: Place, number: int) -> None:
    name = NAMES[number]
    sent(
        place,
        {
            "key": f"names.n{number}",
            "owner": name,
            "tags": [name],
            "type": "string",
            "variants": {name: {"value": name}, "z": {"value": "z"}},
            "off_variant": name,
            "overrides": [{"user": name, "serve": name, "reason": name}],
            "metadata": {name: name},
            "default": {"split": {name: 50, "z": 50}},
        },
    )
    members = {"key": f"names.n{number}", "members": [name, "u"], "excluded": [f"{name}!"]}
    made = place.writer.done("POST", "/v1/segments", members)
    assert made["segment"] == members


def test_a_name_too_long_for_yaml_is_refused(place: Place) -> None:
    before = place.tip
    value = {"a": {"value": {"x" * 2_000: 1}}}
    body = {"key": "long", "type": "object", "variants": value, "default": "a"}
    error = place.writer.refused("POST", "/v1/flags", body)
    assert (error["status"], error["code"], place.tip) == (422, "invalid_request", before)


def test_numbers_and_the_rest(place: Place) -> None:
    values: list[Any] = [*NUMBERS, True, False, None, [], {}, [[]], [{}], {"a": None}, [None]]
    sent(
        place,
        {
            "key": "numbers.all",
            "type": "object",
            "variants": {"a": {"value": {"of": values}}, "b": {"value": values}},
            "metadata": {f"m{n}": each for n, each in enumerate(NUMBERS)},
            "default": "a",
        },
    )


def test_a_patch_of_each_word_leaves_the_rest(place: Place) -> None:
    """Edits of a file that people wrote: its comments and its other lines stay."""
    text = "# about\nname: x # name\ndescription: y # that\ndefault: off # none\n"
    place.push({"flags/edited.yaml": text})
    for word in WORDS[::2]:
        done = place.writer.done("PATCH", "/v1/flags/edited", {"description": word})
        assert done["flag"]["description"] == word
        lines = place.text("acme/flags/edited.yaml").splitlines()
        assert (lines[:2], lines[-1]) == (["# about", "name: x # name"], "default: off # none")


def _random(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(8 if depth < 4 else 5)
    if kind < 3:
        parts = [draw.choice((*WORDS[:100], "\n", " ", ":", "x")) for _ in range(draw.randrange(4))]
        return "".join(parts)
    if kind == 3:
        return draw.choice((*NUMBERS, draw.uniform(-1e6, 1e6), draw.randrange(-(10**18), 10**18)))
    if kind == 4:
        return draw.choice((True, False, None))
    size = draw.randrange(4)
    if kind == 5:
        return [_random(draw, depth + 1) for _ in range(size)]
    return {f"{draw.choice(WORDS[:120])}{n}": _random(draw, depth + 1) for n in range(size)}


@pytest.mark.parametrize("seed", range(12))
def test_any_json(place: Place, seed: int) -> None:
    draw = random.Random(seed)
    value = {"of": _random(draw)}
    key = f"random.n{seed}"
    flag = {"key": key, "type": "object", "variants": {"a": {"value": value}}, "default": "a"}
    sent(place, flag)
    other = {"a": {"value": {"of": _random(draw), "and": [_random(draw)]}}}
    done = place.writer.done("PATCH", f"/v1/flags/{key}", {"variants": other})
    assert done["flag"] == {**flag, "variants": other}
