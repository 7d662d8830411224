"""Promise: each method of the writer client is the call that the writer's API has for it, and its
answer, good or bad, comes back typed."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from burgee.writer import (
    Conflict,
    Document,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
    WriterClient,
    WriterError,
    Written,
)
from support.scripted_server import Reply, ScriptedServer, json_reply, scripted_server

Call = Callable[[WriterClient], Any]
DONE = {
    "flag": {"key": "a.b", "default": "on"},
    "changed": True,
    "commit": "c" * 40,
    "previous_commit": "b" * 40,
    "passed_over": ["d" * 40],
    "plan": {"class": "low"},
    "findings": [],
    "request_id": "r-1",
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server(lambda _: json_reply(DONE, ETag='"e1"')) as made:
        yield made


@pytest.fixture
def writer(server: ScriptedServer) -> WriterClient:
    return WriterClient(server.url, token="t-1", tenant="acme", timeout=5, retry_seconds=0)


A = "/v1/flags/a.b"
CALLS: dict[str, tuple[Call, str, str, Any]] = {
    "create": (
        lambda w: w.create_flag("a.b", default="on", tags=("x",)),
        "POST",
        "/v1/flags",
        {"key": "a.b", "default": "on", "tags": ["x"]},
    ),
    "upsert": (
        lambda w: w.upsert_flag("a.b", state="off"),
        "POST",
        "/v1/flags",
        {"key": "a.b", "state": "off"},
    ),
    "update": (lambda w: w.update_flag("a.b", {"owner": None}), "PATCH", A, {"owner": None}),
    "replace": (
        lambda w: w.replace_flag("a.b", {"default": "off"}, replace_rules=True),
        "PUT",
        f"{A}?replace_rules=true",
        {"default": "off"},
    ),
    "delete": (lambda w: w.delete_flag("a.b"), "DELETE", A, None),
    "state": (
        lambda w: w.set_state("a.b", "off"),
        "PUT",
        f"{A}/state",
        {"state": "off", "environments": "*"},
    ),
    "state somewhere": (
        lambda w: w.set_state("a.b", "on", ("staging", "production")),
        "PUT",
        f"{A}/state",
        {"state": "on", "environments": ["staging", "production"]},
    ),
    "rollout": (
        lambda w: w.set_rollout("a.b", "on", 12.5),
        "PATCH",
        A,
        {"default": {"serve": "on", "percentage": 12.5}},
    ),
    "rule": (
        lambda w: w.add_rule("a.b", {"name": "r", "serve": "on"}, before="s"),
        "POST",
        f"{A}/rules?before=s",
        {"name": "r", "serve": "on"},
    ),
    "override": (
        lambda w: w.set_override("a.b", "u 1/2?#%", "on"),
        "PUT",
        f"{A}/overrides/u%201%2F2%3F%23%25",
        {"serve": "on"},
    ),
    "override with all": (
        lambda w: w.set_override(
            "a.b", "ü", "on", reason="VIP", expires=date(2027, 1, 2), environment="staging"
        ),
        "PUT",
        f"{A}/overrides/%C3%BC",
        {"serve": "on", "reason": "VIP", "expires": "2027-01-02", "environment": "staging"},
    ),
    "no override": (
        lambda w: w.remove_override("a.b", "..", environment="staging"),
        "DELETE",
        f"{A}/overrides/%2E%2E?environment=staging",
        None,
    ),
    "segment": (
        lambda w: w.upsert_segment("vip", members={"u2", "u1"}),
        "POST",
        "/v1/segments",
        {"key": "vip", "members": ["u1", "u2"]},
    ),
    "update segment": (
        lambda w: w.update_segment("vip", {"description": "x"}),
        "PATCH",
        "/v1/segments/vip",
        {"description": "x"},
    ),
    "replace segment": (
        lambda w: w.replace_segment("vip", {"members": ["u1"]}),
        "PUT",
        "/v1/segments/vip",
        {"members": ["u1"]},
    ),
    "delete segment": (lambda w: w.delete_segment("vip"), "DELETE", "/v1/segments/vip", None),
    "join": (
        lambda w: w.add_to_group("vip", "u-1"),
        "PUT",
        "/v1/segments/vip/members/u-1",
        None,
    ),
    "leave": (
        lambda w: w.remove_from_group("vip", "u-1"),
        "DELETE",
        "/v1/segments/vip/members/u-1",
        None,
    ),
    "start": (
        lambda w: w.start_experiment("a.b", "r"),
        "PATCH",
        f"{A}/experiments/r",
        {"status": "running"},
    ),
    "pause": (
        lambda w: w.pause_experiment("a.b", "r"),
        "PATCH",
        f"{A}/experiments/r",
        {"status": "paused"},
    ),
    "conclude": (
        lambda w: w.conclude_experiment("a.b", "r", "on"),
        "PATCH",
        f"{A}/experiments/r",
        {"status": "concluded", "winner": "on"},
    ),
    "several": (
        lambda w: w.changes(
            [{"method": "PUT", "path": f"{A}/state", "body": {"state": "off"}}], dry_run=True
        ),
        "POST",
        "/v1/changes?dry_run=true",
        {"changes": [{"method": "PUT", "path": f"{A}/state", "body": {"state": "off"}}]},
    ),
    "undo": (lambda w: w.undo("c" * 40), "POST", "/v1/undo", {"commit": "c" * 40}),
    "undo one": (
        lambda w: w.undo("c" * 40, "flag/a.b", propose=True),
        "POST",
        "/v1/undo?propose=true",
        {"commit": "c" * 40, "entity": "flag/a.b"},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_writes(server: ScriptedServer, writer: WriterClient, name: str) -> None:
    call, method, path, body = CALLS[name]
    written = call(writer)
    (asked,) = server.asked
    assert (asked.method, asked.path) == (method, path)
    assert (asked.json() if asked.body else None) == body
    assert ("content-type" in asked.headers) is (body is not None)
    assert asked.headers["authorization"] == "Bearer t-1"
    assert asked.headers["x-tenant-id"] == "acme"
    assert len(asked.headers["idempotency-key"]) == 36
    assert ("if-none-match" in asked.headers) is (name == "create")
    assert written == Written(
        changed=True,
        commit="c" * 40,
        previous_commit="b" * 40,
        value=DONE["flag"],  # type: ignore[arg-type]
        passed_over=("d" * 40,),
        plan={"class": "low"},
        etag='"e1"',
        request_id="r-1",
        answer=DONE,
    )


def test_every_write_of_the_client_was_tried() -> None:
    reads = {"get_flag", "list_flags", "get_segment", "list_segments", "get_experiment"}
    reads |= {"get_document", "list_experiments"}
    other = {"audit", "stats", "update_experiment"}
    public = {name for name in dir(WriterClient) if not name.startswith("_")}
    assert len(public - reads - other) == len(CALLS) - len(
        {"state somewhere", "override with all", "undo one"}
    )


def test_what_every_write_takes(server: ScriptedServer, writer: WriterClient) -> None:
    writer.set_state("a.b", "off", reason="größer als 5 %\n", etag='"e0"', idempotency_key="k-1")
    writer.create_flag("a.b", default="on", reason="x", propose=True, dry_run=False)
    first, second = server.asked
    assert first.headers["burgee-reason"] == "gr%C3%B6%C3%9Fer als 5 %25%0A"
    assert first.headers["if-match"] == '"e0"'
    assert first.headers["idempotency-key"] == "k-1"
    assert second.path == "/v1/flags?propose=true"
    assert second.json() == {"key": "a.b", "default": "on"}
    assert second.headers["idempotency-key"] != "k-1"


def test_values_of_python(server: ScriptedServer, writer: WriterClient) -> None:
    east = timezone(timedelta(hours=2))
    writer.upsert_flag(
        "a.b",
        at=[
            datetime(2027, 1, 2, 3, 4, 5),  # noqa: DTZ001  without a zone it is UTC
            datetime(2027, 1, 2, 3, 4, 5, tzinfo=east),
            datetime(2027, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC),
        ],
        weight=Decimal("33.333"),
        expires=date(2027, 1, 2),
    )
    (asked,) = server.asked
    assert asked.body == (
        b'{"key":"a.b","at":["2027-01-02T03:04:05Z","2027-01-02T01:04:05Z",'
        b'"2027-01-02T03:04:05.250000Z"],"weight":33.333,"expires":"2027-01-02"}'
    )
    for bad in (object(), float("nan"), Decimal("inf")):
        with pytest.raises(TypeError):
            writer.upsert_flag("a.b", metadata=bad)
    assert len(server.asked) == 1


def test_a_delete_says_it_in_headers(server: ScriptedServer, writer: WriterClient) -> None:
    named = {"Burgee-Commit": "c" * 40, "Burgee-Previous-Commit": "b" * 40}
    server.answer = lambda _: Reply(204, headers=named)
    written = writer.delete_flag("a.b")
    assert (written.changed, written.commit, written.previous_commit) == (True, "c" * 40, "b" * 40)


def test_nothing_changed(server: ScriptedServer, writer: WriterClient) -> None:
    body = {**DONE, "changed": False, "commit": None, "dry_run": True}
    server.answer = lambda _: json_reply(body)
    written = writer.set_state("a.b", "on", dry_run=True)
    assert (written.changed, written.commit, written.dry_run) == (False, None, True)


def test_created_and_proposed(server: ScriptedServer, writer: WriterClient) -> None:
    server.answer = lambda _: json_reply(DONE, 201)
    assert writer.create_flag("a.b", default="on").created
    url = "https://forge.example/compare"
    branch = {"branch": "burgee/acme/1f", "commit": "e" * 40, "plan": None, "compare_url": url}
    server.answer = lambda _: json_reply(branch, 202)
    written = writer.set_rollout("a.b", "on", 50, propose=True)
    assert (written.branch, written.compare_url) == ("burgee/acme/1f", url)
    assert not written.changed


def test_reads(server: ScriptedServer, writer: WriterClient) -> None:
    flag = {"key": "a.b", "default": "on"}
    server.answer = lambda _: json_reply({"flag": flag, "file": "x", "commit": "c"}, ETag='"e1"')
    assert writer.get_flag("a.b") == Document(flag, '"e1"')
    server.answer = lambda _: json_reply({"segment": {"key": "vip"}})
    assert writer.get_segment("vip") == Document({"key": "vip"}, None)
    server.answer = lambda _: json_reply({"flag": "a.b", "rule": {"name": "r"}})
    assert writer.get_experiment("a.b", "r").value == {"name": "r"}
    server.answer = lambda _: json_reply({"total": 3})
    assert writer.stats() == {"total": 3}
    server.answer = lambda _: json_reply({"experiments": [{"rule": "r"}]})
    assert writer.list_experiments(active=True) == [{"rule": "r"}]
    server.answer = lambda _: Reply(200, b"default: on\n", {"Content-Type": "application/yaml"})
    assert writer.get_document("a.b", "c" * 40) == b"default: on\n"
    assert [each.path for each in server.asked] == [
        A,
        "/v1/segments/vip",
        f"{A}/experiments/r",
        "/v1/stats",
        "/v1/experiments?active=true",
        f"{A}/document?rev={'c' * 40}",
    ]
    assert all("idempotency-key" not in each.headers for each in server.asked)


def test_lists_are_read_page_by_page(server: ScriptedServer, writer: WriterClient) -> None:
    pages = iter(
        [
            {"flags": [{"key": "a"}, {"key": "b"}], "next_page_token": "t/2"},
            {"flags": [{"key": "c"}], "next_page_token": None},
        ]
    )
    server.answer = lambda _: json_reply(next(pages))
    found = writer.list_flags(state="on", tag="a b", limit=2)
    assert server.asked == [], "nothing is asked before it is wanted"
    assert [each["key"] for each in found] == ["a", "b", "c"]
    assert [each.path for each in server.asked] == [
        "/v1/flags?state=on&tag=a+b&limit=2",
        "/v1/flags?state=on&tag=a+b&limit=2&page_token=t%2F2",
    ]


def test_the_audit_is_read_page_by_page(server: ScriptedServer, writer: WriterClient) -> None:
    pages = iter([{"entries": [{"n": 1}], "cursor": "x"}, {"entries": [{"n": 2}]}])
    server.answer = lambda _: json_reply(next(pages))
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert [each["n"] for each in writer.audit(entity="flag", since=since)] == [1, 2]
    assert [each.path for each in server.asked] == [
        "/v1/audit?entity=flag&since=2026-11-01T00%3A00%3A00Z",
        "/v1/audit?entity=flag&since=2026-11-01T00%3A00%3A00Z&cursor=x",
    ]


def test_a_page_that_names_itself_ends_the_list(
    server: ScriptedServer, writer: WriterClient
) -> None:
    server.answer = lambda _: json_reply({"flags": [{"key": "a"}], "next_page_token": "same"})
    assert len(list(writer.list_flags())) == 2


ERRORS = {
    400: WriterError,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: Invalid,
    500: WriterError,
}


@pytest.mark.parametrize("status", ERRORS)
def test_errors(server: ScriptedServer, writer: WriterClient, status: int) -> None:
    error = {"code": "some_code", "message": "It is so.", "details": {"findings": [{"code": "B1"}]}}
    server.answer = lambda _: json_reply({"error": error, "request_id": "r-9"}, status)
    with pytest.raises(WriterError) as raised:
        writer.set_state("a.b", "off")
    found = raised.value
    assert type(found) is ERRORS[status]
    assert (found.status, found.code, found.message) == (status, "some_code", "It is so.")
    assert found.details == {"findings": [{"code": "B1"}]}
    assert found.request_id == "r-9"
    assert str(found) == "It is so. (some_code)"
    assert not found.outcome_unknown
    if isinstance(found, Invalid):
        assert found.findings == [{"code": "B1"}]
    assert len(server.asked) == 1, "no such answer changes by asking again"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"5", b'{"error": "x"}', b'{"error": 5'])
def test_errors_of_others(server: ScriptedServer, writer: WriterClient, body: bytes) -> None:
    server.answer = lambda _: Reply(403, body, {"Content-Type": "application/json"})
    with pytest.raises(Forbidden) as raised:
        writer.stats()
    assert (raised.value.code, raised.value.details) == ("http_403", None)


def test_redirects_are_not_followed(server: ScriptedServer, writer: WriterClient) -> None:
    with scripted_server() as other:
        server.answer = lambda _: Reply(307, headers={"Location": other.url})
        with pytest.raises(WriterError, match="http_307"):
            writer.set_state("a.b", "off")
        assert other.connections == 0


@pytest.mark.parametrize("url", ["flags.example", "ftp://x", "http://u:p@x", "http://x/?a", ""])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|address"):
        WriterClient(url)


def test_a_path_before_the_writers_own(server: ScriptedServer) -> None:
    WriterClient(f"{server.url}/writer/", retry_seconds=0).stats()
    (asked,) = server.asked
    assert asked.path == "/writer/v1/stats"
    assert "authorization" not in asked.headers
    assert "x-tenant-id" not in asked.headers
