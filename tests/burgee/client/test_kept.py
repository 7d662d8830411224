"""Promise: with a cache folder an app starts while its source is down, from a copy that is checked
again, and never goes back behind what it has seen."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee import Client
from support.scripted_node import ScriptedNode, scripted_node
from support.signing import sign
from support.snapshots import TenantParts, flag, write_environment
from support.waiting import until

ON = TenantParts({"f": flag("on")})
OFF = TenantParts({"f": flag("off")})


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    write_environment(tmp_path / "dist", {"acme": ON}, sequence=5)
    return tmp_path / "dist"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def node(dist: Path) -> Iterator[ScriptedNode]:
    with scripted_node(dist) as found:
        yield found


def connect(source: str | Path, cache: Path, **more: Any) -> Client:
    if isinstance(source, str):
        more = {"allow_unsigned": "trust" not in more, "events": False, "timeout": 1.0, **more}
    given = {"tenant": "acme", "environment": "production", "poll_seconds": 0.05, **more}
    return Client(source, cache_dir=cache, **given)


def fill(source: str | Path, cache: Path, **more: Any) -> Path:
    """Run a client once; returns the folder of its copy."""
    folder = cache / "production" / "acme"
    with connect(source, cache, **more) as client:
        assert client.evaluate("f", {}, False) is True
        until((folder / "order.json").exists, "the copy")
    return folder


def test_it_starts_with_the_node_down(node: ScriptedNode, cache: Path) -> None:
    fill(node.url, cache)
    node.stop()
    with connect(node.url, cache) as client:
        assert client.ready()
        assert client.evaluate("f", {}, False) is True
        assert client.state.status == "stale", "nobody has confirmed it"
        assert client.details("f").version == "5-abcdef0"


def test_it_starts_with_the_folder_gone(dist: Path, cache: Path) -> None:
    fill(dist, cache)
    dist.rename(dist.with_name("aside"))
    with connect(dist, cache) as client:
        assert client.evaluate("f", {}, False) is True
        dist.with_name("aside").rename(dist)
        until(lambda: client.state.status == "ready", "the source is back")


def test_it_is_for_its_owner_alone(dist: Path, cache: Path) -> None:
    folder = fill(dist, cache)
    for path in (cache, cache / "production", folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["flags", "manifest", "order", "shut"])
def test_a_damaged_copy_is_not_served(node: ScriptedNode, cache: Path, damage: str) -> None:
    folder = fill(node.url, cache)
    if damage == "order":
        (folder / "order.json").write_bytes(b"{")
    elif damage == "shut":
        (folder / "order.json").unlink()
        (folder / "order.json").mkdir()
    else:
        (path,) = folder.glob(f"{damage}-*.json")
        path.write_bytes(path.read_bytes().replace(b"on", b"no"))
    with connect(node.url, cache) as client:
        assert client.evaluate("f", {}, False) is True, "from the node"
    node.stop()
    with connect(node.url, cache / "other") as client:
        assert not client.ready()


def test_the_order_outlives_the_process(node: ScriptedNode, cache: Path) -> None:
    folder = fill(node.url, cache)
    for path in folder.glob("flags-*"):
        path.unlink()
    write_environment(node.root, {"acme": OFF}, sequence=4)
    with connect(node.url, cache) as client:
        assert not client.ready(), "the copy is not whole, and the node is behind"
        found = client.state.trouble
        assert found is not None
        assert found.reason == "older"
        write_environment(node.root, {"acme": OFF}, sequence=6)
        until(lambda: client.evaluate("f", {}, True) is False, "the newer one")


def test_the_order_is_kept_of_what_changed_nothing(node: ScriptedNode, cache: Path) -> None:
    folder = fill(node.url, cache)
    write_environment(node.root, {"acme": ON}, sequence=9)
    with connect(node.url, cache):
        until(lambda: json.loads((folder / "order.json").read_bytes())["sequence"] == 9, "kept")
    write_environment(node.root, {"acme": OFF}, sequence=7)
    with connect(node.url, cache) as client:
        found = client.state.trouble
        assert found is not None
        assert found.reason == "older"
        assert client.evaluate("f", {}, False) is True


def test_only_changed_documents_are_asked_for(node: ScriptedNode, cache: Path) -> None:
    fill(node.url, cache)
    node.asked.clear()
    with connect(node.url, cache) as client:
        assert client.state.status == "ready"
    assert {each.path for each in node.asked} == {"/v1/set/production/acme/manifest.json"}


def test_another_process_may_be_further(node: ScriptedNode, cache: Path) -> None:
    folder = fill(node.url, cache)
    order = json.loads((folder / "order.json").read_bytes())
    (folder / "order.json").write_text(json.dumps({**order, "sequence": 9}))
    write_environment(node.root, {"acme": OFF}, sequence=6)
    with connect(node.url, cache) as client:
        found = client.state.trouble
        assert found is not None
        assert found.reason == "older"
    assert json.loads((folder / "order.json").read_bytes())["sequence"] == 9


def test_what_is_unused_for_an_hour_goes(node: ScriptedNode, cache: Path) -> None:
    folder = fill(node.url, cache)
    old = {path.name for path in folder.iterdir()} - {"order.json", "lock"}
    for name in old:
        os.utime(folder / name, (1, 1))
    write_environment(node.root, {"acme": OFF}, sequence=6)
    with connect(node.url, cache) as client:
        until(lambda: client.evaluate("f", {}, True) is False, "the newer one")
        until(lambda: json.loads((folder / "order.json").read_bytes())["sequence"] == 6, "the copy")
        until(lambda: not list(folder.glob("flags-*"))[1:], "the old documents go")
    assert not {path.name for path in folder.glob("manifest-*")} & old


def test_files_of_others_stay(node: ScriptedNode, cache: Path, tmp_path: Path) -> None:
    """A folder may be one that is used for other things as well, or a link to one."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("id_ed25519", ".profile", "flags.json", "manifest-x.json"):
        (elsewhere / name).write_text("precious")
        os.utime(elsewhere / name, (1, 1))
    (cache / "production").mkdir(parents=True)
    (cache / "production" / "acme").symlink_to(elsewhere)
    folder = fill(node.url, cache)
    left = folder / ".flags-0123456789abcdef.json.x1y2"  # a process was killed
    left.write_text("{")
    os.utime(left, (1, 1))
    write_environment(node.root, {"acme": OFF}, sequence=6)
    with connect(node.url, cache):
        until(lambda: not left.exists(), "what is ours and of no use goes")
    assert {"id_ed25519", ".profile", "flags.json", "manifest-x.json"} <= {
        each.name for each in folder.iterdir()
    }


def test_a_folder_that_cannot_be_written_stops_nothing(node: ScriptedNode, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with connect(node.url, tmp_path / "file") as client:
        assert client.evaluate("f", {}, False) is True


def test_a_copy_is_as_signed_as_its_source_has_to_be(tmp_path: Path, cache: Path) -> None:
    root, key = tmp_path / "dist", Ed25519PrivateKey.generate()
    manifest = write_environment(root, {"acme": ON}, sequence=5)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(pem)
    sign(root / "production", manifest, key)
    (own,) = (root / "production" / "acme").glob("manifest-*.json")
    sign(own.parent, own.read_bytes(), key)
    for source in (root, "node"):
        kept = cache / str(source == root)
        with scripted_node(root) as node:
            url = node.url
            folder = fill(url if source == "node" else root, kept, trust=[tmp_path / "key.pub"])
        for served in (True, False):
            with connect(url, kept, trust=[tmp_path / "key.pub"]) as client:
                assert client.ready() is served
            for path in folder.glob("*.sig"):
                path.unlink()


def test_a_cache_needs_no_name_where_the_node_tells_it(node: ScriptedNode, cache: Path) -> None:
    given = {"tenant": "acme", "allow_unsigned": True, "events": False, "cache_dir": cache}
    with Client(node.url, **given) as client:  # type: ignore[arg-type]
        assert client.evaluate("f", {}, False) is True
        until((cache / "production" / "acme" / "order.json").exists, "the copy")
