"""Promise: a flag's tests say exactly what the production evaluator does, one by one."""

from __future__ import annotations

from functools import partial

import pytest

from burgee.evaluation.shares import shares
from burgee_compiler import judging
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import TestOutcome, run_tests
from support.forms import repository_with

HEAD = """
variants: [a, b, c]
default: a
off_variant: c
overrides: [{user: vip, serve: b}]
rules:
  - name: gate
    when: {attribute: plan, eq: pro}
    percentage: 8.333
    serve: {split: {a: 1, b: 2}}
  - name: trial
    when: {attribute: plan, eq: free}
    experiment: {status: running, control: a}
    serve: {split: {a: 50, b: 50}}
"""


def outcomes(files: dict[str, str], select: str | None = None) -> list[TestOutcome]:
    tenant = repository_with(files).tenants["acme"]
    return list(run_tests(tenant, emit_tenant(tenant, "production"), select))


def failure(test: str, flag: str = HEAD, **files: str) -> str | None:
    """What the one test of a flag says: None where it passes, else code, place and message."""
    beside = {f"flags/{name}.yaml": text for name, text in files.items()}
    (outcome,) = outcomes({**beside, "flags/f.yaml": f"{flag}tests:\n  - {test}\n"})
    found = outcome.found
    if found is None:
        return None
    assert found.subject == outcome.subject == "acme/f"
    return f"{found.code} {'.'.join(map(str, found.where.path))}: {found.message}"


PRO = "context: {targetingKey: u, plan: pro}"
FREE = "context: {targetingKey: u, plan: free}"

PASSING = [
    "{expect: {variant: a}}",
    "{expect: {value: a, reason: default}}",
    "{context: {targetingKey: vip}, expect: {variant: b, reason: override}}",
    "{context: {user: {id: vip}}, expect: {variant: a}}",
    f"{{{PRO}, bucket: 0, expect: {{variant: a, reason: rule_match, rule: gate}}}}",
    f"{{{PRO}, bucket: 0.08332, expect: {{rule: gate}}}}",
    f"{{{PRO}, bucket: 0.08333, expect: {{reason: default}}}}",
    f"{{{PRO}, bucket: 0.9999999999999999999999999999999999999, expect: {{reason: default}}}}",
    f"{{{FREE}, bucket: 0.49999, expect: {{experiment: trial, variant: a}}}}",
    f"{{{FREE}, bucket: 0.5, expect: {{reason: experiment_assigned, variant: b}}}}",
    "{context: {plan: free}, expect: {reason: targeting_key_missing}}",
    "{context: {plan: free}, expect: {value: null}}",
    # 8.333 % of slots, of which a has 33,333 and b 66,667
    f"{{{PRO}, expect: {{shares: {{a: 94.445, b: 5.555}}}}}}",
    f"{{{FREE}, expect: {{shares: {{a: 50, b: 50}}}}}}",
    f"{{{FREE}, expect: {{shares: {{a: 50.000, b: 50.0, c: 0}}}}}}",
    "{context: {plan: free}, expect: {shares: {a: 50, b: 50}}}",  # all units: none is missing
    "{context: {targetingKey: vip, plan: free}, expect: {shares: {b: 100}}}",
]


@pytest.mark.parametrize("test", PASSING)
def test_passing(test: str) -> None:
    assert failure(test) is None


FAILING = [
    (
        "{it: x, expect: {variant: b}}",
        (
            'B601 tests.0.expect.variant: test "x" fails in production: '
            "expected variant b, got a (reason default)"
        ),
    ),
    (
        f"{{{PRO}, bucket: 0, expect: {{variant: b}}}}",
        (
            "B601 tests.0.expect.variant: test 1 fails in production: "
            "expected variant b, got a (reason rule_match, rule gate)"
        ),
    ),
    (
        "{expect: {value: 1}}",
        (
            "B601 tests.0.expect.value: test 1 fails in production: "
            'expected value 1, got "a" (reason default)'
        ),
    ),
    (
        "{expect: {variant: a, reason: flag_off}}",
        (
            "B601 tests.0.expect.reason: test 1 fails in production: "
            "expected reason flag_off, got default (reason default)"
        ),
    ),
    (
        "{expect: {rule: gate}}",
        (
            "B601 tests.0.expect.rule: test 1 fails in production: "
            "expected rule gate, got none (reason default)"
        ),
    ),
    (
        f"{{{PRO}, bucket: 0, expect: {{experiment: gate}}}}",
        (
            "B601 tests.0.expect.experiment: test 1 fails in production: "
            "expected experiment gate, got none (reason rule_match, rule gate)"
        ),
    ),
    (
        f"{{{FREE}, expect: {{shares: {{a: 50}}}}}}",
        (
            "B601 tests.0.expect.shares: test 1 fails in production: "
            "expected 0 % of b; the shares are {a: 50, b: 50}"
        ),
    ),
    (
        f"{{{PRO}, expect: {{shares: {{a: 94.444, b: 5.556}}}}}}",
        (
            "B601 tests.0.expect.shares: test 1 fails in production: "
            "expected 94.444 % of a; the shares are {a: 94.445, b: 5.555}"
        ),
    ),
]


@pytest.mark.parametrize(("test", "expected"), FAILING)
def test_failing(test: str, expected: str) -> None:
    assert failure(test) == expected


NUMBER = "type: number\nvariants: {x: {value: 1}}\n"


def test_values_are_compared_as_json() -> None:
    assert failure("{expect: {value: 1}}", NUMBER + "default: x\n") is None
    assert failure("{expect: {value: 1.0}}", NUMBER + "default: x\n") is None
    assert failure("{expect: {value: true}}", NUMBER + "default: x\n") is not None
    nested = "variants: {x: {value: {b: [1, null], a: 2}}}\ndefault: x\n"
    assert failure("{expect: {value: {a: 2, b: [1, null]}}}", nested) is None
    assert failure("{expect: {value: {a: 2}}}", nested) is not None


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ("{a: 1, b: 11}", "{a: 8.333, b: 91.667}"),
        ("{a: 1, b: 1, c: 1}", "{a: 33.334, b: 33.333, c: 33.333}"),
        ("{a: 0.001, b: 99.999}", "{a: 0.001, b: 99.999}"),
    ],
)
def test_shares_are_of_slots(weights: str, shares: str) -> None:
    flag = f"variants: [a, b, c]\ndefault: {{split: {weights}}}\n"
    assert failure(f"{{expect: {{shares: {shares}}}}}", flag) is None


def test_shares_are_rounded_halves_up() -> None:
    # half of 1 in 100,000 is 0.0005 percent; of 3, 0.0015
    flag = (
        "variants: [a, b]\ndefault: a\nrules:\n"
        "  - {name: r, percentage: PCT, serve: {split: {a: 1, b: 1}}}\n"
    )
    one, three = flag.replace("PCT", "0.001"), flag.replace("PCT", "0.003")
    assert failure("{expect: {shares: {a: 100, b: 0.001}}}", one) is None
    assert failure("{expect: {shares: {a: 99.999, b: 0.002}}}", three) is None


def test_different_salts_are_independent_and_equal_ones_are_one_draw() -> None:
    other = "seed: shared\ndefault: {split: {on: 50, off: 50}}\n"
    same = (
        "seed: shared\nrequires: [{flag: g, serves: [on]}]\ndefault: {split: {on: 50, off: 50}}\n"
    )
    apart = same.replace("seed: shared\n", "")
    assert failure("{expect: {shares: {on: 50, off: 50}}}", apart, g=other) == (
        "B601 tests.0.expect.shares: test 1 fails in production: "
        "expected 50 % of off; the shares are {off: 75, on: 25}"
    )
    assert failure("{expect: {shares: {off: 50, on: 50}}}", same, g=other) is None


def test_the_rest_without_a_variant_has_a_name() -> None:
    flag = "variants: [a, b]\ndefault: {serve: a, percentage: 10}\n"
    assert failure("{expect: {shares: {a: 10, the caller's default: 90}}}", flag) is None


CLOCKS = [
    ("schedule: [{at: 2026-12-24T00:00:00Z, set: {state: off}}]\n", "at: 2026-12-24T00:00:00Z"),
    ("rules: [{name: r, serve: b, starts: 2026-11-02T08:30:00Z}]\n", "at: 2026-11-02T08:30:00Z"),
    ("overrides: [{user: u, serve: b, expires: 2027-01-01}]\n", "at: 2026-12-01T00:00:00Z"),
    (
        "rules: [{name: r, serve: b, when: {attribute: seen, within_last: 30d}}]\n",
        "at: 2026-12-01T00:00:00Z",
    ),
    (
        (
            "rules: [{name: r, serve: b, percentage: "
            "{from: 0, to: 100, start: 2026-12-01, end: 2026-12-02}}]\n"
        ),
        "at: 2026-12-01T00:00:00Z",
    ),
]


@pytest.mark.parametrize(("more", "line"), CLOCKS)
@pytest.mark.parametrize("expect", ["variant: a", "shares: {a: 100}"])
def test_a_test_that_asks_for_the_time_must_say_it(more: str, line: str, expect: str) -> None:
    flag = "variants: [a, b]\ndefault: a\n" + more
    context = "context: {targetingKey: u, seen: 2020-01-01T00:00:00Z}"
    files = {"flags/f.yaml": f"{flag}tests:\n  - {{{context}, expect: {{{expect}}}}}\n"}
    (outcome,) = outcomes(files)
    assert outcome.found is not None
    assert (outcome.found.code, outcome.found.where.path) == ("B602", ("tests", 0))
    assert outcome.found.help == f"add a clock to the test, such as `{line}`"
    files["flags/f.yaml"] = files["flags/f.yaml"].replace("- {", f"- {{{line}, ")
    (outcome,) = outcomes(files)
    assert outcome.found is None or outcome.found.code == "B601"


def test_a_clock_that_nobody_asks_for_is_not_needed() -> None:
    flag = (
        "variants: [a, b]\ndefault: a\noverrides: [{user: u, serve: b, expires: 2027-01-01}]\n"
        "rules: [{name: r, serve: b, when: {attribute: seen, within_last: 30d}}]\n"
    )
    assert failure("{context: {targetingKey: v}, expect: {variant: a}}", flag) is None


def test_shares_that_are_too_many_to_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "shares", partial(shares, limit=1_000))
    flags = {f"g{n}": "default: {split: {on: 50, off: 50}}\n" for n in range(12)}
    needs = ", ".join(f"{{flag: {name}, serves: [on, off]}}" for name in flags)
    flag = f"default: on\nrequires: [{needs}]\n"
    assert failure("{expect: {shares: {on: 100}}}", flag, **flags) == (
        "B603 tests.0.expect.shares: "
        "test 1 asks for shares that have more than 1000 combinations of table cells"
    )


def test_environments_of_tests() -> None:
    text = (
        "default: on\nenvironments: {staging: {default: off}}\ntests:\n"
        "  - {environment: staging, expect: {variant: off}}\n"
        "  - {environment: production, expect: {variant: on}}\n"
        "  - {it: everywhere, expect: {variant: on}}\n"
    )
    tenant = repository_with({"flags/f.yaml": text}).tenants["acme"]
    found = {
        environment: [
            (each.name, each.found is None)
            for each in run_tests(tenant, emit_tenant(tenant, environment))
        ]
        for environment in ("staging", "production")
    }
    assert found == {
        "staging": [("test 1", True), ("everywhere", False)],
        "production": [("test 2", True), ("everywhere", True)],
    }


SEGMENT = """
when: {attribute: plan, eq: pro}
members: [u-1, 5]
excluded: [u-9]
tests:
  - {it: members, context: {targetingKey: u-1}, expect: {member: true}}
  - {it: number, context: {targetingKey: 5}, expect: {member: true}}
  - {it: condition, context: {plan: pro}, expect: {member: true}}
  - {it: excluded, context: {targetingKey: u-9, plan: pro}, expect: {member: false}}
  - {it: wrong, context: {plan: free}, expect: {member: true}}
  - {it: wrong too, context: {plan: pro}, expect: {member: false}}
"""


def test_tests_of_segments_that_no_flag_needs() -> None:
    found = outcomes({"flags/f.yaml": "default: on\n", "segments/s.yaml": SEGMENT})
    assert [(each.subject, each.name) for each in found if each.found is None] == [
        ("acme/@s", name) for name in ("members", "number", "condition", "excluded")
    ]
    messages = [each.found.message for each in found if each.found is not None]
    assert messages == [
        'test "wrong" fails in production: the context is not in the segment',
        'test "wrong too" fails in production: the context is in the segment',
    ]


def test_a_segment_s_test_of_time() -> None:
    text = (
        "when: {segment: new}\ntests:\n"
        "  - {context: {created: 2026-11-01}, expect: {member: true}}\n"
        "  - {at: 2026-11-21, context: {created: 2026-11-01}, expect: {member: true}}\n"
    )
    files = {
        "flags/f.yaml": "default: on\n",
        "segments/new.yaml": "when: {attribute: created, within_last: 30d}\n",
        "segments/s.yaml": text,
    }
    first, second = outcomes(files)
    assert first.found is not None
    assert first.found.code == "B602"
    assert second.found is None


def test_one_failure_does_not_stop_the_others() -> None:
    tests = "\n".join(f"  - {{it: t{n}, expect: {{variant: {'ab'[n % 2]}}}}}" for n in range(6))
    files = {"flags/f.yaml": f"{HEAD}tests:\n{tests}\n", "flags/g.yaml": f"{HEAD}tests:\n{tests}\n"}
    assert [each.found is None for each in outcomes(files)] == [True, False] * 6


def test_tests_are_chosen_by_flag_or_name() -> None:
    tests = "tests:\n  - {it: one, expect: {variant: a}}\n  - {it: two, expect: {variant: a}}\n"
    files = {
        "flags/f.yaml": HEAD + tests,
        "flags/g.yaml": HEAD + tests,
        "segments/one.yaml": "members: [u]\ntests: [{it: x, expect: {member: false}}]\n",
    }
    assert len(outcomes(files)) == 5
    chosen = [f"{each.subject} {each.name}" for each in outcomes(files, "one")]
    assert chosen == ["acme/f one", "acme/g one", "acme/@one x"]
    assert len(outcomes(files, "g")) == 2


KILLED = """
state: off
off_variant: "off"
default: "off"
rules: [{name: beta, when: {attribute: beta, eq: true}, serve: "on"}]
"""


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ("{variant: on, rule: beta}", True),
        ("{shares: {on: 100}}", True),
        ("{variant: off, reason: flag_off}", True),
        ("{variant: off}", True),
        ("{variant: on, reason: default}", False),
    ],
)
def test_a_switch_that_is_pulled_fails_no_test_that_held(expect: str, passes: bool) -> None:
    """A failing test would keep the flag at its last good form, which is on."""
    found = failure(f"{{context: {{targetingKey: u, beta: true}}, expect: {expect}}}", KILLED)
    assert (found is None) is passes


def test_a_switched_off_flag_is_judged_without_a_clock_as_before() -> None:
    rules = KILLED.replace("beta, when", "beta, starts: 2026-01-01, when")
    found = failure("{context: {targetingKey: u, beta: true}, expect: {variant: on}}", rules)
    assert found is not None
    assert "B601" in found
