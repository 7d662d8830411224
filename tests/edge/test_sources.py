"""Promise: whatever a node reads from, it takes what is new, whole and signed, fetches only that,
serves its last good set through every failure, and says how old that may be.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import obstore
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import HeartbeatForm, SignedHeartbeat
from burgee.whole_files import put_whole
from support.edge import ACME, GLOBEX, clients_file
from support.edge_process import EdgeProcess, edge_process
from support.scripted_server import Asked, Reply, ScriptedServer, scripted_server
from support.servers.nginx import nginx_server
from support.servers.s3 import opened, s3_bucket
from support.signing import sign, signature
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

KEY = Ed25519PrivateKey.generate()
QUICK = ("--poll-seconds", "0.1")


class Set:
    """A signed set below `<root>/production`, as a publisher writes it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "dist"
        self.folder = self.root / "production"
        self.public = folder / "signing.pub"
        pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public.write_bytes(pem)
        self.publish(1)

    def publish(self, sequence: int, *keys: Ed25519PrivateKey, on: bool = True) -> None:
        """Write the set of a commit: flag `f` of acme changes with each, globex never does."""
        changing = TenantParts({**ACME.flags, "f": flag("on" if on else "off")})
        manifest = self.folder / "manifest.json"
        before = manifest.read_bytes() if sequence > 1 else b""
        seen = manifest.stat().st_mtime if sequence > 1 else 0.0
        write_environment(self.root, {"acme": changing, "globex": GLOBEX}, sequence=sequence)
        whole = manifest.read_bytes()
        if before:  # signed before it is there
            manifest.write_bytes(before)
            os.utime(manifest, (seen, seen))
        sign(self.folder, whole, *(keys or (KEY,)))
        put_whole(manifest, whole)

    def beat(self, at: float, key: Ed25519PrivateKey = KEY) -> None:
        """Write a heartbeat of this time, in seconds since 1970."""
        said = HeartbeatForm("0" * 64, "production", round(at * 1e6))
        beat = SignedHeartbeat(said, (signature(key, canonical(said)),))
        (self.folder / "heartbeat.json").write_bytes(msgspec.json.encode(beat))

    @property
    def trusted(self) -> tuple[str, ...]:
        return ("--trust", str(self.public))


@pytest.fixture
def made(tmp_path: Path) -> Set:
    return Set(tmp_path)


def sequence(node: EdgeProcess) -> int:
    """The sequence of what a node serves, 0 where it serves nothing."""
    found = node.metric("burgee_snapshot_sequence")
    return 0 if math.isnan(found) else int(found)


def refusals(node: EdgeProcess, reason: str) -> float:
    text = node.get("/metrics").body.decode()
    line = f'burgee_refusals_total{{reason="{reason}"}} '
    return float(text.partition(line)[2].partition("\n")[0])


@contextmanager
def served(made: Set) -> Iterator[ScriptedServer]:
    """A server of the set that knows ETags, counts what it was asked, and may be told to fail."""

    def answer(asked: Asked) -> Reply:
        path = made.root / asked.path.lstrip("/")
        if not path.is_file():
            return Reply(404)
        data = path.read_bytes()
        etag = f'"{hash(data)}"'
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(200, data, {"ETag": etag})

    with scripted_server() as server:
        server.answer = answer
        yield server


def test_only_what_changed_is_fetched(made: Set) -> None:
    with served(made) as server, edge_process(server.url, *made.trusted, *QUICK) as node:
        until(lambda: sequence(node) == 1, "the first set is served")
        first = [each.path for each in server.asked if each.path.endswith((".json", ".sig"))]
        assert [each for each in first if "/globex/" in each]
        server.asked.clear()
        made.publish(2, on=False)
        until(lambda: sequence(node) == 2, "the second set is served")
        paths = [each.path for each in server.asked]
        assert [each for each in paths if "/globex/" in each] == []
        assert len([each for each in paths if "/acme/flags-" in each]) == 1
        manifests = [
            each for each in server.asked if each.path.endswith("production/manifest.json")
        ]
        assert all("if-none-match" in each.headers for each in manifests)
        told = node.ofrep("f", {"targetingKey": "u"}, x_tenant_id="acme").json()
        assert told["value"] is False


def always(reply: Reply) -> Callable[[Asked], Reply]:
    return lambda _: reply


def _truncated(made: Set) -> None:
    whole = (made.folder / "manifest.json").read_bytes()
    (made.folder / "manifest.json").write_bytes(whole[: len(whole) // 2])


def _damaged(made: Set) -> None:
    made.publish(2, on=False)
    [path] = [each for each in made.folder.glob("acme/flags-*") if b'"f"' in each.read_bytes()][-1:]
    for each in made.folder.glob("acme/flags-*"):
        each.write_bytes(each.read_bytes()[:-2] + b" }")
    assert path.exists()


def _unsigned(made: Set) -> None:
    made.publish(2)
    for each in made.folder.glob("manifest-*.sig"):
        each.unlink()


def _oversized(made: Set) -> None:
    with (made.folder / "manifest.json").open("ab") as file:
        file.truncate(17 << 20)


BAD: list[tuple[str, Callable[[Set], object]]] = [
    ("unsigned", _truncated),
    ("digest", _damaged),
    ("unsigned", _unsigned),
    ("signature", lambda made: made.publish(2, Ed25519PrivateKey.generate())),
    ("oversized", _oversized),
]


@pytest.mark.parametrize(("reason", "spoil"), BAD)
def test_what_is_bad_is_refused_counted_once_and_the_last_good_set_served(
    made: Set, reason: str, spoil: Callable[[Set], object]
) -> None:
    with served(made) as server, edge_process(server.url, *made.trusted, *QUICK) as node:
        until(lambda: sequence(node) == 1, "the first set is served")
        spoil(made)
        until(lambda: refusals(node, reason) >= 1, f"it is refused as {reason}")
        time.sleep(0.3)  # looked at again, and not counted again
        assert refusals(node, reason) == 1
        assert sequence(node) == 1
        assert node.get("/readyz").status == 200
        made.publish(3)
        until(lambda: sequence(node) == 3, "what is good is served")


def test_older_is_refused_after_a_restart_too(made: Set, tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    with served(made) as server:
        first = {each.name: each.read_bytes() for each in made.folder.glob("manifest*")}
        made.publish(2)
        with edge_process(server.url, *made.trusted, *QUICK, *state) as node:
            until(lambda: sequence(node) == 2, "the second set is served")
        for name, data in first.items():
            (made.folder / name).write_bytes(data)
        with edge_process(server.url, *made.trusted, *QUICK, *state) as node:
            until(lambda: refusals(node, "older") == 1, "the older one is refused")
            assert sequence(node) == 2


def test_a_cold_start_with_everything_else_down(made: Set, tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    with served(made) as server:
        url = server.url
        with edge_process(url, *made.trusted, *QUICK, *state) as node:
            until(lambda: sequence(node) == 1, "the set is served")
    with edge_process(url, *made.trusted, *QUICK, *state) as node:
        assert node.get("/readyz").status == 200
        assert node.ofrep("f", {"targetingKey": "u"}, x_tenant_id="acme").json()["value"] is True
        until(lambda: refusals(node, "unreachable") == 1, "the source is missed")
        assert node.get("/readyz").status == 200


def test_a_server_that_hangs_or_breaks_off_or_says_no(made: Set) -> None:
    with served(made) as server, edge_process(server.url, *made.trusted, *QUICK) as node:
        until(lambda: sequence(node) == 1, "the first set is served")
        well = server.answer
        for reply, reason in (
            (Reply(500), "unreachable"),
            (Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"), "unreachable"),
            (Reply(401), "unauthenticated"),
            (Reply(403), "forbidden"),
            (Reply(302, headers={"Location": "http://x.example/"}), "redirect"),
        ):
            before = refusals(node, reason)
            server.answer = always(reply)
            until(lambda: refusals(node, reason) > before, reason)  # noqa: B023
            server.answer = well
            until(lambda: node.metric("burgee_source_refused") == 0, "it is good again")
        assert sequence(node) == 1


def test_nginx_with_a_cache_before_it(made: Set, tmp_path: Path) -> None:
    origin = f"location / {{ root {made.root}; etag on; }}"
    with nginx_server(tmp_path / "origin", origin) as behind:
        cached = f"""location / {{ proxy_pass {behind}; proxy_cache cache;
            proxy_cache_valid 200 1s; proxy_cache_use_stale error timeout updating; }}"""
        with (
            nginx_server(tmp_path / "cache", cached) as url,
            edge_process(url, *made.trusted, *QUICK) as node,
        ):
            until(lambda: sequence(node) == 1, "the first set is served")
            for number in range(2, 5):
                made.publish(number, on=number % 2 == 0)
                until(lambda: sequence(node) == number, f"set {number} is served")  # noqa: B023
            assert sum(refusals(node, each) for each in ("digest", "signature")) == 0


def test_an_object_store(made: Set, tmp_path: Path) -> None:
    (tmp_path / "s3").mkdir()
    with s3_bucket(tmp_path / "s3") as bucket:
        port = bucket.port
        copy_into(made, bucket.environment)
        with edge_process("s3://flags/x", *made.trusted, *QUICK, env=bucket.environment) as node:
            until(lambda: sequence(node) == 1, "the first set is served")
            made.publish(2)
            copy_into(made, bucket.environment)
            until(lambda: sequence(node) == 2, "the second set is served")
    with edge_process("s3://flags/x", *made.trusted, *QUICK, env=bucket.environment) as node:
        assert node.get("/readyz").status == 503
        assert refusals(node, "unreachable") == 1
        with s3_bucket(tmp_path / "s3", port):
            until(lambda: node.get("/readyz").status == 200, "it is served once the store is there")
            assert sequence(node) == 2


def test_three_nodes_in_a_row(made: Set, tmp_path: Path) -> None:
    made.beat(time.time())
    clients = clients_file(
        tmp_path,
        chain={"scopes": ["flags:r"], "tenants": ["*"]},
        acme={"scopes": ["flags:r"]},
    )
    token, weak = tmp_path / "token", tmp_path / "weak"
    token.write_text("key-of-chain\n")
    weak.write_text("key-of-acme\n")
    who = ("--clients", str(clients))
    upstream = (*who, *made.trusted, *QUICK, "--source-token-file", str(token))
    with (
        edge_process(made.root, *who, *made.trusted) as first,
        edge_process(f"{first.url}/v1/set", *upstream) as second,
        edge_process(f"{second.url}/v1/set", *upstream) as third,
        edge_process(
            f"{first.url}/v1/set", *who, *made.trusted, "--source-token-file", str(weak)
        ) as shut,
    ):
        until(lambda: sequence(third) == 1, "the first set is at the end of the row")
        made.publish(2, on=False)
        until(lambda: sequence(third) == 2, "the second set is at the end of the row")
        path = "/v1/set/production/heartbeat.json"
        beats = [each.get(path, x_api_key="key-of-chain") for each in (first, second, third)]
        assert {each.body for each in beats} == {(made.folder / "heartbeat.json").read_bytes()}
        assert first.get(path, x_api_key="key-of-acme").status == 403
        assert shut.get("/readyz").status == 503
        assert refusals(shut, "forbidden") == 1


def test_staleness_is_told_and_unreadies_only_who_asks_for_it(made: Set) -> None:
    made.beat(time.time())
    limits = (*made.trusted, *QUICK, "--max-staleness", "2")
    with (
        served(made) as server,
        edge_process(server.url, *made.trusted, *QUICK) as patient,
        edge_process(server.url, *limits) as strict,
    ):
        for node in (patient, strict):
            until(lambda: sequence(node) == 1, "it is served")  # noqa: B023

        def lives() -> bool:
            made.beat(time.time())
            return strict.get("/readyz").status == 200

        until(lives, "the strict one is ready")
        assert patient.get("/readyz").status == 200
        # The publisher is dead: nothing but its heartbeat says so.
        until(lambda: strict.get("/readyz").status == 503, "the strict one steps aside")
        assert b'"stale"' in strict.get("/readyz").body
        assert patient.get("/readyz").status == 200
        assert patient.metric("burgee_stale_seconds") > 1.5
        told = strict.ofrep("f", {"targetingKey": "u"}, x_tenant_id="acme")
        assert told.status == 200  # whoever still asks is still answered
        made.beat(time.time() + 3600, Ed25519PrivateKey.generate())  # not the publisher's key
        time.sleep(0.5)
        assert strict.get("/readyz").status == 503
        until(lives, "the publisher lives again")


def copy_into(made: Set, env: Mapping[str, str]) -> None:
    """Put the set into the bucket, manifest last."""
    store = opened(env)
    paths = sorted(made.folder.rglob("*.*"), key=lambda each: each.name == "manifest.json")
    for path in (each for each in paths if each.is_file()):
        name = path.relative_to(made.root).as_posix()
        obstore.put(store, f"x/{name}", path.read_bytes())
