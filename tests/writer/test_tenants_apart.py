"""Promise: nothing of another tenant is in any answer, error, finding, plan, page of the audit,
event or figure: no word of its files, commits, names or people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.event_source import EventSource
from support.flag_repository import git
from support.writer_place import Place, opened_place

MARK = "zanzibar"  # in all that is globex's, and in nothing of acme's
THEIRS = {
    f"globex/flags/{MARK}/launch.yaml": (
        f"# {MARK}\nname: {MARK}\nowner: {MARK}\ntags: [{MARK}]\nvariants: [{MARK}, b]\n"
        f"metadata: {{{MARK}: {MARK}}}\n"
        f"rules: [{{name: {MARK}, when: {{segment: {MARK}}}, serve: {MARK}}}]\n"
        f"overrides: [{{user: {MARK}, serve: b, reason: {MARK}}}]\n"
        f"default: b\n"
    ),
    f"globex/segments/{MARK}.yaml": f"description: {MARK}\nmembers: [{MARK}]\n",
    "globex/tenant.yaml": f"name: {MARK}\n",
    "globex/attributes.yaml": f"{MARK}: {{type: string}}\n",
    "globex/flags/shared.yaml": "default: off\n",
}
FILES = {
    **THEIRS,
    "flags/shared.yaml": "default: off\n",
    "flags/own.yaml": "variants: [a, b]\ndefault: a\n",
    "segments/team.yaml": "members: [u-1]\n",
}
BROKEN = {
    f"globex/flags/{MARK}/broken.yaml": f"default: {MARK}\n",
    f"globex/flags/{MARK}/worse.yaml": f"{MARK}: [\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("apart")
    with opened_place(folder, FILES) as made:
        writer = made.writer
        writer.headers = {"X-API-Key": "key-of-admin", "X-Tenant-ID": "acme"}
        theirs = {"who": "globex", "X_Tenant_ID": "globex"}
        writer.done("PATCH", "/v1/flags/own", {"owner": "ann"})
        writer.done(
            "PATCH",
            f"/v1/flags/{MARK}.launch?reason={MARK}",
            {"owner": f"{MARK}2"},
            X_Request_Id=MARK,
            Idempotency_Key=MARK,
            **theirs,
        )
        git(made.person.root, "pull", "--quiet", "--rebase", "origin", "main")
        git(made.person.root, "config", "user.name", MARK)
        made.push({**BROKEN, "globex/flags/shared.yaml": f"description: {MARK}\ndefault: off\n"})
        yield made


def searched(answer: Any, asked: str = "") -> None:
    """Look for their word in all that was not asked with."""
    body = answer.body.decode().lower()
    assert MARK not in (body.replace(asked, "") if asked else body), body
    assert MARK not in json.dumps(answer.headers).lower()


def mixed_commit(place: Place) -> str:
    """One commit of both tenants, whose words are not for either alone."""
    files = {
        "acme/flags/mixed.yaml": "default: off\n",
        f"globex/flags/{MARK}/mixed.yaml": "default: off\n",
    }
    root = place.person.root
    git(root, "pull", "--quiet", "--rebase", "origin", "main")
    place.person.write(files)
    git(root, "add", "--all")
    message = f"both, and {MARK}\n\nmore of {MARK}\n\nReason: {MARK}\nReviewed-by: {MARK}\n"
    git(root, "commit", "--quiet", "--message", message)
    git(root, "push", "--quiet", "origin", "HEAD:main")
    return git(root, "rev-parse", "HEAD")


READS = (
    "/v1/flags?limit=100",
    "/v1/flags?q=zanz",
    "/v1/flags/shared",
    "/v1/flags/shared/document",
    "/v1/segments",
    "/v1/experiments",
    "/v1/stats",
    "/v1/audit?limit=200",
    "/v1/webhooks/deliveries",
    "/v1/flags?tag=other",
    "/v1/flags?environment=nowhere",
    "/metrics",
    "/readyz",
)


@pytest.mark.parametrize("target", READS)
def test_no_read_shows_it(place: Place, target: str) -> None:
    searched(place.writer.ask("GET", target))


def test_a_commit_of_both_shows_none_of_its_words(place: Place) -> None:
    """The name of its author is no tenant's: it is told."""
    commit = mixed_commit(place)
    page = place.writer.get("/v1/audit?limit=200")
    [entry] = [each for each in page["entries"] if each["commit"] == commit]
    assert entry["entity_key"] == "mixed"
    for name in ("subject", "body", "reason", "claimed", "request_id"):
        assert entry[name] is None
    assert entry["files"] == ["acme/flags/mixed.yaml"]
    error = place.writer.ask("POST", "/v1/undo", {"commit": commit})
    assert error.status == 403
    searched(error)
    for entity in (f"flag/{MARK[:-1]}", "flag/shared"):
        searched(place.writer.ask("POST", "/v1/undo", {"commit": commit, "entity": entity}))
    done = place.writer.ask("POST", "/v1/undo", {"commit": commit, "entity": "flag/mixed"})
    assert done.status == 200
    searched(done)


@pytest.mark.parametrize("filters", ["", "&entity=flag", "&entity_key=shared", "&actor=globex"])
def test_no_page_of_the_audit_shows_it(place: Place, filters: str) -> None:
    """Page by page, as cursors lead."""
    cursor, seen = "", 0
    while True:
        answer = place.writer.ask("GET", f"/v1/audit?limit=1{filters}{cursor}")
        searched(answer)
        page: Any = answer.json()
        assert {each["tenant"] for each in page["entries"]} <= {"acme", None}
        seen += len(page["entries"])
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert seen > 0 or "actor" in filters


def test_a_cursor_of_theirs_leads_nowhere(place: Place) -> None:
    theirs = {"who": "globex", "X_Tenant_ID": "globex"}
    page = place.writer.get("/v1/audit?limit=1", **theirs)
    assert MARK in json.dumps(page)
    answer = place.writer.ask("GET", f"/v1/audit?limit=200&cursor={page['cursor']}")
    assert answer.status == 400
    searched(answer)


WRITES: tuple[tuple[str, str, Any], ...] = (
    ("PATCH", "/v1/flags/own", {"description": "mine"}),
    ("PATCH", "/v1/flags/own", {"default": "nowhere"}),
    ("PATCH", "/v1/flags/zanziba.launch", {"name": "x"}),
    ("PATCH", "/v1/flags/own", {"rules": [{"name": "r", "when": {"segment": "zanziba"}}]}),
    ("PATCH", "/v1/flags/own", {"requires": [{"flag": "zanziba.launch", "serves": ["b"]}]}),
    (
        "PATCH",
        "/v1/flags/own",
        {"rules": [{"name": "r", "when": {"attribute": "zanziba", "eq": 1}, "serve": "b"}]},
    ),
    ("PUT", "/v1/flags/own/overrides/u-1", {"serve": "zanziba"}),
    ("PUT", "/v1/segments/zanziba/members/u-1", None),
    ("PUT", "/v1/flags/shared/state", {"state": "off"}),
    ("DELETE", "/v1/flags/shared", None),
)


@pytest.mark.parametrize("line", WRITES, ids=lambda line: f"{line[0]} {line[1]}")
@pytest.mark.parametrize("more", ["", "?dry_run=true", "?propose=true"])
def test_no_write_shows_it(place: Place, line: tuple[str, str, Any], more: str) -> None:
    """Their broken flags are there all the while, and their names are near to what is asked for."""
    answer = place.writer.ask(line[0], f"{line[1]}{more}", line[2])
    assert answer.status < 500
    searched(answer)


def test_their_commits_are_not_undone_and_not_read(place: Place) -> None:
    theirs = {"who": "globex", "X_Tenant_ID": "globex"}
    page = place.writer.get("/v1/audit?limit=200", **theirs)
    commits = {each["commit"] for each in page["entries"] if each["tenant"] == "globex"}
    assert len(commits) > 2
    before = place.tip
    for commit in commits:
        body = {"commit": commit}
        answer = place.writer.ask("POST", "/v1/undo", body)
        assert answer.status in (403, 404)
        searched(answer)
        for key in (f"{MARK}.launch", "shared"):
            searched(place.writer.ask("POST", "/v1/undo", {**body, "entity": f"flag/{key}"}), key)
            target = f"/v1/flags/{key}/document?rev={commit}"
            searched(place.writer.ask("GET", target), key)
    assert git(place.bare, "diff", "--name-only", before, "main", "--", "globex") == ""


def test_a_stream_hears_of_none_of_it(place: Place) -> None:
    headers = {"X-API-Key": "key-of-admin", "X-Tenant-ID": "acme"}
    theirs = {"who": "globex", "X_Tenant_ID": "globex"}
    with EventSource(place.writer.port, "/v1/events", headers) as stream:
        assert stream.status == 200
        theirs_made = place.writer.done(
            "PATCH", f"/v1/flags/{MARK}.launch", {"description": "two"}, **theirs
        )["commit"]
        ours = place.writer.done("PATCH", "/v1/flags/own", {"description": "three"})["commit"]
        event = stream.event()
    assert theirs_made != ours == event.id
    assert event.data["entities"] == ["flag/own"]
    assert MARK not in json.dumps(event.data)


def test_a_conflict_with_what_is_theirs_is_told_without_it(place: Place) -> None:
    """The flag of one tenant does not become the twin of another's."""
    made = place.writer.ask("POST", "/v1/flags", {"key": f"{MARK.upper()}.launch"})
    assert made.status == 201
    body = made.body.decode().replace(f"{MARK.upper()}.launch", "").replace(MARK.upper(), "")
    assert MARK not in body
    for target in (f"/v1/flags/{MARK}.launch", f"/v1/segments/{MARK}"):
        for method in ("GET", "DELETE", "PATCH"):
            answer = place.writer.ask(method, target, {} if method == "PATCH" else None)
            assert answer.status == 404
