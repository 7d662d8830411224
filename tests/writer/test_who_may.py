"""Promise: every route of the process lets in whom the scope table says, cell by cell, and nobody
else; a token of some environments changes no other; rates and sizes are bounded; no secret is
shown or logged.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from burgee_writer.serve import build
from support.event_source import EventSource
from support.flag_repository import git
from support.token_writer import writer_options
from support.wire import Answer
from support.writer_place import Place, opened_place

FILES = {
    "flags/known.yaml": (
        "variants: [a, b]\n"
        "rules:\n"
        "  - name: exp\n"
        "    experiment: {status: running, control: a}\n"
        "    serve: {split: {a: 50, b: 50}}\n"
        "overrides: [{user: u-1, serve: b}]\n"
        "default: a\n"
    ),
    "flags/free.yaml": "default: off\n",
    "segments/team.yaml": "members: [u-1, u-2]\n",
    "segments/used.yaml": "members: [u-1, u-2]\n",
    "flags/user.yaml": "rules: [{name: r, when: {segment: used}, serve: on}]\ndefault: off\n",
    "globex/flags/known.yaml": "default: off\n",
}
OPEN, READ, WRITE, ADMIN = "", "flags:r", "flags:rw", "admin"
FLAG, SEGMENT, RULE = "/v1/flags/known", "/v1/segments/team", "/v1/flags/known/experiments/exp"
COMMIT = "COMMIT"  # the tip, which is known only once the repository is there

# Method, path, scope, body, status where it is let in. Writes are dry: each cell finds what was.
TABLE: Final[tuple[tuple[str, str, str, Any, int], ...]] = (
    ("GET", "/healthz", OPEN, None, 200),
    ("GET", "/readyz", OPEN, None, 200),
    ("GET", "/metrics", OPEN, None, 200),
    ("GET", "/.well-known/jwks.json", OPEN, None, 200),
    ("GET", "/openapi.json", OPEN, None, 200),
    ("GET", "/docs", OPEN, None, 200),
    ("GET", "/docs/nowhere.js", OPEN, None, 404),
    ("POST", "/v1/auth/token", OPEN, {"grant_type": "client_credentials"}, 401),
    ("GET", "/v1/flags", READ, None, 200),
    ("GET", FLAG, READ, None, 200),
    ("GET", f"{FLAG}/document", READ, None, 200),
    ("GET", "/v1/segments", READ, None, 200),
    ("GET", SEGMENT, READ, None, 200),
    ("GET", f"{SEGMENT}/document", READ, None, 200),
    ("GET", "/v1/experiments", READ, None, 200),
    ("GET", RULE, READ, None, 200),
    ("GET", "/v1/stats", READ, None, 200),
    ("GET", "/v1/audit", READ, None, 200),
    ("GET", "/v1/events", READ, None, 200),
    ("POST", "/v1/flags", WRITE, {"key": "new.one"}, 200),
    ("PUT", FLAG, WRITE, {"default": "a", "variants": ["a", "b"]}, 200),
    ("PATCH", FLAG, WRITE, {"name": "N"}, 200),
    ("DELETE", FLAG, WRITE, None, 200),
    ("PUT", f"{FLAG}/state", WRITE, {"state": "off"}, 200),
    ("PUT", f"{FLAG}/overrides/u-9", WRITE, {"serve": "a"}, 200),
    ("DELETE", f"{FLAG}/overrides/u-1", WRITE, None, 200),
    ("POST", f"{FLAG}/rules", WRITE, {"name": "more", "serve": "a"}, 200),
    ("PUT", RULE, WRITE, {"status": "paused", "control": "a"}, 200),
    ("PATCH", RULE, WRITE, {"status": "paused"}, 200),
    ("POST", "/v1/segments", WRITE, {"key": "new", "members": ["u"]}, 200),
    ("PUT", SEGMENT, WRITE, {"members": ["u"]}, 200),
    ("PATCH", SEGMENT, WRITE, {"description": "d"}, 200),
    ("DELETE", SEGMENT, WRITE, None, 200),
    ("PUT", f"{SEGMENT}/members/u-9", WRITE, None, 200),
    ("DELETE", f"{SEGMENT}/members/u-1", WRITE, None, 200),
    ("POST", "/v1/changes", WRITE, {"changes": [{"method": "DELETE", "path": FLAG}]}, 200),
    ("POST", "/v1/undo", WRITE, {"commit": COMMIT}, 200),
    ("GET", "/v1/webhooks/deliveries", ADMIN, None, 200),
    ("POST", "/v1/webhooks/deliveries/0123/redeliver", ADMIN, None, 404),
)
ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "evaluate": (),
    "reader": (READ,),
    "writer": (READ, WRITE),
    "admin": (READ, WRITE, ADMIN),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened_place(tmp_path_factory.mktemp("may"), FILES) as made:
        made.writer.headers.clear()
        made.writer.done("PATCH", "/v1/flags/free", {"name": "Free"}, who="writer")
        yield made


@pytest.fixture(scope="module")
def undone(place: Place) -> str:
    return place.tip


def call(
    place: Place, line: tuple[str, str, str, Any, int], headers: Mapping[str, str], commit: str
) -> Answer:
    """One call of the table; of a stream the head of the answer is enough."""
    method, path, scope, body, _ = line
    if path == "/v1/events":
        with EventSource(place.writer.port, path, headers) as stream:
            data = b"{}" if stream.status == 200 else stream.body()
            return Answer(stream.status, stream.headers, data)
    if body == {"commit": COMMIT}:
        body = {"commit": commit}
    target = f"{path}?dry_run=true&replace_rules=true" if scope == WRITE else path
    if scope == WRITE and not ("{" in path or path in (FLAG, SEGMENT) or method == "POST"):
        target = f"{path}?dry_run=true"
    if path in ("/v1/changes", "/v1/undo", f"{FLAG}/rules") or method == "DELETE":
        target = target.replace("&replace_rules=true", "")
    return place.writer.send(method, target, body, headers)


def judged(answer: Answer) -> tuple[int, str]:
    if answer.status < 400:
        return answer.status, ""
    body: Any = answer.json()
    return answer.status, body["error"]["code"]


@pytest.mark.parametrize("line", TABLE, ids=lambda line: f"{line[0]} {line[1]}")
def test_the_table(place: Place, undone: str, line: tuple[str, str, str, Any, int]) -> None:
    scope, good = line[2], line[4]
    tenants: tuple[dict[str, str], ...] = (
        {"X-Tenant-ID": "acme"},
        {"X-Tenant-ID": "globex"},
        {"X-Tenant-ID": "../x"},
        {},
    )
    if scope == OPEN:
        for tenant in tenants:
            for key in ({}, {"X-API-Key": "key-of-nobody"}, {"X-API-Key": "key-of-reader"}):
                assert call(place, line, {**tenant, **key}, undone).status == good
        return
    for tenant in tenants:
        nobody = call(place, line, tenant, undone)
        assert judged(nobody) == (401, "unauthenticated")
        assert nobody.headers["www-authenticate"] == "Bearer"
        for bad in ({"X-API-Key": "key-of-nobody"}, {"Authorization": "Bearer a.b.c"}):
            assert judged(call(place, line, {**tenant, **bad}, undone)) == (401, "invalid_token")
    for who, scopes in ALLOWED.items():
        own, foreign, bad, none = tenants
        key = {"X-API-Key": f"key-of-{who}"}
        let_in = scope in scopes
        for tenant in (own, none):
            answer = call(place, line, {**tenant, **key}, undone)
            expected = good if let_in else 403
            assert answer.status == expected, (who, tenant, answer.body)
            if not let_in:
                assert judged(answer)[1] == "scope_missing"
            elif answer.status == 200:
                assert answer.headers["cache-control"].split(",")[0] in ("private", "no-store")
        assert judged(call(place, line, {**foreign, **key}, undone)) == (403, "tenant_forbidden")
        assert judged(call(place, line, {**bad, **key}, undone)) == (400, "tenant_invalid")
    if scope != ADMIN:
        two = {"X-API-Key": "key-of-both"}
        assert judged(call(place, line, two, undone)) == (400, "tenant_missing")
        assert call(place, line, {**two, "X-Tenant-ID": "acme"}, undone).status == good


def test_the_table_has_every_route(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "burgee.yaml").write_text("environments: [production]\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    [listener] = build(writer_options(tmp_path, insecure=True))
    app: Any = listener.app
    there = {
        (method, _shape(route.path))
        for route in app.router.routes
        if isinstance(route, Route)
        for method in set(route.methods or ()) - {"HEAD"}
    }
    assert there == {(method, _tabled(path)) for method, path, _, _, _ in TABLE}


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _tabled(path: str) -> str:
    names = ("known", "team", "exp", "u-1", "u-9", "0123", "nowhere.js")
    return "/".join("{}" if part in names else part for part in path.split("/"))


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("PUT", "/v1/flags/free/state", {"state": "off", "environments": ["staging"]}, 200),
        ("PUT", "/v1/flags/free/state", {"state": "off", "environments": ["production"]}, 403),
        ("PUT", "/v1/flags/free/state", {"state": "off"}, 403),
        ("PUT", "/v1/flags/free/overrides/u", {"serve": "on", "environment": "staging"}, 200),
        ("PUT", "/v1/flags/free/overrides/u", {"serve": "on", "environment": "production"}, 403),
        ("PUT", "/v1/flags/free/overrides/u", {"serve": "on"}, 403),
        ("PATCH", "/v1/flags/free", {"default": "on"}, 403),
        ("PATCH", "/v1/flags/free", {"environments": {"staging": {"default": "on"}}}, 200),
        ("PATCH", "/v1/flags/free", {"environments": {"production": {"default": "on"}}}, 403),
        ("PATCH", "/v1/flags/free", {"tags": ["x"]}, 403),
        ("PATCH", "/v1/flags/free", {"client_side": True}, 403),
        ("PATCH", "/v1/flags/free", {"metadata": {"a": 1}}, 403),
        ("POST", "/v1/flags", {"key": "new.two"}, 403),
        ("DELETE", "/v1/flags/free", None, 403),
        ("PUT", "/v1/segments/used/members/u-9", None, 403),
        ("PUT", "/v1/segments/used/members/u-9?environment=staging", None, 200),
        ("PUT", "/v1/segments/used/members/u-9?environment=production", None, 403),
        ("DELETE", "/v1/segments/used/members/u-1", None, 403),
        ("POST", "/v1/undo", {"commit": "PUSHED"}, 403),
        (
            "POST",
            "/v1/changes",
            {
                "changes": [
                    {
                        "method": "PUT",
                        "path": "/v1/flags/free/state",
                        "body": {"state": "off", "environments": ["staging"]},
                    },
                    {"method": "PATCH", "path": "/v1/flags/known", "body": {"default": "b"}},
                ]
            },
            403,
        ),
    ],
)
@pytest.mark.parametrize("more", ["", "propose=true"])
def test_a_token_of_some_environments_changes_no_other(
    place: Place, method: str, target: str, body: Any, status: int, more: str
) -> None:
    before, refs = place.tip, git(place.bare, "for-each-ref")
    if body == {"commit": "PUSHED"}:
        place.push({"flags/pushed.yaml": f"default: on\nname: before {more}\n"})
        body = {"commit": place.push({"flags/pushed.yaml": f"default: off\nname: {more}\n"})}
        before, refs = place.tip, git(place.bare, "for-each-ref")
    joined = f"{target}{'&' if '?' in target else '?'}{more}" if more else target
    answer = place.writer.ask(method, joined, body, who="staging")
    if status == 403:
        assert judged(answer) == (403, "environment_forbidden"), answer.body
        assert (place.tip, git(place.bare, "for-each-ref")) == (before, refs)
    else:
        assert answer.status == (202 if more else 200), answer.body
        if not more:
            place.writer.done("POST", "/v1/undo", {"commit": place.tip}, who="writer")


def test_a_rate_is_told_with_a_whole_number_of_seconds(place: Place) -> None:
    answers = [place.writer.ask("GET", "/v1/flags", who="limited") for _ in range(4)]
    assert [each.status for each in answers] == [200, 200, 200, 429]
    assert re.fullmatch(r"[1-9]\d*", answers[3].headers["retry-after"])
    before = place.tip
    late = place.writer.ask("PATCH", "/v1/flags/free", {"name": "Late"}, who="limited")
    assert judged(late) == (429, "rate_limited")
    assert place.tip == before
    assert place.writer.ask("GET", "/v1/flags", who="reader").status == 200


def test_bodies_are_bounded(place: Place) -> None:
    text = "x" * 1024 * 1024
    big = place.writer.ask("POST", "/v1/flags", {"key": "big", "description": text}, who="writer")
    assert judged(big) == (413, "body_too_large")
    nobody = place.writer.ask("POST", "/v1/flags", {"key": "big", "description": text})
    assert nobody.status in (401, 413)
    assert place.writer.ask("GET", f"/v1/flags?q={'x' * 20_000}", who="reader").status == 431


def test_no_secret_is_shown_or_logged(place: Place) -> None:
    writer = place.writer
    asked = {
        "grant_type": "client_credentials",
        "client_id": "writer",
        "client_secret": "key-of-writer",
        "audience": "writer",
    }
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    issued: Any = writer.send("POST", "/v1/auth/token", urlencode(asked).encode(), form).json()
    token = issued["access_token"]
    basic = base64.b64encode(b"writer:key-of-writer").decode()
    shown: list[Answer] = []
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Bearer {token}x"},
        {"Authorization": f"Basic {basic}"},
        {"X-API-Key": "key-of-writer"},
        {"X-API-Key": "key-of-writer2"},
    ):
        targets = ("/v1/flags", "/v1/flags/%00", f"/v1/flags?q={token}", f"/{token}")
        shown += [writer.send("GET", target, None, headers) for target in targets]
        body = {"key": "secret.one", "description": "d"}
        keyed = {**headers, "Idempotency-Key": "idem-secret"}
        shown.append(writer.send("POST", "/v1/flags", body, keyed))
        shown.append(writer.send("PUT", "/v1/flags/known/overrides/user-secret", {}, keyed))
    shown.append(writer.send("GET", "/metrics"))
    assert {each.status for each in shown} >= {200, 201, 401, 422}
    answers = b"".join(each.body + repr(each.headers).encode() for each in shown)
    for secret in (token, "key-of-writer", basic, "idem-secret"):
        assert secret.encode() not in answers
    log = writer.log.read_text(encoding="utf-8")
    for secret in (token, "key-of-writer", basic, "idem-secret", "user-secret", "PRIVATE KEY"):
        assert secret not in log
    assert {"writer"} <= {each.get("subject") for each in writer.logs()}
    history = git(place.bare, "log", "--format=%B", "main")
    assert "idem-secret" not in history
    modes = {each.name: each.stat().st_mode & 0o077 for each in writer.state.glob("*.key")}
    assert set(modes.values()) == {0}, modes
    assert writer.state.stat().st_mode & 0o077 == 0
