"""docs/reference/http.md names every path, status, reason and setting that the node has."""

from pathlib import Path

import pytest

from burgee_edge.holder import REASONS
from burgee_edge.openapi import openapi
from burgee_edge.settings import TABLE
from burgee_http.limits import Limits
from burgee_http.settings import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http.md"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_paths(text: str) -> None:
    described = [
        f"{method.upper()} {path}"
        for path, methods in openapi()["paths"].items()
        for method in methods
    ]
    assert [each for each in described if f"`{each}`" not in text] == []


def test_statuses(text: str) -> None:
    statuses = {
        status
        for methods in openapi()["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if int(status) >= 400
    }
    assert [status for status in sorted(statuses) if f"| {status} | `" not in text] == []


def test_reasons_of_refusals(text: str) -> None:
    assert [reason for reason in REASONS if f"`{reason}`" not in text] == []


def test_settings(text: str) -> None:
    assert reference(TABLE) in text


def test_limits(text: str) -> None:
    limits = Limits()
    shown = [
        f"{limits.body_bytes // 1024} KiB",
        f"{limits.head_bytes // 1024} KiB, {limits.head_fields} fields",
        f"{limits.head_seconds:.0f} s, {limits.body_seconds:.0f} s",
    ]
    assert [each for each in shown if each not in text] == []
