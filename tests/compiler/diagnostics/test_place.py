"""Promise: findings get their lines, sorted by place, and each file is read once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from burgee_compiler.diagnostics import Diagnostic, Label, Where, diagnostic, place
from burgee_compiler.source import Span

FILES = {
    "acme/flags/a.yaml": b"name: A\nvarients:\n  - x\n",
    "acme/flags/b.yaml": b"default: off\n",
    "acme/segments/vip.members.csv": b"u1\r\n u2 \r\n",
}


def find(file: str, *path: str | int, message: str = "m", code: str = "B108") -> Diagnostic:
    return diagnostic(code, message, Where(file, path, "key"))


def test_paths_become_lines() -> None:
    located = place([find("acme/flags/a.yaml", "varients")], FILES.get)
    assert located[0].spot.span == Span(2, 1, 2, 9)
    assert located[0].spot.line == "varients:"


def test_sorted_by_file_line_column_and_code() -> None:
    found = [
        find("acme/flags/b.yaml", "default"),
        find("acme/flags/a.yaml", "varients", message="z"),
        find("acme/flags/a.yaml", "varients", message="b", code="B106"),
        find("acme/flags/a.yaml", "name"),
        find("acme/flags/a.yaml", "varients", message="a"),
    ]
    for order in (found, found[::-1]):
        shown = [
            (each.spot.file[-6], each.spot.span, each.diagnostic.message)
            for each in place(order, FILES.get)
        ]
        assert shown == [
            ("a", Span(1, 1, 1, 5), "m"),
            ("a", Span(2, 1, 2, 9), "b"),
            ("a", Span(2, 1, 2, 9), "a"),
            ("a", Span(2, 1, 2, 9), "z"),
            ("b", Span(1, 1, 1, 8), "m"),
        ]


def test_labels_may_lie_in_other_files() -> None:
    label = Label(Where("acme/flags/b.yaml", ("default",)), "this is meant")
    found = diagnostic("B108", "m", Where("acme/flags/a.yaml", ("name",)), labels=(label,))
    spot = place([found], FILES.get)[0].labels[0]
    assert (spot.file, spot.span, spot.text) == (
        "acme/flags/b.yaml",
        Span(1, 10, 1, 13),
        "this is meant",
    )


@pytest.mark.parametrize(
    ("where", "span", "line"),
    [
        (Where("acme/segments/vip.members.csv", line=2), Span(2, 2, 2, 4), " u2 "),
        (Where("acme/segments/vip.members.csv"), None, None),
        (Where("acme/flags"), None, None),
        (Where("acme/flags/gone.yaml"), None, None),
        (Where("acme/flags/gone.yaml", ("a",)), None, None),
        (Where("acme/flags/gone.yaml", line=3, column=2), Span(3, 2, 3, 2), None),
        (Where("acme/flags/b.yaml"), Span(1, 1, 1, 13), "default: off"),
        (Where("acme/flags/b.yaml", line=9, column=1), Span(9, 1, 9, 1), None),
    ],
)
def test_files_without_such_a_place(where: Where, span: Span | None, line: str | None) -> None:
    spot = place([diagnostic("B105", "m", where)], FILES.get)[0].spot
    assert (spot.span, spot.line) == (span, line)


def test_a_file_too_large_to_be_read_has_no_lines() -> None:
    large: Callable[[str], bytes] = lambda _: b"a: b\n" * 300_000  # noqa: E731
    assert place([diagnostic("B104", "m", Where("a.yaml"))], large)[0].spot.span is None


def test_each_file_is_read_once() -> None:
    asked: list[str] = []

    def read(file: str) -> bytes | None:
        asked.append(file)
        return FILES.get(file)

    place([find(file, "name") for file in [*FILES, "gone.yaml", *FILES, "gone.yaml"]], read)
    assert sorted(asked) == sorted([*FILES, "gone.yaml"])


@pytest.mark.parametrize(
    "module", ["source", "diagnostics", "source.locate", "source.reader", "diagnostics.place"]
)
def test_either_package_may_be_imported_first(module: str) -> None:
    """Each needs types of the other, which must not depend on who comes first."""
    line = f"import sys; sys.path[:] = {sys.path!r}; import burgee_compiler.{module}"
    subprocess.run([sys.executable, "-c", line], check=True, timeout=60)
