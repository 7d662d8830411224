"""Derives the vectors beside it: `python tests/burgee/vectors/derive.py` writes them anew.

It imports nothing of Burgee: hashlib, xxhash and arithmetic on exact numbers, so that the files
can hold any implementation, in any language, to the contract.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import xxhash

__all__ = ["FILES", "render"]

SLOTS: Final = 100_000
Spans = list[tuple[int, int, str]]


def buckets() -> list[dict[str, Any]]:
    """Hash the UTF-8 text of tenant, salt and unit; scale the 64-bit number to 100,000 slots."""
    salts = {
        "acme": ("checkout.one-page", "checkout.one-page:2024q4", "checkout.one-page:gate:ramp"),
        "otel-demo": ("adFailure", "adFailure:gate:default", "@layer:checkout"),
    }
    units = ["u-123", "1", "0", "-7", "18446744073709551616", "ü", "😀", "a/b", " ", "x" * 300]
    cases = []
    for tenant, each in salts.items():
        for salt in each:
            for unit in units:
                text = f"{tenant}/{salt}/{unit}"
                number = int(xxhash.xxh3_64_hexdigest(text.encode("utf-8"), seed=0), 16)
                cases.append(
                    {
                        "tenant": tenant,
                        "salt": salt,
                        "unit": unit,
                        "hash": f"{number:016x}",
                        "slot": number * SLOTS // 2**64,
                    }
                )
    return cases


def members() -> list[dict[str, Any]]:
    """Take the first 16 bytes of the SHA-256 of the member's text."""
    return [
        {
            "tenant": tenant,
            "unit": unit,
            "digest": hashlib.sha256(f"{tenant}/@member/{unit}".encode()).hexdigest()[:32],
        }
        for tenant in ("acme", "otel-demo")
        for unit in ("u-123", "5", "ü", "😀", "a/b", " x ")
    ]


def units() -> list[dict[str, Any]]:
    """State, by hand from the words of the design, what JSON value is which unit."""
    table = {
        '"u-123"': "u-123", '" "': " ", '"ü"': "ü", '"\\u00fc"': "ü", '"\\ud83d\\ude00"': "😀",
        '""': None, '"\\ud800"': None, '"a\\udc00b"': None, "5": "5", "-5": "-5", "0": "0",
        "-0": "0", "5.0": "5", "-5.0": "-5", "-0.0": "0", "1e3": "1000", "1.5": None,
        "18446744073709551616": "18446744073709551616", "18446744073709551617": None,
        "-18446744073709551616": "-18446744073709551616", "-18446744073709551617": None,
        "9007199254740993": "9007199254740993", "9007199254740991.0": "9007199254740991",
        "9007199254740992.0": None, "-9007199254740992.0": None, "1e300": None, "true": None,
        "false": None, "null": None, "[]": None, '["u-123"]': None, "{}": None,
    }  # fmt: skip
    return [{"json": text, "unit": unit} for text, unit in table.items()]


WEIGHTS: Final[tuple[dict[str, str], ...]] = (
    {"on": "50", "off": "50"},
    {"a": "1", "b": "1", "c": "1"},
    {"a": "1", "b": "1", "c": "1", "d": "1", "e": "1", "f": "1", "g": "1"},
    {"classic": "90", "one-page": "10"},
    {"a": "0.1", "b": "0.2"},
    {"b": "33.3", "a": "66.7", "c": "0"},
    {"Z": "1", "a": "2", "ü": "4"},
    {"10%": "0.001", "rest": "99.999"},
    {"one": "1"},
)


def exact_slots(weights: dict[str, str]) -> dict[str, int]:
    """Give each arm its whole slots, and what is left to the largest remainders, ties by name."""
    total = sum(Fraction(weight) for weight in weights.values())
    exact = {arm: Fraction(weights[arm]) * SLOTS / total for arm in sorted(weights)}
    slots = {arm: int(share) for arm, share in exact.items()}
    left = SLOTS - sum(slots.values())
    for arm in sorted(exact, key=lambda arm: (slots[arm] - exact[arm], arm))[:left]:
        slots[arm] += 1
    return slots


def canonical(weights: dict[str, str]) -> Spans:
    """Lay the arms one after the other, in code-point order of their names."""
    found: Spans = []
    position = 0
    for arm, count in sorted(exact_slots(weights).items()):
        if count:
            found.append((position, position + count, arm))
        position += count
    return found


def tables() -> list[dict[str, Any]]:
    """Work out canonical tables."""
    return [{"weights": weights, "ranges": canonical(weights)} for weights in WEIGHTS]


def _owners(spans: Sequence[tuple[int, int, str]]) -> list[str | None]:
    owners: list[str | None] = [None] * SLOTS
    for start, end, arm in spans:
        owners[start:end] = [arm] * (end - start)
    return owners


def move(base: Sequence[tuple[int, int, str]], weights: dict[str, str]) -> Spans:
    """Move a table to new weights slot by slot, as the design's definition says."""
    owners, rightful, wanted = _owners(base), _owners(canonical(weights)), exact_slots(weights)
    have = {arm: owners.count(arm) for arm in {*wanted, *(arm for _, _, arm in base)}}
    over = {arm: have[arm] - wanted.get(arm, 0) for arm in have}
    for slot in range(SLOTS - 1, -1, -1):
        owner, heir = owners[slot], rightful[slot]
        if owner is not None and heir is not None and over[owner] > 0 and over[heir] < 0:
            owners[slot] = heir
            over[owner] -= 1
            over[heir] += 1
    for canonically in (False, True):
        for slot in range(SLOTS - 1, -1, -1):
            owner = owners[slot]
            if owner is not None and over[owner] > 0 and (owner == rightful[slot]) is canonically:
                owners[slot] = None
                over[owner] -= 1
    free = (slot for slot in range(SLOTS) if owners[slot] is None)
    for arm in sorted(over):
        for _ in range(-over[arm]):
            owners[next(free)] = arm
    return _spans(owners)


def _spans(owners: list[str | None]) -> Spans:
    found: Spans = []
    for slot, arm in enumerate(owners):
        assert arm is not None
        if found and found[-1][2] == arm:
            found[-1] = (found[-1][0], slot + 1, arm)
        else:
            found.append((slot, slot + 1, arm))
    return found


def moves() -> list[dict[str, Any]]:
    """Move canonical tables, moved ones, and recorded ones with arms that are gone."""
    half = {"a": "50", "b": "50"}
    thirds = {"a": "1", "b": "1", "c": "1"}
    starts: list[tuple[Spans, dict[str, str]]] = [
        (canonical({"classic": "90", "one-page": "10"}), {"classic": "75", "one-page": "25"}),
        (canonical({"on": "10", "off": "90"}), {"on": "25", "off": "75"}),
        (canonical(thirds), {"a": "1", "b": "2", "c": "1"}),
        (canonical(half), thirds),
        (move(canonical(half), thirds), half),
        ([(0, 30_000, "b"), (30_000, 100_000, "a")], half),
        ([(0, 40_000, "gone"), (40_000, 70_000, "b"), (70_000, 100_000, "a")], thirds),
        ([(0, 10, "c"), (10, 99_990, "a"), (99_990, 100_000, "b")], thirds),
        ([(50_000, 100_000, "a")], half),
    ]
    return [{"base": b, "weights": w, "ranges": move(b, w)} for b, w in starts]


def versions() -> list[dict[str, Any]]:
    """List versions in order, by hand from SemVer 2.0.0, section 11; each line is of equals."""
    order = [
        ["0", "v0.0", "0.0.0.0", "00"],
        ["0.0.0.1"],
        ["1.0.0-0"],
        ["1.0.0-2", "1-2", "1.0-2+build"],
        ["1.0.0-10"],
        ["1.0.0--"],
        ["1.0.0-0a"],
        ["1.0.0-alpha"],
        ["1.0.0-alpha.1"],
        ["1.0.0-alpha.beta"],
        ["1.0.0-beta"],
        ["1.0.0-beta.2"],
        ["1.0.0-beta.11"],
        ["1.0.0-rc.1"],
        ["1", "v1", "1.0.0", "01.00", "1.0.0+20260101", "1+a.b-c"],
        ["1.0.0.1"],
        ["1.2", "1.02"],
        ["1.10"],
        ["151.1.93.128"],
        ["999999999999999999.0"],
    ]
    none = [
        "", "v", "V1", "1.", ".1", "1..2", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b", " 1", "1 ",
        "1\n", "1.x", "-1", "+1", "1000000000000000000", "1.2.3-\u00e9", "\uff11.2", "1,2",
    ]  # fmt: skip
    return [{"equal": each} for each in order] + [{"no_version": text} for text in none]


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _micros(*when: int, offset: int = 0) -> int:
    """Count microseconds by the calendar; `offset` is in minutes east."""
    moment = datetime(*when, tzinfo=UTC) - timedelta(minutes=offset)  # type: ignore[misc,arg-type]
    return (moment - _EPOCH) // timedelta(microseconds=1)


def instants() -> list[dict[str, Any]]:
    """Count microseconds since 1970 with the standard library's calendar; a fraction is cut."""
    good = {
        '"2026-11-01"': _micros(2026, 11, 1),
        '"2024-02-29"': _micros(2024, 2, 29),
        '"2026-11-01T09:30:15Z"': _micros(2026, 11, 1, 9, 30, 15),
        '"2026-11-01t09:30:15z"': _micros(2026, 11, 1, 9, 30, 15),
        '"2026-11-01T09:30:15.5Z"': _micros(2026, 11, 1, 9, 30, 15, 500_000),
        '"2026-11-01T09:30:15.1234569Z"': _micros(2026, 11, 1, 9, 30, 15, 123_456),
        '"2026-11-01T09:30:15+05:30"': _micros(2026, 11, 1, 9, 30, 15, offset=330),
        '"2026-11-01T09:30:15-08:00"': _micros(2026, 11, 1, 9, 30, 15, offset=-480),
        '"2026-11-01T09:30:15-00:00"': _micros(2026, 11, 1, 9, 30, 15),
        '"1969-12-31T23:59:59.9999999Z"': -1,
        '"0001-01-01T00:00:00Z"': _micros(1, 1, 1),
        '"9999-12-31T23:59:59.999999Z"': _micros(9999, 12, 31, 23, 59, 59, 999_999),
        "0": 0,
        "1793491200": 1_793_491_200_000_000,
        "-1": -1_000_000,
        "1793491200.5": 1_793_491_200_500_000,
        "1793491200.1": 1_793_491_200_100_000,
        "1793491200.123456": 1_793_491_200_123_456,
        "1.9999999": 1_999_999,
        "1e3": 1_000_000_000,
    }
    bad = [
        "2026-11-01T09:30:15", "2026-11-01 09:30:15Z", "2026-11-01T09:30Z", "2026-11-01T24:00:00Z",
        "2026-11-01T09:30:60Z", "2026-11-01T09:30:15+24:00", "2026-11-01T09:30:15+0530",
        "2026-11-01T09:30:15.Z", "2026-11-01T09:30:15,5Z", "20261101T093015Z", "2026-W44-7",
        "2026-02-29", "2026-13-01", "2026-00-10", "2026-11-00", "26-11-01", "2026-11-01Z",
        "1793491200", "", " 2026-11-01", "2026-11-01\n", "\uff12026-11-01",
    ]  # fmt: skip
    found: list[dict[str, Any]] = [{"json": t, "micros": micros} for t, micros in good.items()]
    nothing = [*(json.dumps(text) for text in bad), "true", "null", "[]", "{}"]
    return found + [{"json": text, "micros": None} for text in nothing]


def _written(number: float) -> str:
    """Write the shortest digits that read back; by powers below 1e-5 and from 1e16 on."""
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    minus = "-" if sign else ""
    text = "".join(map(str, digits))
    if text == "0":
        return f"{minus}0.0"
    power = len(text) - 1 + exponent
    if not -5 <= power < 16:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{minus}{text[0]}{fraction}e{power}"
    if exponent >= 0:
        return f"{minus}{text}{'0' * exponent}.0"
    if power >= 0:
        return f"{minus}{text[: power + 1]}.{text[power + 1 :]}"
    return f"{minus}0.{'0' * (-power - 1)}{text}"


def numbers() -> list[dict[str, Any]]:
    """Write numbers as canonical JSON does: integers by their digits, floats shortest."""
    integers = ["0", "1", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"]
    integers += ["18446744073709551615"]
    floats = [
        "0.0", "-0.0", "1.0", "1.50", "-2.5", "0.1", "0.30000000000000004", "100.0", "1e2", "1E+2",
        "123456789.125", "1e15", "1e16", "9007199254740993.0", "1e22", "1e23", "1.25e21", "1e-5",
        "1.25e-5", "1e-6", "0.000001", "1e-7", "1.5e-10", "5e-324", "2.2250738585072014e-308",
        "1.7976931348623157e308", "4.35", "0.333333333333333333", "1793491200.1",
    ]  # fmt: skip
    cases = [{"json": text, "canonical": text} for text in integers]
    return cases + [{"json": text, "canonical": _written(float(text))} for text in floats]


FILES: Final = {
    "buckets": buckets,
    "members": members,
    "units": units,
    "tables": tables,
    "moves": moves,
    "versions": versions,
    "instants": instants,
    "numbers": numbers,
}

ABOUT: Final = {
    "buckets": "slot = (XXH3_64(utf8(tenant/salt/unit), seed 0) * 100000) >> 64; hash in hex.",
    "members": "The first 16 bytes of SHA-256(utf8(tenant/@member/unit)), in hex.",
    "units": "A JSON value of a context and the unit that it is; null where it is none.",
    "tables": "Weights as decimals, and their canonical table of half-open ranges [from, to, arm):"
    " arms in code-point order of names, shares by largest remainder, ties to the earlier name.",
    "moves": "A table, new weights, and the table that moves the fewest slots: (1) highest slot"
    " first, a shrinking arm's slot whose canonical owner grows goes to it; (2) shrinking arms free"
    " slots not canonically theirs, then their others, highest first; freed slots, ascending, go to"
    " growing arms in name order. Slots that no arm has are free from the start.",
    "versions": "Versions in ascending order, those of one line equal; and texts that are none.",
    "instants": "A JSON value of a context and its microseconds since 1970-01-01T00:00Z; null where"
    " it is no time. Digits past the microsecond are cut; numbers are seconds.",
    "numbers": "A JSON number and how canonical JSON writes it: integers by their digits, floats by"
    " the shortest digits that read back, always with a point or a power; powers below 1e-5 and"
    " from 1e16 on.",
}


def render(name: str) -> str:
    """Return a file of vectors: what it is, then one case a line."""
    about = f"{ABOUT[name]} Derived by derive.py."
    lines = [json.dumps(case, ensure_ascii=True) for case in FILES[name]()]
    body = ",\n    ".join(lines)
    return f'{{\n  "about": {json.dumps(about)},\n  "cases": [\n    {body}\n  ]\n}}\n'


if __name__ == "__main__":
    for each in FILES:
        Path(__file__).with_name(f"{each}.json").write_text(render(each), encoding="utf-8")
