"""Promise: a client of a real node evaluates what the node answers, follows what it follows, and is
told apart by its token."""

import queue
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee import Client
from burgee.client import Change
from support.edge import ACME, GLOBEX, clients_file
from support.edge_process import edge_process
from support.signing import sign
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

USERS = [{"targetingKey": f"u{number}", "plan": ("pro", "free")[number % 2]} for number in range(8)]


def test_it_decides_as_the_node_does(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME, "globex": GLOBEX}, sequence=7)
    with edge_process(tmp_path) as node:
        acme = node.named(x_tenant_id="acme")
        with Client(node.url, tenant="acme", allow_unsigned=True) as client:
            assert client.state.version == "7-abcdef0"
            for user in USERS:
                body = {"user": {"id": user["targetingKey"], "attributes": user}}
                answers = acme.post("/v1/evaluate/all", body).json()["flags"]
                assert isinstance(answers, list)
                mine = client.all(user)
                assert len(mine) == len(answers)
                for answer in answers:
                    details = mine[answer["flag_key"]]
                    assert (details.value, details.result.variant, details.result.reason) == (
                        answer["value"],
                        answer["variant"],
                        answer["reason"],
                    )
            assert client.evaluate("secret", {}, "none") == "none", "another tenant's"


def test_it_follows_what_the_node_follows(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME}, sequence=1)
    with (
        edge_process(tmp_path, "--poll-seconds", "0.1") as node,
        Client(node.url, tenant="acme", allow_unsigned=True, poll_seconds=0.1) as client,
    ):
        changes: queue.Queue[Change] = queue.Queue()
        client.on_change(changes.put)
        changed = TenantParts({**ACME.flags, "targeted": flag("on")})
        write_environment(tmp_path, {"acme": changed}, sequence=2)
        assert changes.get(timeout=20).keys == {"targeted"}
        assert client.evaluate("targeted", {}, False) is True
    assert client.evaluate("targeted", {}, False) is True, "the node is gone"


def test_an_unchanged_manifest_is_a_304(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME}, sequence=1)
    with (
        edge_process(tmp_path) as node,
        Client(node.url, tenant="acme", allow_unsigned=True, poll_seconds=0.05),
    ):
        path = "/v1/set/{environment}/{tenant}/manifest.json"
        line = f'http_requests_total{{method="GET",path="{path}",status="304"}}'

        def unchanged() -> bool:
            return line in node.get("/metrics").body.decode()

        until(unchanged, "polls that send nothing")


@pytest.mark.parametrize(
    ("token", "tenant", "status", "reason"),
    [
        ("key-of-app", "acme", "ready", None),
        ("key-of-app", "globex", "fatal", "forbidden"),
        ("key-of-page", "acme", "fatal", "forbidden"),
        ("another", "acme", "fatal", "unauthenticated"),
        (None, "acme", "fatal", "unauthenticated"),
    ],
)
def test_the_token_decides(
    tmp_path: Path, token: str | None, tenant: str, status: str, reason: str | None
) -> None:
    write_environment(tmp_path, {"acme": ACME, "globex": GLOBEX})
    clients = clients_file(tmp_path, app={"scopes": ["evaluate", "flags:r"]}, page={})
    with (
        edge_process(tmp_path, "--clients", str(clients)) as node,
        Client(
            node.url, tenant=tenant, token=token, environment="production", allow_unsigned=True
        ) as client,
    ):
        state = client.state
        assert state.status == status
        assert (None if state.trouble is None else state.trouble.reason) == reason
        expected = status == "ready"
        assert client.evaluate("integer", {}, 0) == (10 if expected else 0)


def test_another_environment_or_tenant_is_told(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with edge_process(tmp_path) as node:
        for tenant, environment in (("acme", "staging"), ("nobody", "production")):
            with Client(
                node.url, tenant=tenant, environment=environment, allow_unsigned=True
            ) as client:
                trouble = client.state.trouble
                assert trouble is not None
                assert trouble.reason == "not_found"
                assert f"no tenant {tenant}" in trouble.detail


def test_the_nodes_events_are_heard(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME}, sequence=1)
    clients = clients_file(tmp_path, app={"scopes": ["flags:r"]})
    with edge_process(tmp_path, "--clients", str(clients), "--poll-seconds", "0.1") as node:
        if b'"/v1/events"' not in node.get("/openapi.json").body:
            pytest.skip("this node has no events yet")
        with Client(
            node.url, tenant="acme", token="key-of-app", allow_unsigned=True, poll_seconds=3600
        ) as client:
            for sequence in (2, 3):
                on = "on" if sequence == 2 else "off"
                changed = TenantParts({**ACME.flags, "targeted": flag(on)})
                write_environment(tmp_path, {"acme": changed}, sequence=sequence)
                version = f"{sequence}-abcdef0"
                until(lambda v=version: client.state.version == v, version)  # type: ignore[misc]
                assert client.evaluate("targeted", {}, None) is (sequence == 2)


def test_signatures_of_the_tenants_own_manifest(tmp_path: Path) -> None:
    key, root = Ed25519PrivateKey.generate(), tmp_path / "dist"
    manifest = write_environment(root, {"acme": ACME})
    (own,) = (root / "production" / "acme").glob("manifest-*.json")
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(pem)
    trust = [tmp_path / "key.pub"]
    sign(root / "production", manifest, key)
    sign(own.parent, own.read_bytes(), key)
    with edge_process(root) as node, Client(node.url, tenant="acme", trust=trust) as client:
        trouble = client.state.trouble
        if trouble is not None and trouble.reason == "unsigned":
            pytest.skip("this node does not serve signatures yet")
        assert client.evaluate("integer", {}, 0) == 10
