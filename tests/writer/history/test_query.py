"""Promise: what a caller writes into the query of the audit is taken at its word, or refused."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from burgee.instants import parse_instant
from burgee_http.errors import ApiError
from burgee_writer.history.audit import AuditQuery
from burgee_writer.history.cursor import BadCursor
from burgee_writer.history.query import bad_cursor, read_audit_query


def read(text: str) -> AuditQuery:
    return read_audit_query(parse_qsl(text, keep_blank_values=True), "acme")


def test_nothing_asked_is_the_newest_page() -> None:
    assert read("") == AuditQuery(tenant="acme", limit=50)


def test_each_parameter_is_read() -> None:
    text = "entity=flag&entity_key=a.b&actor=Ann&since=2026-01-01&until=2026-01-02T00:00:00%2B01:00"
    assert read(f"{text}&limit=200&cursor=abc&environment=production") == AuditQuery(
        tenant="acme",
        entity="flag",
        entity_key="a.b",
        actor="Ann",
        since=parse_instant("2026-01-01"),
        until=parse_instant("2026-01-01T23:00:00Z"),
        environment="production",
        limit=200,
        cursor="abc",
    )
    assert read("until=2026-01-02T00:00:00+01:00").until == parse_instant("2026-01-01T23:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        *("limit=0", "limit=201", "limit=-1", "limit=1.5", "limit=", "limit=%D9%A1", "limit=1e2"),
        *("limit=1%0A", "limit=1&limit=2", "entity=lock", "entity=", "entity=Flag"),
        *("entity_key=", "entity_key=a%00", f"entity_key={'a' * 513}", "actor=", "actor=a%0Ab"),
        *("since=yesterday", "since=", "since=1", "until=2026-02-30", "since=2026-01-01T00:00"),
        *("since=2026-01-02&until=2026-01-01", "since=2026-01-01&until=2026-01-01"),
        *("environment=", "environment=a.b", "environment=a%0A", "page=2", "cursor=", "x="),
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        read(text)
    assert (refused.value.status, refused.value.code) == (400, "malformed_query")


def test_a_bad_cursor_is_the_callers_fault() -> None:
    answer = bad_cursor(BadCursor("it is no cursor of this API"))
    assert (answer.status, answer.code) == (400, "bad_cursor")
    assert answer.message == "The cursor is not valid: it is no cursor of this API."
