"""Promise: whatever a snapshot holds, one flag that makes no sense is one error and no more.

Nothing else of the tenant suffers by it, neither the flags beside it nor the process.
"""

import json
from typing import Any

import pytest
from msgspec import Raw

from burgee.evaluation import TenantFlags, explain
from burgee.evaluation.footprint import Footprint
from burgee.evaluation.tenant import UNPREPARABLE
from burgee.instants import parse_instant
from burgee.versions import known_version, parse_version

GOOD: dict[str, Any] = {
    "type": "boolean",
    "variants": [["off", False], ["on", True]],
    "phases": [{"default": {"serve": 1}}],
}
EQUAL = '{"attribute":"a","tests":{"eq":"x"}}'


def ruled(when: str, **more: Any) -> str:
    rules = [{"name": "r", "serve": 1, "when": "@"}]
    form = {**GOOD, "phases": [{"default": {"serve": 0}, "rules": rules}], **more}
    return json.dumps(form).replace('"@"', when)


def flags_of(flags: dict[str, str], segments: dict[str, str] | None = None) -> TenantFlags:
    entries = {key: (key.ljust(32, "0"), Raw(text.encode())) for key, text in flags.items()}
    forms = {key: Raw(text.encode()) for key, text in (segments or {}).items()}
    members: dict[str, Any] = {}
    return TenantFlags("acme", entries, forms, members.__getitem__)


def nested(kind: str, depth: int) -> str:
    start, end = ('{"not":', "}") if kind == "not" else (f'{{"{kind}":[', "]}")
    return start * depth + EQUAL + end * depth


def chain(length: int) -> dict[str, str]:
    """Segments each of which names the next."""
    forms = {
        f"{n:032x}": json.dumps({"name": "s", "when": {"segment": f"{n + 1:032x}"}})
        for n in range(length)
    }
    return {**forms, f"{length:032x}": f'{{"name":"s","when":{EQUAL}}}'}


HOSTILE = {
    **{f"{kind} {depth}": ruled(nested(kind, depth)) for kind in ("not", "all", "any")
       for depth in (150, 900, 20_000)},
    **{f"{operator} {constant}": ruled(json.dumps({"attribute": "a", "tests": {operator: constant},
                                                   "ignore_case": folded}))
       for operator in ("startswith", "endswith", "contains", "regex", "cidr", "in", "semver_gt")
       for folded in (False, True)
       for constant in (1, [1], [["x"]], {"a": 1}, None, ["x", 1], "(", ["["])},
    "no operator": ruled('{"attribute":"a","tests":{"__class__":1}}'),
    "empty": "{}",
    "no JSON": '{"type":',
    "a segment in itself": ruled('{"segment":"' + "a" * 32 + '"}'),
    "a chain of segments": ruled('{"segment":"' + "0" * 32 + '"}'),
    "long digits": ruled('{"attribute":"a","tests":{"gt":' + "9" * 5000 + "}}"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("value", ["x", 1, [1, "x"], None, "9.9.9"])
def test_it_is_one_error_at_most(name: str, value: object) -> None:
    segments = {"a" * 32: '{"name":"s","when":{"segment":"' + "a" * 32 + '"}}', **chain(3000)}
    flags = flags_of({"good": json.dumps(GOOD), "odd": HOSTILE[name]}, segments)
    context = {"targetingKey": "u1", "a": value}
    assert flags.evaluate("odd", context, 0).reason in ("error", "rule_match", "default")
    assert flags.evaluate("good", context, 0).variant == "on"
    assert "good" in [key for key, flag in flags.all() if flag is not None]
    Footprint.of(flags, ["good", "odd"]).key(context, 0)


def test_whoever_asks_for_it_is_told_in_one_kind_of_error() -> None:
    flags = flags_of({"deep": ruled(nested("all", 20_000)), "odd": ruled(nested("not", 900))})
    for key in ("deep", "odd"):
        with pytest.raises(UNPREPARABLE, match="cannot be prepared: RecursionError"):
            flags.get(key)


@pytest.mark.parametrize("parts", [2, 17, 18, 150, 5000])
def test_paths_of_any_length(parts: int) -> None:
    path = ".".join("a" * parts)
    flags = flags_of({"f": ruled(json.dumps({"attribute": path, "tests": {"eq": "x"}}))})
    inner: Any = "x"
    for _ in range(parts):
        inner = {"a": inner}
    assert flags.evaluate("f", inner, 0).variant == "on"
    assert flags.evaluate("f", {path: "x"}, 0).variant == "on"
    assert flags.evaluate("f", {path: None, **inner}, 0).variant == "off"
    assert flags.evaluate("f", {"a": "x"}, 0).variant == "off"


@pytest.mark.parametrize("count", [1, 8, 9, 20_000])
def test_any_number_of_prerequisites(count: int) -> None:
    needs = [{"flag": f"g{n % 500}", "serves": ["on"]} for n in range(count)]
    others = {f"g{n}": json.dumps(GOOD) for n in range(500)}
    unmet = [*needs, {"flag": "g1", "serves": ["off"]}]
    flags = flags_of(
        {
            "f": json.dumps({**GOOD, "requires": needs}),
            "no": json.dumps({**GOOD, "requires": unmet}),
            **others,
        }
    )
    assert flags.evaluate("f", {}, 0).reason == "default"
    assert flags.evaluate("no", {}, 0).reason == "prerequisite_failed"
    assert len(explain(flags, "f", {}, 0).prerequisites) == count


def test_long_texts_of_users_are_not_remembered() -> None:
    """Thousands of them would stay in memory, each as long as a body may be."""
    version = ruled('{"attribute":"a","tests":{"semver_gte":"1.2"}}')
    flags = flags_of(
        {"v": version, "t": ruled('{"attribute":"a","tests":{"before":1700000000000000}}')}
    )
    before = known_version.cache_info().currsize
    long = "1.3" + ".0" * 100_000
    assert flags.evaluate("v", {"a": long}, 0).variant == "on"
    assert parse_version(long) == parse_version("1.3")
    assert known_version.cache_info().currsize <= before + 2  # 1.2 and 1.3
    assert flags.evaluate("t", {"a": f"2020-01-01T00:00:00.{'0' * 10_000}Z"}, 0).variant == "on"
    assert parse_instant(f"2020-01-01T00:00:00.{'0' * 10_000}Z") == parse_instant("2020-01-01")
