"""Promise: a lock that no longer fits is told from one that cannot be read, each with its cure."""

from __future__ import annotations

import pytest

from support.checking import FLAG, check_files, short

LOCK = "acme/flags/checkout.lock.yaml"
SPLIT = "default: {split: {on: 50, off: 50}}\n"


def entry(
    table: str = "default",
    environments: str = "staging, production",
    weights: str = "on: 1, off: 1",
    on: str = "[[50000, 100000]]",
    off: str = "[[0, 50000]]",
    at: str = "",
) -> str:
    return (
        f"  - table: {table}\n    environments: [{environments}]\n"
        + (f"    at: {at}\n" if at else "")
        + f"    weights: {{{weights}}}\n    ranges:\n      off: {off}\n      on: {on}\n"
    )


@pytest.mark.parametrize(
    ("flag", "entries", "expected"),
    [
        (SPLIT, [entry()], []),
        (SPLIT, [entry(weights="on: 2.5, off: 2.5")], []),
        (SPLIT, [entry(on="[[0, 50000]]", off="[[50000, 100000]]")], []),
        (SPLIT, [entry(environments="staging"), entry(environments="production")], []),
        (SPLIT, [entry(weights="on: 1, off: 2")], ["B409 tables.0.weights"]),
        (SPLIT, [entry(weights="on: 0, off: 0")], ["B409 tables.0.weights"]),
        (SPLIT, [entry(off="[[0, 49999]]")], ["B409 tables.0.ranges"]),
        (SPLIT, [entry(off="[[0, 50000], [60000, 70000]]")], ["B411 tables.0.ranges.off.1"]),
        (SPLIT, [entry(on="[[50000, 60000], [55000, 100000]]")], ["B411 tables.0.ranges.on.1"]),
        (SPLIT, [entry(), entry(environments="production")], ["B418 tables.1.environments.0"]),
        (SPLIT, [entry(), entry(at="2026-12-01")], ["B412 tables.1.at"]),
        (SPLIT, [entry(table="ramp")], ["B412 tables.0.table"]),
        ("default: off\n", [entry()], ["B412 tables.0.table"]),
        (SPLIT, [entry(environments="qa")], ["B305 tables.0.environments.0"]),
        (
            SPLIT.replace("on:", "yes:").replace("default", "variants: [yes, off]\ndefault"),
            [entry()],
            ["B409 tables.0.weights", "B412 tables.0.ranges.on"],
        ),
        (
            "rules: [{name: r, serve: {split: {on: 1, off: 1}}}]\ndefault: off\n",
            [entry(table="r")],
            [],
        ),
        (
            "default: {split: {on: 1, off: 3}}\nenvironments: {staging: "
            + SPLIT[:-1].join("{}")
            + "}\n",
            [entry(environments="staging")],
            [],
        ),
        (
            SPLIT + "schedule: [{at: 2026-12-01, set: {default: {split: {on: 1, off: 3}}}}]\n",
            [
                entry(),
                entry(
                    at="2026-12-01",
                    weights="on: 1, off: 3",
                    off="[[0, 50000], [75000, 100000]]",
                    on="[[50000, 75000]]",
                ),
            ],
            [],
        ),
        (
            (
                "rules: [{name: r, serve: on, schedule: [{at: 2026-12-01, set: "
                "{serve: {split: {on: 1, off: 1}}}}]}]\ndefault: off\n"
            ),
            [entry(table="r", at="2026-12-01T00:00:00Z")],
            [],
        ),
    ],
)
def test_locks(flag: str, entries: list[str], expected: list[str]) -> None:
    found = check_files({FLAG: flag, LOCK: "tables:\n" + "".join(entries)})
    assert sorted(map(short, found)) == expected
    for each in found:
        assert each.severity == ("warning" if each.code in ("B409", "B412") else "error")


def test_a_stale_lock_names_the_cure_and_the_environments() -> None:
    flag = SPLIT + "environments: {production: {default: {split: {on: 1, off: 3}}}}\n"
    (found,) = check_files({FLAG: flag, LOCK: "tables:\n" + entry()})
    assert found.message.endswith("in effect in production")
    assert found.help is not None
    assert "burgee lock" in found.help


def test_a_lock_without_its_flag() -> None:
    (found,) = check_files({"acme/flags/chekout.lock.yaml": "tables: []\n", FLAG: "default: off\n"})
    assert (found.code, found.help) == ("B412", 'did you mean "checkout"?')


def test_a_renamed_rule() -> None:
    flag = "rules: [{name: new, was: old, serve: {split: {on: 1, off: 1}}}]\ndefault: off\n"
    (found,) = check_files({FLAG: flag, LOCK: "tables:\n" + entry(table="old")})
    assert found.help == "the rule was renamed: write new"
