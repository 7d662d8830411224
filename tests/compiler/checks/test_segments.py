"""Promise: a segment says who is in it, its lists exist, and no id is both in and out."""

from __future__ import annotations

import pytest

from support.checking import check_files, short


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("members: [a]", []),
        ("members_file: list.csv", []),
        ("when: {attribute: a, exists: true}", []),
        ("description: x", ["B312"]),
        ("members: []", ["B312"]),
        ("members: [a]\nenvironments: {staging: {members: []}}", []),
        ("environments: {staging: {members: [a]}, production: {members: []}}", []),
        ("environments: {staging: {members: [a]}}", ["B312"]),
        ("members_file: lists.csv", ["B310 members_file", "B703"]),
        ("members_file: x/list.csv", ["B310 members_file", "B703"]),
        ("members: [a]\nenvironments: {staging: {members_file: list.csv}}", []),
        ("members_file: list.csv\nexcluded: [u9, u2]", ["B311 excluded.1"]),
        ("members_file: list.csv\nexcluded: [u9]", []),
        (
            "members: [a]\nexcluded: [b]\nenvironments: {staging: {members: [b]}}",
            ["B311 excluded.0", "B703"],
        ),
        # Replaced in every environment, so the two lists of the base never meet.
        (
            (
                "members: [a]\nexcluded: [a]\n"
                "environments: {staging: {excluded: []}, production: {members: [b]}}"
            ),
            ["B703"],
        ),
        # In effect in both environments, and said once.
        ("members: [a]\nexcluded: [a]", ["B311 excluded.0", "B703"]),
        (
            "members: [a]\nexcluded: [b]\nenvironments: {staging: {excluded: [x, a]}}",
            ["B311 environments.staging.excluded.1", "B703"],
        ),
        ("when: {not: {flag: f, serves: [on]}}", ["B309 when.not.flag"]),
    ],
)
def test_segments(text: str, expected: list[str]) -> None:
    named = "list.csv" in text.replace("x/list", "")
    files = {"acme/segments/s.yaml": text, "acme/segments/list.csv": "u1\nu2\n"}
    if not named and "B703" not in expected:
        del files["acme/segments/list.csv"]
    assert sorted(map(short, check_files(files))) == sorted(expected)


def test_ids_of_one_mistake_are_not_a_flood() -> None:
    ids = ", ".join(f"u{n}" for n in range(500))
    found = check_files({"acme/segments/s.yaml": f"members: [{ids}]\nexcluded: [{ids}]\n"})
    assert len(found) == 10


def test_a_segment_with_a_broken_list_is_withheld() -> None:
    """It would be emptier than it was; the finding is the list's."""
    files = {
        "acme/segments/s.yaml": "members_file: list.csv\nexcluded: [u1]\n",
        "acme/segments/list.csv": "\ufeffu1\n",
    }
    assert [each.code for each in check_files(files)] == ["B102"]


def test_lists_of_unread_segments_may_be_in_use() -> None:
    files = {"acme/segments/s.yaml": "members_fle: list.csv\n", "acme/segments/list.csv": "u1\n"}
    assert [each.code for each in check_files(files)] == ["B201"]
