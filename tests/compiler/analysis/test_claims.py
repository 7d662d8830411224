"""Promise: what anyone sees to be contradictory, or the same, is seen; what is not, is not."""

from __future__ import annotations

import pytest

from burgee_compiler.analysis import always, covered, domains_of, never
from burgee_compiler.model.files import Attribute
from support.readers import read_condition

CONTRADICTIONS = [
    "[{attribute: plan, eq: a}, {attribute: plan, eq: b}]",
    "[{attribute: plan, in: [a, b]}, {attribute: plan, in: [c, d]}]",
    "[{attribute: plan, in: [a, b]}, {attribute: plan, nin: [a, b, c]}]",
    "[{attribute: plan, eq: a}, {not: {attribute: plan, in: [a, b]}}]",
    "[{attribute: plan, eq: 1}, {attribute: plan, eq: '1'}]",
    "[{attribute: plan, eq: A, ignore_case: true}, {attribute: plan, eq: b, ignore_case: true}]",
    "[{attribute: plan, eq: A, ignore_case: true}, {attribute: plan, in: [b, c]}]",
    "[{attribute: plan, in: [pro, free]}, {attribute: plan, startswith: x}]",
    "[{attribute: plan, exists: false}, {attribute: plan, neq: a}]",
    "[{attribute: plan, exists: false}, {attribute: plan, exists: true}]",
    "[{attribute: plan, exists: true}, {not: {attribute: plan, exists: true}}]",
    "{attribute: age, gt: 5, lt: 5}",
    "{attribute: age, gte: 18, lt: 18}",
    "{attribute: age, gt: 5, in: [1, 2, 5]}",
    "{attribute: age, gte: 5, lte: 5, neq: 5}",
    "[{attribute: age, gt: 5}, {attribute: age, eq: six}]",
    "[{attribute: age, gt: 5}, {attribute: age, contains: x}]",
    "[{attribute: mail, startswith: a}, {attribute: mail, startswith: [b, c]}]",
    "[{attribute: mail, startswith: ab}, {not: {attribute: mail, startswith: [a, x]}}]",
    "[{attribute: mail, startswith: ab}, {not: {attribute: mail, contains: b}}]",
    "[{attribute: mail, endswith: .com}, {attribute: mail, endswith: .org}]",
    "[{attribute: mail, regex: '^a'}, {not: {attribute: mail, regex: ['^a', b]}}]",
    "[{attribute: mail, eq: abc}, {attribute: mail, regex: '^b'}]",
    "{attribute: v, semver_gte: 3.0.0, semver_lt: 2.9.9}",
    "{attribute: v, semver_gt: '3.0', semver_lt: 3.0.0}",
    "{attribute: v, semver_gte: '3', semver_lte: v3.0.0, semver_gt: '3.0'}",
    "[{attribute: v, semver_eq: '3'}, {not: {attribute: v, semver_eq: 3.0.0}}]",
    "[{attribute: v, semver_gte: 3.1.0-rc.1}, {not: {attribute: v, semver_gte: 3.0.0}}]",
    "{attribute: t, before: 2026-01-01, after: 2026-01-01T00:00:00Z}",
    "{attribute: t, within_last: 7d, older_than: 30d}",
    "[{attribute: t, within_last: 7d}, {not: {attribute: t, within_last: 30d}}]",
    "[{attribute: ip, cidr: 10.0.0.0/8}, {attribute: ip, cidr: 192.168.0.0/16}]",
    "[{attribute: ip, cidr: 10.1.0.0/16}, {not: {attribute: ip, cidr: [10.0.0.0/8, '::1']}}]",
    "[{attribute: tags, contains: a}, {not: {attribute: tags, contains: [a, b]}}]",
    "[{segment: vip}, {not: {segment: vip}}]",
    "[{flag: a.b, serves: [on]}, {flag: a.b, serves: [off]}]",
    "[{flag: a.b, serves: [on]}, {not: {flag: a.b, serves: [on, off]}}]",
    "[{any: [{attribute: p, eq: 1}, {attribute: p, eq: 2}]}, {attribute: p, eq: 3}]",
    "[{attribute: user.id, eq: a}, {attribute: targetingKey, eq: b}]",
    "{not: {any: [{attribute: p, exists: true}, {attribute: p, exists: false}]}}",
]
POSSIBLE = [
    "{attribute: age, gt: 5, lt: 6}",
    "[{not: {attribute: age, lt: 5}}, {not: {attribute: age, gte: 5}}]",  # missing, or text
    "[{attribute: plan, neq: a}, {attribute: plan, neq: b}]",
    "[{attribute: plan, contains: a}, {attribute: plan, contains: b}]",
    "[{attribute: tags, contains: a}, {not: {attribute: tags, contains: b}}]",
    "[{attribute: mail, startswith: a}, {attribute: mail, startswith: ab}]",
    "[{attribute: mail, startswith: a}, {attribute: mail, endswith: b}]",
    "[{attribute: a, eq: 1}, {attribute: a.b, eq: 1}]",
    "[{attribute: plan, eq: a, ignore_case: true}, {attribute: plan, neq: a}]",
    "[{attribute: v, semver_eq: '3'}, {attribute: v, neq: '3'}]",
    "{attribute: t, within_last: 30d, older_than: 7d}",
    "[{attribute: t, before: 2020-01-01}, {attribute: t, within_last: 1d}]",
    "[{segment: vip}, {segment: staff}]",
    "[{attribute: mail, regex: a}, {attribute: mail, regex: '(?i)b'}]",
    "[{attribute: v, semver_gt: '1'}, {attribute: v, before: 2026-01-01}]",
]


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_contradictions(text: str) -> None:
    assert never(read_condition(text))
    assert always(read_condition(f"{{not: {text}}}"))


@pytest.mark.parametrize("text", POSSIBLE)
def test_no_contradiction(text: str) -> None:
    assert not never(read_condition(text))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("{attribute: c, eq: DE}", ["{attribute: c, in: [AT, DE]}"]),
        ("{attribute: c, in: [DE, AT]}", ["{attribute: c, eq: DE}", "{attribute: c, eq: AT}"]),
        ("{attribute: c, eq: DE}", ["{attribute: c, exists: true}"]),
        ("{attribute: age, gte: 21}", ["{attribute: age, gt: 18}"]),
        ("{attribute: age, gt: 0}", ["{attribute: age, lt: 9}", "{attribute: age, gte: 9}"]),
        ("[{segment: a}, {segment: b}]", ["{segment: b}"]),
        ("{attribute: v, semver_gte: 3.2.0}", ["{attribute: v, semver_gte: '3'}"]),
        ("{attribute: t, within_last: 7d}", ["{attribute: t, within_last: 14d}"]),
        ("{attribute: m, endswith: '@a.de'}", ["{attribute: m, endswith: .de}"]),
        ("{attribute: p, exists: true}", ["{not: {attribute: p, exists: false}}"]),
    ],
)
def test_what_covers_what(narrow: str, wide: list[str]) -> None:
    assert covered(read_condition(narrow), [read_condition(each) for each in wide])
    assert not covered(None, [read_condition(each) for each in wide])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{attribute: c, neq: DE}", "{not: {attribute: c, eq: DE}}"),
        ("{attribute: c, nin: [DE]}", "{attribute: c, neq: DE}"),
        ("{attribute: a, eq: 1}", "{attribute: a, eq: 1.0}"),
    ],
)
def test_neq_is_false_of_what_is_missing_and_not_is_true(one: str, other: str) -> None:
    assert covered(read_condition(one), [read_condition(other)])
    assert covered(read_condition(other), [read_condition(one)]) is ("not" not in other)


@pytest.mark.parametrize(
    ("text", "kind", "enum"),
    [
        ("{attribute: p, gt: 5}", "string", ()),
        ("{attribute: p, eq: x}", "integer", ()),
        ("{attribute: p, eq: 1.5}", "integer", ()),
        ("{attribute: p, gt: 1, lt: 2}", "integer", ()),
        ("{attribute: p, in: [a, b]}", "list", ()),
        ("{attribute: p, eq: gold}", "string", ("free", "pro")),
        ("{attribute: p, startswith: g}", "string", ("free", "pro")),
        ("[{attribute: p, neq: free}, {attribute: p, neq: pro}]", "string", ("free", "pro")),
        ("{attribute: p, semver_gt: '1'}", "number", ()),
        ("{attribute: p, eq: 'true'}", "boolean", ()),
        ("[{attribute: p, neq: true}, {attribute: p, neq: false}]", "boolean", ()),
        ("{attribute: p, before: 2026-01-01}", "boolean", ()),
    ],
)
def test_declarations(text: str, kind: str, enum: tuple[str, ...]) -> None:
    domains = domains_of({"p": Attribute(type=kind, enum=enum)})  # type: ignore[arg-type]
    assert never(read_condition(text), domains)
    assert not never(read_condition(f"{{any: [{text}, {{attribute: q, eq: 1}}]}}"), domains)


def test_a_search_that_grows_is_given_up() -> None:
    pair = "{any: [{attribute: a%d, eq: 1}, {attribute: b%d, eq: 1}]}"
    parts = ", ".join(pair % (n, n) for n in range(60))
    closing = ", ".join(f"{{not: {{attribute: {p}59, eq: 1}}}}" for p in "ab")
    assert not never(read_condition(f"{{all: [{parts}]}}"))
    never(read_condition(f"{{all: [{parts}, {closing}]}}"))


def test_very_many_alternatives_end_no_stack() -> None:
    each = "{any: [{attribute: a, eq: 1}, {attribute: b, eq: 1}]}"
    assert not never(read_condition(f"{{all: [{', '.join([each] * 5000)}]}}"))
