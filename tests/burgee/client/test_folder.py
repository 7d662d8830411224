"""Promise: a client over a folder follows what is built into it, and keeps the last good one."""

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee import Client
from burgee.client import Change
from support.edge import ACME, GLOBEX
from support.signing import sign
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

ON = TenantParts({"f": flag("on"), "same": flag("on")})
OFF = TenantParts({"f": flag("off"), "same": flag("on"), "more": flag("on")})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_environment(tmp_path / "dist", {"acme": ON}, sequence=5)
    return tmp_path / "dist"


@pytest.fixture
def client(root: Path) -> Iterator[Client]:
    with Client(root, tenant="acme", poll_seconds=0.02) as found:
        assert found.evaluate("f", {}, False) is True
        yield found


def trouble(client: Client) -> str:
    found = client.state.trouble
    return "" if found is None else found.reason


def test_a_change_is_followed_and_told(root: Path, client: Client) -> None:
    changes: queue.Queue[Change] = queue.Queue()
    undo = client.on_change(changes.put)
    write_environment(root, {"acme": OFF}, sequence=6)
    change = changes.get(timeout=20)
    assert change == Change("6-abcdef0", frozenset({"f", "more"}))
    assert client.evaluate("f", {}, True) is False
    assert client.state.order == (0, 6)
    undo()
    write_environment(root, {"acme": ON}, sequence=7)
    until(lambda: client.state.version == "7-abcdef0", "the next version")
    assert changes.empty()


def test_a_version_that_changes_nothing_here_is_known(root: Path, client: Client) -> None:
    write_environment(root, {"acme": ON, "globex": GLOBEX}, sequence=6)
    until(lambda: client.state.version == "6-abcdef0", "the next version")
    assert client.details("f").version == "6-abcdef0"


def test_an_older_one_is_refused(root: Path, client: Client) -> None:
    write_environment(root, {"acme": OFF}, sequence=4)
    until(lambda: trouble(client) == "older", "the refusal")
    assert client.evaluate("f", {}, False) is True
    write_environment(root, {"acme": OFF}, sequence=1, epoch=1)
    until(lambda: client.evaluate("f", {}, True) is False, "a higher epoch")
    assert trouble(client) == ""


def test_another_content_of_one_order_needs_a_newer_compiler(root: Path, client: Client) -> None:
    write_environment(root, {"acme": OFF}, sequence=5)
    until(lambda: trouble(client) == "conflict", "the refusal")
    write_environment(root, {"acme": OFF}, sequence=5, compiler="0.2.0")
    until(lambda: client.evaluate("f", {}, True) is False, "the newer compiler's")


def test_any_order_is_taken_where_that_is_said(root: Path) -> None:
    with Client(root, tenant="acme", poll_seconds=0.02, any_order=True) as client:
        write_environment(root, {"acme": OFF}, sequence=4)
        until(lambda: client.evaluate("f", {}, True) is False, "the older one")


def test_uncommitted_trees_are_taken_and_rank_below_all(root: Path, client: Client) -> None:
    write_environment(root, {"acme": OFF}, sequence=0, version="0-abcdef01")
    until(lambda: client.evaluate("f", {}, True) is False, "the uncommitted one")
    write_environment(root, {"acme": ON}, sequence=5)
    until(lambda: client.evaluate("f", {}, False) is True, "the committed one")


@pytest.mark.parametrize(
    ("file", "data", "reason"),
    [
        ("manifest.json", b"", "malformed"),
        ("manifest.json", b"{", "malformed"),
        ("manifest.json", None, "unreadable"),
        ("acme", None, "unreadable"),
    ],
)
def test_damage_changes_nothing(
    root: Path, client: Client, file: str, data: bytes | None, reason: str
) -> None:
    write_environment(root, {"acme": OFF}, sequence=6)
    until(lambda: client.evaluate("f", {}, True) is False, "the good one")
    folder = root / "production"
    if data is not None:
        (folder / file).write_bytes(data)
    elif file == "acme":
        shutil.rmtree(folder / file)
        (folder / "manifest.json").write_bytes(
            (folder / "manifest.json").read_bytes().replace(b'"sequence":6', b'"sequence":7')
        )
        until(lambda: client.state.version is not None, "the same flags need no document")
        return
    else:
        (folder / file).unlink()
    until(lambda: trouble(client) == reason, reason)
    assert client.evaluate("f", {}, True) is False
    write_environment(root, {"acme": ON}, sequence=8)
    until(lambda: client.evaluate("f", {}, False) is True, "the next good one")
    assert trouble(client) == ""


def test_a_damaged_document_is_refused(root: Path, client: Client) -> None:
    shadow = root.parent / "shadow"
    write_environment(shadow, {"acme": OFF}, sequence=6)
    (document,) = (shadow / "production" / "acme").glob("flags-*")
    document.write_bytes(document.read_bytes().replace(b"on", b"no"))
    shutil.copytree(shadow, root, dirs_exist_ok=True)
    until(lambda: trouble(client) == "digest", "the refusal")
    assert client.evaluate("f", {}, False) is True


def test_a_folder_swapped_by_a_symlink(tmp_path: Path) -> None:
    for name, parts, sequence in (("a", ON, 1), ("b", OFF, 2)):
        write_environment(tmp_path / name, {"acme": parts}, sequence=sequence)
    link = tmp_path / "current"
    link.symlink_to("a")
    with Client(link, tenant="acme", poll_seconds=0.02) as client:
        assert client.evaluate("f", {}, False) is True
        (tmp_path / "next").symlink_to("b")
        (tmp_path / "next").rename(link)
        until(lambda: client.evaluate("f", {}, True) is False, "the other folder")


def test_another_tenant_is_named(root: Path) -> None:
    with Client(root, tenant="globex") as client:
        found = client.state.trouble
        assert found is not None
        assert found.reason == "no_tenant"
        assert "acme" in found.detail


def test_the_only_environment_is_taken_else_it_has_to_be_named(root: Path) -> None:
    write_environment(root, {"acme": OFF}, environment="staging")
    with Client(root, tenant="acme") as client:
        found = client.state.trouble
        assert found is not None
        assert "production, staging" in found.detail
        assert "environment=" in found.detail
    with Client(root, tenant="acme", environment="staging") as client:
        assert client.evaluate("f", {}, True) is False
    with Client(root, tenant="acme", environment="test") as client:
        found = client.state.trouble
        assert found is not None
        assert "holds production, staging" in found.detail


def public(key: Ed25519PrivateKey, path: Path) -> Path:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(pem)
    return path


def test_with_trust_only_what_is_signed(tmp_path: Path) -> None:
    root, key, other = tmp_path / "dist", Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    manifest = write_environment(root, {"acme": ON}, sequence=1)
    sign(root / "production", manifest, key)
    trust = [public(key, tmp_path / "key.pub")]
    with Client(root, tenant="acme", trust=trust, poll_seconds=0.02) as client:
        assert client.evaluate("f", {}, False) is True
        manifest = write_environment(root, {"acme": OFF}, sequence=2)
        until(lambda: trouble(client) == "unsigned", "the refusal of the unsigned")
        sign(root / "production", manifest, other)
        until(lambda: trouble(client) == "signature", "the refusal of another's")
        assert client.evaluate("f", {}, False) is True
        sign(root / "production", manifest, other, key)
        until(lambda: client.evaluate("f", {}, True) is False, "the signed one")


def test_staleness_is_told(root: Path) -> None:
    with Client(root, tenant="acme", poll_seconds=0.02, stale_after=0.2) as client:
        states: queue.Queue[str] = queue.Queue()
        until(lambda: client.state.status == "ready", "the first look")
        client.on_state(lambda state: states.put(state.status))
        (root / "production" / "manifest.json").rename(root / "aside")
        assert states.get(timeout=20) == "stale"
        assert client.evaluate("f", {}, False) is True
        assert client.details("f").status == "stale"
        (root / "aside").rename(root / "production" / "manifest.json")
        assert states.get(timeout=20) == "ready"


def test_a_listener_that_fails_stops_nothing(root: Path, client: Client) -> None:
    changes: queue.Queue[Change] = queue.Queue()

    def fails(change: Change) -> None:
        raise RuntimeError("the app's own")

    client.on_change(fails)
    client.on_change(changes.put)
    for sequence, parts in ((6, OFF), (7, ON)):
        write_environment(root, {"acme": parts}, sequence=sequence)
        assert changes.get(timeout=20).version == f"{sequence}-abcdef0"


def test_wrong_use_is_said_at_once(root: Path, tmp_path: Path) -> None:
    cases: list[tuple[str, dict[str, object], str]] = [
        (str(root), {"tenant": "no tenant"}, "no name of a tenant"),
        (str(root), {"environment": "../x"}, "no name of a environment"),
        (str(root), {"token": "secret"}, "a token is for the URL"),
        (str(root), {"poll_seconds": 0}, "above 0"),
        ("http://127.0.0.1:1", {}, "allow_unsigned=True"),
        ("ftp://x", {"allow_unsigned": True}, "no URL of an edge node"),
        ("http://u:secret@x", {"allow_unsigned": True}, "use token="),
        ("http://x/?a=b", {"allow_unsigned": True}, "a query"),
        ("http://x:99999", {"allow_unsigned": True}, "no URL"),
    ]
    for source, arguments, told in cases:
        with pytest.raises(ValueError, match=told) as caught:
            Client(source, **{"tenant": "acme", **arguments})  # type: ignore[arg-type]
        assert "secret" not in str(caught.value)
    (tmp_path / "bad.pub").write_text("no key")
    with pytest.raises(ValueError, match="no public key"):
        Client(root, tenant="acme", trust=[tmp_path / "bad.pub"])


def test_acme_is_whole(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with Client(str(tmp_path), tenant="acme") as client:
        assert sorted(client.all({"targetingKey": "u"})) == sorted(ACME.flags)
