"""Promise: over HTTP a key of one tenant never reads, evaluates, times or infers another's."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from burgee.load import document_path
from support.command import run_burgee
from support.edge_process import EdgeProcess, edge_process
from support.wire import Answer, Wire

_OFREP = "/ofrep/v1/evaluate/flags"
_SEEN_WITHIN = 20.0
_ROUNDS = 300

_REPOSITORY = {
    "burgee.yaml": "environments: [production]\n",
    # one flag in both, one that differs, and one in each alone; keys that are told apart by nothing
    "a/flags/common.yaml": "variants: [x, y]\ndefault: {split: {x: 50, y: 50}}\n",
    "b/flags/common.yaml": "variants: [x, y]\ndefault: {split: {x: 50, y: 50}}\n",
    "a/flags/differs.yaml": "variants: {of-a: {value: value-of-a}}\ndefault: of-a\n",
    "b/flags/differs.yaml": "variants: {of-b: {value: value-of-b}}\ndefault: of-b\n",
    "a/flags/only-a.yaml": "variants: {of-a: {value: secret-of-a}}\ndefault: of-a\n",
    "b/flags/only-b.yaml": "variants: {of-b: {value: secret-of-b}}\n"
    "rules: [{name: vips, when: {segment: vip}, serve: of-b}]\ndefault: of-b\n",
    "b/flags/web-only-b.yaml": "client_side: true\ndefault: on\n",
    "b/segments/vip.yaml": "members: [vip-of-b]\n",
}
_OF_B = (b"of-b", b"only-b", b"vip")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the repository, its snapshots and a clients file; no test changes it."""
    folder = tmp_path_factory.mktemp("tenants")
    for name, text in _REPOSITORY.items():
        path = folder / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _build(folder)
    return folder


@pytest.fixture(scope="module")
def keys(place: Path) -> dict[str, str]:
    """Keys that `burgee client add` made, by who holds them."""
    clients = {
        "a": ("--tenant", "a", "--scope", "evaluate"),
        "b": ("--tenant", "b", "--scope", "evaluate"),
        "reader-a": ("--tenant", "a", "--scope", "flags:r"),
        "reader-b": ("--tenant", "b", "--scope", "flags:r"),
        "all": ("--tenant", "*", "--scope", "flags:r"),
    }
    made: dict[str, str] = {}
    for name, options in clients.items():
        command = ("client", "add", name, "--clients", "clients.yaml", "--json", *options)
        added = run_burgee(*command, cwd=place)
        assert added.returncode == 0, added.shown
        made[name] = added.json()["secret"]
    return made


@contextmanager
def _node(place: Path) -> Iterator[EdgeProcess]:
    with edge_process(place / "dist", "--clients", str(place / "clients.yaml")) as found:
        yield found


@pytest.fixture(scope="module")
def node(place: Path, keys: dict[str, str]) -> Iterator[EdgeProcess]:
    assert keys
    with _node(place) as found:
        yield found


@pytest.fixture
def changing(
    place: Path, keys: dict[str, str], tmp_path: Path
) -> Iterator[tuple[EdgeProcess, Path]]:
    """A node over a copy of the folder, for tests that change what is in it."""
    assert keys
    copy = tmp_path / "copy"
    shutil.copytree(place, copy)
    with _node(copy) as found:
        yield found, copy


def _build(place: Path) -> None:
    done = run_burgee("build", "repository", "--out", "dist", cwd=place)
    assert done.returncode == 0, done.shown


def _requests(key: str) -> list[tuple[str, str, object]]:
    user = {"id": "u-1"}
    return [
        ("POST", _OFREP, {"context": {"targetingKey": "u-1"}}),
        ("POST", f"{_OFREP}/{key}", {"context": {"targetingKey": "u-1"}}),
        ("POST", "/v1/evaluate", {"flag_key": key, "user": user}),
        ("POST", "/v1/evaluate/all", {"user": user}),
        ("POST", "/v1/evaluate/all", {"user": user, "flags": [key]}),
        ("POST", "/v1/evaluate/preview", {"flag_key": key, "user": user}),
        ("GET", "/v1/users/u-1/flags", None),
        ("GET", f"/v1/users/u-1/flags/{key}", None),
        ("GET", "/v1/status", None),
    ]


def _alike(first: Answer, second: Answer, *words: str) -> bool:
    """Whether two answers tell the same, apart from the words asked for and the request's id."""

    def told(answer: Answer) -> tuple[int, dict[str, str], bytes]:
        own = answer.headers["x-request-id"]
        headers = {
            name: text
            for name, text in answer.headers.items()
            if name not in ("date", "x-request-id")
        }
        body = answer.body.replace(own.encode(), b"")
        body = re.sub(rb'"stale_seconds":[0-9.e-]+', b"", body)  # how old, by the moment
        for word in words:
            body = body.replace(word.encode(), b"")
        return answer.status, headers, body

    return told(first) == told(second)


def test_nothing_of_another_tenant_is_read(node: EdgeProcess, keys: dict[str, str]) -> None:
    for holder in ("a", "reader-a"):
        caller = node.named(authorization=f"Bearer {keys[holder]}")
        for key in ("only-b", "common", "web-only-b"):
            for method, path, body in _requests(key):
                own = caller.send(method, path, body, {"X-Tenant-ID": "a"})
                answers = [own, caller.send(method, path, body)]
                if path != "/v1/status":
                    there = caller.send(method, path, body, {"X-Tenant-ID": "b"})
                    nowhere = caller.send(method, path, body, {"X-Tenant-ID": "c"})
                    assert there.status == 403
                    assert _alike(there, nowhere), path
                    answers += [there, nowhere]
                for answer in answers:
                    told = answer.body.replace(b'"%s"' % key.encode(), b"")
                    assert not any(word in told for word in _OF_B), (path, answer)


@pytest.mark.parametrize("holder", ["a", "reader-a", "all"])
def test_a_flag_that_is_elsewhere_is_as_one_that_is_nowhere(
    node: EdgeProcess, keys: dict[str, str], holder: str
) -> None:
    """Their answers are alike to the byte, but for the key asked for."""
    caller = node.named(x_api_key=keys[holder], x_tenant_id="a")
    for there, nowhere in zip(_requests("only-b"), _requests("no-one"), strict=True):
        assert _alike(caller.send(*there), caller.send(*nowhere), "only-b", "no-one"), there
    assert caller.ofrep("only-b").status == 404


def test_answers_of_one_key_in_two_tenants(node: EdgeProcess, keys: dict[str, str]) -> None:
    a, b = (node.named(x_api_key=keys[tenant]) for tenant in "ab")
    assert a.ofrep("differs").json()["value"] == "value-of-a"
    assert b.ofrep("differs").json()["value"] == "value-of-b"
    # The same split in both puts people apart: one tenant's arms say nothing of the other's.
    users = [{"targetingKey": f"u-{number}"} for number in range(40)]
    arms = [[each.ofrep("common", user).json()["value"] for user in users] for each in (a, b)]
    assert arms[0] != arms[1]
    # A tag of one is none of the other's, and neither is what it stands for.
    first, second = a.bulk(users[0]), b.bulk(users[0])
    assert first.headers["etag"] != second.headers["etag"]
    assert a.bulk(users[0], if_none_match=second.headers["etag"]).body == first.body
    assert {"Authorization", "X-Tenant-ID", "X-API-Key"} <= set(first.headers["vary"].split(", "))
    assert first.headers["cache-control"] == "private"


def test_a_change_of_one_tenant_is_unseen_by_another(
    changing: tuple[EdgeProcess, Path], keys: dict[str, str]
) -> None:
    node, place = changing
    a, b = (node.named(x_api_key=keys[f"reader-{tenant}"], x_tenant_id=tenant) for tenant in "ab")
    context = {"targetingKey": "u-1"}

    def seen(caller: EdgeProcess, tenant: str) -> list[object]:
        bulk = caller.bulk(context)
        manifest = caller.get(f"/v1/set/production/{tenant}/manifest.json")
        return [bulk.headers["etag"], bulk.body, manifest.headers["etag"], manifest.body]

    before, etag = seen(a, "a"), a.bulk(context).headers["etag"]
    changed = place / "repository" / "b" / "flags" / "differs.yaml"
    text = changed.read_text(encoding="utf-8").replace("value-of-b", "new-of-b")
    changed.write_text(text, encoding="utf-8")
    _build(place)
    _wait(lambda: b.ofrep("differs").json()["value"] == "new-of-b")
    assert seen(a, "a") == before
    assert a.bulk(context, if_none_match=etag).status == 304


def test_sets_are_the_tenants_own(node: EdgeProcess, keys: dict[str, str], place: Path) -> None:
    folder = place / "dist" / "production"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    named = {
        tenant: [f"{tenant}/manifest.json"]
        + [f"{tenant}/{path.name}" for path in sorted((folder / tenant).iterdir())]
        for tenant in manifest["tenants"]
    }
    assert document_path("b", "manifest", manifest["tenants"]["b"]) in named["b"]
    root = "/v1/set/production"
    for tenant, paths in named.items():
        for path in paths:
            name = path.removeprefix(f"{tenant}/")
            for holder, status in (("a", 403), ("b", 403), ("all", 200)):
                assert node.get(f"{root}/{path}", x_api_key=keys[holder]).status == status
            for holder in ("a", "b"):
                reader = node.named(x_api_key=keys[f"reader-{holder}"])
                answer = reader.get(f"{root}/{path}")
                assert answer.status == (200 if holder == tenant else 403), path
                if holder == "a":
                    assert not any(word in answer.body for word in _OF_B)
                # another's document is nowhere in one's own folder
                if holder != tenant and name != "manifest.json":
                    assert reader.get(f"{root}/{holder}/{name}").status == 404
    assert node.get(f"{root}/manifest.json", x_api_key=keys["reader-a"]).status == 403
    every = node.get(f"{root}/manifest.json", x_api_key=keys["all"])
    assert every.body == (folder / "manifest.json").read_bytes()
    for path in ("a/../b/manifest.json", "a/..%2Fb%2Fmanifest.json", "a%2F..%2Fb/manifest.json"):
        answer = node.get(f"{root}/{path}", x_api_key=keys["reader-a"])
        assert answer.status in (403, 404), path


def test_what_is_open_to_all_names_nothing(node: EdgeProcess, keys: dict[str, str]) -> None:
    for tenant in "ab":
        for method, path, body in _requests(f"only-{tenant}"):
            node.named(x_api_key=keys[tenant]).send(method, path, body, {"X-Tenant-ID": tenant})
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.json", "/docs"):
        answer = node.get(path)
        assert answer.status == 200
        words = (b"only-a", b"only-b", b"differs", b"of-b", b'tenant="', b'flag="', b"u-1")
        assert not any(word in answer.body for word in words), path


def test_a_key_that_is_revoked_ends(
    changing: tuple[EdgeProcess, Path], keys: dict[str, str]
) -> None:
    node, place = changing
    caller = node.named(x_api_key=keys["a"])
    assert caller.bulk().status == 200
    clients, beside = place / "clients.yaml", place / "next.yaml"
    beside.write_text(clients.read_text() + "revoked: [a]\n")
    beside.replace(clients)
    _wait(lambda: caller.bulk().status == 401)
    assert node.named(x_api_key=keys["b"]).bulk().status == 200


def test_time_tells_nothing(node: EdgeProcess, keys: dict[str, str]) -> None:
    """The quickest of many answers, taken in turns: what is elsewhere takes as long as nothing."""
    caller = node.named(x_api_key=keys["a"], x_tenant_id="a")
    quickest = {"only-b": 1.0, "no-one": 1.0}
    with Wire(node.port) as wire:
        for _ in range(_ROUNDS):
            for key, best in quickest.items():
                began = time.perf_counter()
                caller.send_on(wire, "POST", f"{_OFREP}/{key}", {})
                quickest[key] = min(best, time.perf_counter() - began)
    assert max(quickest.values()) < 2 * min(quickest.values()), quickest


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SEEN_WITHIN
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)
