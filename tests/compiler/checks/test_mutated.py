"""Promise: whatever becomes of a file, checking ends with findings or none, never with an error.

Files of the example repository are changed a little: characters, lines and values. What comes out
clean must build.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.golden import findings
from support.memory_tree import MemoryTree

ROOT = Path(__file__).parents[3] / "flags-repo"
SCALARS = (
    *(
        "on",
        "off",
        "yes",
        "true",
        "null",
        "~",
        "",
        "0",
        "-1",
        "5%",
        "1e400",
        ".nan",
        "7.10",
        "0x1F",
    ),
    *(
        '"',
        "'",
        "[]",
        "{}",
        "[[0, 5]]",
        "{split: {on: 1}}",
        "*a",
        "&a b",
        "!!int 3",
        "<<",
        "@x",
        "%",
    ),
    *(
        "2026-12-01",
        "2026-12-01T09:00:00",
        "30d",
        "../x",
        "a b",
        "\t",
        "\u2028",
        "\U0001f600",
        "- ",
    ),
    *("default", "burgee.x", "x" * 300, "{segment: gone}", "{flag: gone, serves: [x]}", "9" * 30),
)
SCALAR = re.compile(r"(?<=[:\[,] )[^\s,\[\]{}#]+")


@cache
def originals() -> dict[str, str]:
    """Return one tenant of the example repository, without its long tests."""
    paths = [ROOT / "burgee.yaml", *(ROOT / "acme").rglob("*")]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file()
    }


def characters(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    to = min(len(text), at + chance.choice((0, 1, 1, 2, 40)))
    inserted = chance.choice(
        ("", " ", "\n", "\x00", "é", *"{}[],:#&*!|>'\"%@`-?\t", text[at:to] * 2)
    )
    return f"{text[:at]}{inserted}{text[to:]}"


def lines(text: str, chance: random.Random) -> str:
    every = text.splitlines(keepends=True)
    one, other = chance.randrange(len(every)), chance.randrange(len(every))
    match chance.randrange(4):
        case 0:
            del every[one]
        case 1:
            every[one], every[other] = every[other], every[one]
        case 2:
            every.insert(other, every[one])
        case _:
            every[one] = chance.choice(("  ", "\t", "- ", "")) + every[one].lstrip()
    return "".join(every)


def values(text: str, chance: random.Random) -> str:
    found = list(SCALAR.finditer(text))
    if not found:
        return text + chance.choice(SCALARS)
    each = chance.choice(found)
    return text[: each.start()] + chance.choice(SCALARS) + text[each.end() :]


def swapped_values(text: str, chance: random.Random) -> str:
    found = list(SCALAR.finditer(text))
    if len(found) < 2:
        return text
    one, other = sorted(chance.sample(found, 2), key=lambda each: each.start())
    middle = text[one.end() : other.start()]
    return f"{text[: one.start()]}{other[0]}{middle}{one[0]}{text[other.end() :]}"


MUTATIONS = (characters, lines, values, swapped_values)


def mutated(seed: int) -> dict[str, str]:
    chance = random.Random(seed)
    files = dict(originals())
    for _ in range(chance.choice((1, 1, 2, 5))):
        path = chance.choice(sorted(files))
        for _ in range(chance.choice((1, 1, 3))):
            files[path] = chance.choice(MUTATIONS)(files[path] or "\n", chance)
    return files


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_nothing_raises(seed: int) -> None:
    text = findings(MemoryTree(mutated(seed)))
    assert text == "no findings\n" or re.match(r"(error|warning|note)\[B\d{3}\]: ", text)


@pytest.mark.parametrize(
    "name", ["acme/flags/checkout/one-page.yaml", "acme/layers.yaml", "burgee.yaml"]
)
def test_a_file_cut_at_any_line(name: str) -> None:
    text = originals()[name]
    for end in range(0, len(text), max(1, len(text) // 25)):
        findings(MemoryTree({**originals(), name: text[:end]}))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "burgee.yaml",
                "a/flags/x.yaml",
                "a/layers.yaml",
                "a/segments/s.yaml",
                "a/flags/x.lock.yaml",
                "a/segments/m.csv",
            ]
        ),
        st.text(max_size=60),
    )
)
def test_any_text_in_any_file(files: dict[str, str]) -> None:
    findings(
        MemoryTree({path: text.encode("utf-8", "surrogatepass") for path, text in files.items()})
    )
