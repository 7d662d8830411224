"""Promise: an excuse with a reason takes its finding away, no other, and never an error."""

from __future__ import annotations

import pytest

from burgee_compiler.build import check
from burgee_compiler.load import load_repository
from support.checking import FLAG
from support.memory_tree import MemoryTree

BURGEE = "environments: [staging, production]\n"
RULE = "{name: r, when: {attribute: plan, eq: pro}, percentage: 100, serve: on}"
GOOD = "# burgee: allow B716 because it rises and falls"


def codes(flag: str, burgee: str = BURGEE, now: int | None = None) -> list[str]:
    tree = MemoryTree({"burgee.yaml": burgee, FLAG: flag})
    return [each.code for each in check(load_repository(tree), now)]


def flag(before: str = "", after: str = "") -> str:
    lines = f"  {before}\n" if before else ""
    return f"default: off\nrules:\n{lines}  - {RULE} {after}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (flag(), ["B716"]),
        (flag(after=GOOD), []),
        (flag(before=GOOD), []),
        (flag(before=f"{GOOD}\n  # and that is well"), []),
        (flag(before=f"{GOOD}\n"), ["B727", "B716"]),  # an empty line stands between
        (flag(after="#burgee:allow B716 because it rises"), []),
        (flag(after="# burgee: allow B713, B716 because both"), ["B727"]),
        (flag(after="# burgee: allow B713 because of another"), ["B727", "B716"]),
        (flag(after="# burgee: allow B716"), ["B726", "B716"]),
        (flag(after="# burgee: allow B716 because"), ["B726", "B716"]),
        (flag(after="# burgee: allow because it rises"), ["B726", "B716"]),
        (flag(after="# burgee: B716"), ["B726", "B716"]),
        (flag(after="# Burgee is mentioned here"), ["B716"]),
        (f"default: off\ndescription: 'x {GOOD}'\nrules: [{RULE}]\n", ["B716"]),
        (f"default: off\ndescription: |\n  {GOOD}\nrules: [{RULE}]\n", ["B716"]),
        (f"default: off # {GOOD[2:]}\r\n", ["B727"]),
        (f"default: off\ntags: [é, 😀]\nrules:\n  - {RULE} {GOOD}\r\n", []),
    ],
)
def test_where_and_how(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_an_error_stays_and_tells() -> None:
    tree = MemoryTree({"burgee.yaml": f"{BURGEE}levels: {{B716: error}}\n", FLAG: flag(after=GOOD)})
    (found,) = check(load_repository(tree))
    assert (found.code, found.severity) == ("B716", "error")
    assert found.notes == ("an error is never excused",)


def test_what_is_always_an_error_cannot_be_excused() -> None:
    assert codes("default: x # burgee: allow B303 because it is to come\n") == ["B303"]
    assert codes("default: off # burgee: allow B303 because it is to come\n") == ["B727"]


def test_a_level_that_is_off_leaves_an_excuse_idle() -> None:
    assert codes(flag(after=GOOD), f"{BURGEE}levels: {{B716: off}}\n") == ["B727"]
    assert codes(flag(after=GOOD), f"{BURGEE}levels: {{B716: note}}\n") == []


def test_excuses_of_today_are_judged_today() -> None:
    text = "default: off\nexpires: 2026-01-01 # burgee: allow B725 because old apps live long\n"
    assert codes(text) == []
    assert codes(text, now=1_793_491_200_000_000) == []
    assert codes(text.replace("2026", "2046"), now=1_793_491_200_000_000) == ["B727"]


def test_an_excuse_stands_in_any_file() -> None:
    files = {
        "burgee.yaml": BURGEE,
        "acme/flags/a.yaml": "default: off\n",
        "acme/segments/vip.yaml": "# burgee: allow B718 because apps ask for it\nmembers: [a]\n",
    }
    assert check(load_repository(MemoryTree(files))) == []
