"""Promise: whatever is sent in paths, keys, headers and bodies is refused with 4xx or kept as it
was sent: it reaches no other file, reference or trailer, and no call is answered with 500.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from support.flag_repository import git
from support.wire import Wire
from support.writer_place import Place, opened_place

FILES = {
    "flags/known.yaml": "default: off\n",
    "segments/team.yaml": "members: [u-1]\n",
    "globex/flags/secret.yaml": "default: off\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened_place(tmp_path_factory.mktemp("hostile"), FILES) as made:
        yield made
        git(made.bare, "fsck", "--strict")


KEYS = (
    "../x",
    "../../globex/flags/secret",
    "..",
    ".",
    "",
    ".git",
    ".git.config",
    "a/../../b",
    "a/b",
    "a\\b",
    "..\\..\\x",
    "%2e%2e%2fx",
    "a..b",
    ".a",
    "a.",
    "a b",
    "a\nb",
    "a\r\nBurgee-Action: x",
    "a\tb",
    "a\x00b",
    "\x00",
    "\x7f",
    "a\u202eb",
    "a\u200bb",
    "\uff41",
    "é",
    "e\u0301",
    "\u2215etc",
    "a\u2024b",
    "\ufeffa",
    "😀",
    "-rf",
    "--upload-pack=x",
    "_",
    "a:b",
    "a*",
    "a?",
    "~",
    "$HOME",
    "a@{1}",
    "refs/heads/main",
    "x" * 129,
    ".".join(["x" * 100] * 4),
    "x" * 100_000,
    ".".join(["x"] * 10_000),
    "CON",
    "con",
    "nul.x",
    "x.COM1",
    "aux",
    "KNOWN",
    "known.lock/../x",
)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key)[:30])
@pytest.mark.parametrize("folder", ["flags", "segments"])
def test_no_key_leads_elsewhere(place: Place, folder: str, key: str) -> None:
    before, refs = place.tip, git(place.bare, "for-each-ref")
    fields: dict[str, Any] = {"members": ["u"]} if folder == "segments" else {}
    fits = folder == "segments" and key == "KNOWN"
    calls: list[tuple[str, str, Any]] = [("POST", f"/v1/{folder}", {"key": key, **fields})]
    if key and len(key) < 5_000:
        for path in {quote(key, safe=""), quote(key, safe="/.%")}:
            one = f"/v1/{folder}/{path}"
            changes = [{"method": "PUT", "path": one, "body": fields}]
            calls += [("PUT", one, fields), ("PATCH", one, fields), ("DELETE", one, None)]
            calls += [("GET", one, None), ("GET", f"{one}/document", None)]
            calls += [("POST", "/v1/changes", {"changes": changes})]
            calls += [("PUT", f"{one}/state", {"state": "off"})]
            calls += [("GET", f"{one}/experiments/{path}", None)]
            calls += [("PUT", f"{one}/members/{path}", None)]
    for method, target, body in calls:
        answer = place.writer.ask(method, target, body)
        if fits:
            continue
        assert 400 <= answer.status < 500, (method, target[:80], answer.status, answer.body)
    if not fits:
        assert (place.tip, git(place.bare, "for-each-ref")) == (before, refs)


FORGED = (
    "x\nIdempotency-Key: forged forged",
    "x\r\n\r\nBurgee-Action: forged",
    "x\u2028Burgee-Tenant: forged",
    "x\u0085Reason: forged",
    "x\x0bBurgee-Undoes: forged",
    "\u202eforged\u2066",
    "x\x00forged",
    "Burgee-Request-Id: forged",
    "\n\nReason: forged\n\n",
    "x" * 10_000,
    "",
    "   ",
)
NAMES = (
    "Burgee-Action",
    "Burgee-Entity",
    "Burgee-Tenant",
    "Burgee-Environment",
    "Burgee-Request-Id",
    "Burgee-Undoes",
    "Idempotency-Key",
    "Reason",
)


@pytest.mark.parametrize("number", range(len(FORGED)))
def test_no_trailer_is_forged_by_words(place: Place, number: int) -> None:
    """Not through reasons, by header, query or body, nor by names, users or request ids."""
    text, key = FORGED[number], f"words.n{number}"
    writer = place.writer
    quoted = quote(text, safe="")
    made = [
        writer.ask("POST", f"/v1/flags?reason={quoted[:3000]}", {"key": key, "description": text}),
        writer.ask("PATCH", f"/v1/flags/{key}", {"owner": "a"}, Burgee_Reason=quoted[:9000]),
        writer.ask(
            "POST",
            "/v1/changes",
            {
                "reason": text,
                "changes": [
                    {"method": "PATCH", "path": f"/v1/flags/{key}", "body": {"owner": "b"}}
                ],
            },
        ),
        writer.ask("PUT", f"/v1/flags/{key}/overrides/{quoted[:5000]}", {"serve": "on"}),
        writer.ask("PUT", f"/v1/flags/{key}/overrides/u", {"serve": "on", "reason": text}),
        writer.ask("PATCH", f"/v1/flags/{key}", {"name": text}, X_Request_Id="a b: forged"),
        writer.ask("PATCH", f"/v1/flags/{key}", {"tags": [text]}),
        writer.ask("POST", f"/v1/flags/{key}/rules", {"name": text, "serve": "on"}),
        writer.ask("PUT", f"/v1/flags/{key}/experiments/{quoted[:3000]}", {"serve": "on"}),
    ]
    assert [each.status for each in made if each.status >= 500] == []
    commits = [each.headers["burgee-commit"] for each in made if "burgee-commit" in each.headers]
    for commit in commits:
        message = git(place.bare, "show", "-s", "--format=%B", commit)
        head, _, rest = message.partition("\n\n")
        assert "\n" not in head
        lines = rest.split("\n")
        assert all(line.split(": ")[0] in NAMES for line in lines), message
        names = [line.split(": ")[0] for line in lines]
        assert len(names) == len(set(names)), message
        assert all(each.isprintable() for each in (head, *lines)), ascii(message)
        parsed = git(place.bare, "show", "-s", "--format=%(trailers:only,unfold)", commit)
        assert parsed.split("\n") == [line.rstrip() for line in lines]
        assert "Idempotency-Key" not in names
        forged = [line for line in lines if "forged" in line and not line.startswith("Reason: ")]
        assert forged == []


def test_forged_trailers_of_a_push_settle_nothing(place: Place) -> None:
    writer = place.writer
    first = writer.done("PATCH", "/v1/flags/known", {"name": "One"}, Idempotency_Key="k-forge")
    message = git(place.bare, "show", "-s", "--format=%B", first["commit"])
    [line] = [each for each in message.splitlines() if each.startswith("Idempotency-Key")]
    other = line.replace(line[17:81], "0" * 64)
    root = place.person.root
    git(root, "pull", "--quiet", "--rebase", "origin", "main")
    place.person.write({"flags/known.yaml": "name: Pushed\ndefault: off\n"})
    git(root, "add", "--all")
    forged = message.replace("One", "Two").replace("Burgee-Action: ", "Burgee-Action: x") + "\n"
    forged = forged.replace(line, f"{line}\n{other}")
    git(root, "commit", "--quiet", "--message", forged)
    git(root, "push", "--quiet", "origin", "HEAD:main")
    pushed = place.tip
    page = writer.get("/v1/audit?entity=flag&entity_key=known")
    entry = page["entries"][0]
    assert (entry["commit"], entry["source"], entry["action"]) == (pushed, "git", None)
    assert entry["claimed"]["action"] == "xflag.update"
    assert entry["author"]["name"] == "A"
    again = writer.ask("PATCH", "/v1/flags/known", {"name": "One"}, Idempotency_Key="k-forge")
    replayed: Any = again.json()
    assert replayed["commit"] == first["commit"]
    for name, value in (("Idempotency_Key", "k-never-used"),):
        made = writer.done("PATCH", "/v1/flags/known", {"name": "Three"}, **{name: value})
        assert made["previous_commit"] == pushed


BODIES = {
    "empty": b"",
    "no-json": b"name: x\n",
    "half": b'{"name": "x',
    "two": b"{}{}",
    "list": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"1",
    "nan": b'{"metadata": {"a": NaN}}',
    "infinity": b'{"metadata": {"a": -Infinity}}',
    "huge-number": b'{"metadata": {"a": 1e999}}',
    "long-number": b'{"metadata": {"a": ' + b"9" * 5000 + b"}}",
    "deep-list": b'{"metadata": ' + b"[" * 100_000,
    "deep": b'{"metadata": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
    "wide": b'{"tags": [' + b'"x",' * 20_000 + b'"x"]}',
    "utf-16": '{"name": "x"}'.encode("utf-16"),
    "latin-1": b'{"name": "\xe9"}',
    "bom": b'\xef\xbb\xbf{"name": "x"}',
    "lone": b'{"name": "\\ud800"}',
    "lone-key": b'{"\\udc00": 1}',
    "nul-key": b'{"\\u0000": 1}',
    "unknown": b'{"nmae": "x"}',
    "merge": b'{"<<": {"default": "on"}}',
    "constructor": b'{"__class__": "x"}',
    "wrong": b'{"rules": {"name": "x"}}',
    "state": b'{"state": true}',
    "rules": b'{"rules": [[[]]]}',
    "variants": b'{"variants": [{"a": 1}]}',
}
CALLS = (
    ("POST", "/v1/flags"),
    ("PUT", "/v1/flags/known"),
    ("PATCH", "/v1/flags/known"),
    ("PUT", "/v1/flags/known/state"),
    ("PUT", "/v1/flags/known/overrides/u-1"),
    ("POST", "/v1/flags/known/rules"),
    ("PUT", "/v1/flags/known/experiments/e"),
    ("PATCH", "/v1/flags/known/experiments/e"),
    ("POST", "/v1/segments"),
    ("PATCH", "/v1/segments/team"),
    ("POST", "/v1/changes"),
    ("POST", "/v1/undo"),
    ("POST", "/v1/auth/token"),
)


@pytest.mark.parametrize("name", BODIES)
def test_no_body_is_a_server_error(place: Place, name: str) -> None:
    before = place.tip
    for method, target in CALLS:
        answer = place.writer.ask(method, target, BODIES[name])
        assert 400 <= answer.status < 500, (method, target, answer.status, answer.body)
        error: Any = answer.json()["error"]
        assert error if isinstance(error, str) else error["message"]
    assert place.tip == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"key": "twice", "description": "first", "description": "last"}', "description"),
        (b'{"key": "twice", "variants": {"a": {"value": {"x": 1, "\\u0078": 2}}}}', "x"),
    ],
)
def test_a_field_that_comes_twice(place: Place, body: bytes, field: str) -> None:
    """Of the two nobody knows which is meant, and whoever reviewed the call may have read one."""
    error = place.writer.refused("POST", "/v1/flags", body)
    assert (error["status"], error["code"]) == (400, "malformed_json")
    assert error["message"] == f"The body has the field '{field}' twice in one object."


@pytest.mark.parametrize(("letter", "most"), [("k", 1000), ("ü", 1000), ("\\", 500), ("\1", 166)])
def test_the_longest_name_that_a_file_holds(place: Place, letter: str, most: int) -> None:
    def body(count: int) -> object:
        variants = {"a": {"value": {letter * count: 1}}, "b": {"value": {}}}
        return {"key": f"long-{ord(letter)}", "variants": variants, "default": "a"}

    error = place.writer.refused("POST", "/v1/flags", body(most + 1))
    assert (error["status"], error["code"]) == (422, "invalid_request")
    assert "is too long: a file holds names of 1,000 characters" in error["message"]
    assert len(error["message"]) < 500
    done = place.writer.done("POST", "/v1/flags", body(most))
    assert done["flag"]["variants"]["a"]["value"] == {letter * most: 1}


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/v1/flags/", 404),
        ("GET", "/v1/flags/known/", 404),
        ("GET", "/V1/flags", 404),
        ("GET", "/v1/flags/known/nothing", 404),
        ("GET", "/v1/flags?limit=0", 400),
        ("GET", "/v1/flags?limit=101", 400),
        ("GET", f"/v1/flags?limit={'0' * 5000}1", 400),
        ("GET", "/v1/flags?limit=0000000000501", 400),
        ("GET", "/v1/flags?limit=%D9%A1", 400),
        ("GET", "/v1/flags?limit=1&limit=2", 400),
        ("GET", "/v1/flags?unknown=1", 400),
        ("GET", "/v1/flags?page_token=%00", 400),
        ("GET", "/v1/flags?page_token=!!!!", 400),
        ("GET", "/v1/flags?q=%ff", 400),
        ("GET", "/v1/flags?state=maybe", 400),
        ("GET", "/v1/flags/%ff", 400),
        ("GET", "/v1/flags/known/document?rev=HEAD", 404),
        ("GET", "/v1/flags/known/document?rev=main", 404),
        ("GET", "/v1/flags/known/document?rev=--help", 404),
        ("GET", "/v1/flags/known/document?rev=%00", 404),
        ("GET", "/v1/audit?limit=201", 400),
        ("GET", "/v1/audit?since=yesterday", 400),
        ("GET", "/v1/audit?cursor=AAAA", 400),
        ("PATCH", "/v1/flags/known?dry_run=perhaps", 400),
        ("POST", "/v1/flags/known", 405),
        ("PUT", "/v1/flags", 405),
        ("DELETE", "/v1/audit", 405),
        ("TRACE", "/v1/flags", 405),
        ("BREW", "/v1/flags", 400),
        ("OPTIONS", "/v1/flags", 405),
        ("GET", "/" + "a/" * 4000, 404),
    ],
)
def test_odd_targets_are_told_what_is_wrong(
    place: Place, method: str, target: str, status: int
) -> None:
    answer = place.writer.ask(method, target, {} if method in ("PATCH", "PUT", "POST") else None)
    assert answer.status == status, answer.body
    assert answer.json()["error"]


@pytest.mark.parametrize("target", ["/v1/flags", "/v1/flags/known", "/v1/stats", "/healthz"])
def test_head_is_get_without_a_body(place: Place, target: str) -> None:
    head, get = (place.writer.ask(method, target) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (get.status, b"")
    same = ("content-type", "etag", "cache-control")
    assert [head.headers.get(each) for each in same] == [get.headers.get(each) for each in same]


def raw(place: Place, *lines: str, body: bytes = b"") -> int:
    """Send headers that no dictionary holds; the status."""
    port = place.writer.port
    head = [*lines, f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    with Wire(port) as wire:
        wire.send("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return wire.answer().status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["X-API-Key: key-of-writer", "X-API-Key: key-of-admin"], 401),
        (["X-API-Key: key-of-both", "X-Tenant-ID: acme", "X-Tenant-ID: globex"], 400),
        (["X-API-Key: key-of-writer", "Idempotency-Key: "], 400),
        (["X-API-Key: key-of-writer", "Idempotency-Key: " + "x" * 256], 400),
        (["X-API-Key: key-of-writer", "Idempotency-Key: é"], 400),
        (["X-API-Key: key-of-writer", "If-Match: "], 400),
        (["X-API-Key: key-of-writer", "If-Match: ,"], 400),
        (["X-API-Key: key-of-writer", 'If-None-Match: "x"'], 400),
        (["X-API-Key: key-of-writer", "Burgee-Reason: %ff"], 400),
        (["X-API-Key: key-of-writer", 'If-Match: "x"', 'If-Match: "y"'], 412),
        (["X-API-Key: key-of-writer", 'If-Match: W/"x"'], 412),
    ],
)
def test_odd_headers_let_nothing_through(place: Place, headers: list[str], status: int) -> None:
    before = place.tip
    line = "PATCH /v1/flags/known HTTP/1.1"
    assert raw(place, line, *headers, body=b'{"name": "Odd"}') == status
    assert place.tip == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "a/b;c", ""])
def test_the_content_type_decides_nothing(place: Place, kind: str) -> None:
    """JSON is read, whatever it is called: no form of a page can be one, since CORS is off."""
    answer = place.writer.ask(
        "PATCH", "/v1/flags/known?dry_run=1", {"name": "K"}, Content_Type=kind
    )
    assert answer.status in (200, 415)
    form = place.writer.ask("PATCH", "/v1/flags/known", b"name=x", Content_Type=kind)
    assert form.status in (400, 415)
    assert json.loads(form.body)["error"]["code"]
