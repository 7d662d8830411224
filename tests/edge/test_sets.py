"""A reader of `/v1/set/…` gets the dist layout, byte for byte, and can load it as a folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from burgee.load import load_environment, load_tenant
from burgee.signatures import Trust
from support.edge import ACME, GLOBEX, Edge, clients_file, running_edge
from support.signing import sign
from support.snapshots import write_environment


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    source = tmp_path_factory.mktemp("dist")
    write_environment(source, {"acme": ACME, "globex": GLOBEX}, sequence=3, epoch=2)
    with running_edge(source) as edge:
        yield edge


def over_http(edge: Edge, path: str) -> bytes:
    answer = edge.get(f"/v1/set/production/{path}")
    if answer.status != 200:
        raise OSError(answer.status, path)
    return answer.body


def test_every_document_is_served_as_it_was_built(edge: Edge) -> None:
    folder = edge.source / "production"
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert len(paths) == 7
    for path in paths:
        assert over_http(edge, path) == (folder / path).read_bytes()


def test_a_snapshot_loads_from_there(edge: Edge) -> None:
    snapshot = load_environment(lambda path: over_http(edge, path), "production")
    assert sorted(snapshot.tenants) == ["acme", "globex"]
    assert snapshot.tenants["acme"].evaluate("integer", {}, 0).value == 10


def test_one_tenant_loads_from_there(edge: Edge) -> None:
    head = edge.get("/v1/set/production/acme/manifest.json")
    assert head.headers["burgee-order"] == "2.3"
    assert head.headers["burgee-version"] == "3-abcdef0"
    digest = head.headers["etag"].strip('"')
    _, flags = load_tenant(lambda path: over_http(edge, path), "production", "acme", digest)
    assert flags.keys() == sorted(ACME.flags)


@pytest.mark.parametrize("path", ["manifest.json", "acme/manifest.json"])
def test_manifests_are_asked_for_again_and_again(edge: Edge, path: str) -> None:
    first = edge.get(f"/v1/set/production/{path}")
    assert first.headers["cache-control"] == "private, no-cache"
    again = edge.get(f"/v1/set/production/{path}", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["burgee-order"] == "2.3"


def test_documents_never_change(edge: Edge) -> None:
    name = next((edge.source / "production" / "acme").glob("flags-*")).name
    answer = edge.get(f"/v1/set/production/acme/{name}")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/json"


ABSENT = [
    "acme/flags-0000000000000000.json",
    "acme/flags.json",
    "acme/manifest-../../x.json",
    "acme/..%2f..%2fetc%2fpasswd",
    "acme/",
    "acme",
    "",
    "initech/manifest.json",
    "a%00b/manifest.json",
]


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_not_there(edge: Edge, path: str) -> None:
    assert edge.get(f"/v1/set/production/{path}").status == 404


def test_who_is_half_way_through_the_snapshot_before_can_finish(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME}, sequence=1)
    old = next((tmp_path / "production" / "acme").glob("flags-*"))
    with running_edge(tmp_path) as edge:
        text = old.read_bytes()
        write_environment(tmp_path, {"acme": GLOBEX}, sequence=2)
        old.unlink()
        while edge.get("/v1/status").json()["reloads"] != 2:
            continue
        assert over_http(edge, f"acme/{old.name}") == text


# Signatures


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A snapshot with signatures beside each manifest, by a key in `tmp_path/key.pub`."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub").write_bytes(public)
    source = tmp_path / "dist"
    sign_all(source, write_environment(source, {"acme": ACME, "globex": GLOBEX}), key)
    return source


def sign_all(source: Path, manifest: bytes, key: Ed25519PrivateKey) -> None:
    folder = source / "production"
    sign(folder, manifest, key)
    for path in folder.glob("*/manifest-*.json"):
        sign(path.parent, path.read_bytes(), key)


@pytest.mark.parametrize("trusting", [True, False])
def test_signatures_are_served_beside_what_they_sign(
    signed: Path, tmp_path: Path, trusting: bool
) -> None:
    settings = {"trust": (tmp_path / "key.pub",)} if trusting else {}
    with running_edge(signed, **settings) as edge:
        folder = signed / "production"
        paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.sig"))
        assert len(paths) == 3
        for path in paths:
            answer = edge.get(f"/v1/set/production/{path}")
            assert answer.body == (folder / path).read_bytes()
            assert answer.headers["cache-control"] == "private, no-cache"
            tag = answer.headers["etag"]
            assert edge.get(f"/v1/set/production/{path}", If_None_Match=tag).status == 304
        trust = Trust.read([tmp_path / "key.pub"])
        trust.check(lambda path: over_http(edge, path), over_http(edge, "manifest.json"))
        theirs = over_http(edge, "acme/manifest.json")
        trust.check(lambda path: over_http(edge, f"acme/{path}"), theirs)


def test_signatures_of_a_tenant_that_did_not_change_are_kept(signed: Path) -> None:
    [path] = (signed / "production" / "globex").glob("*.sig")
    with running_edge(signed) as edge:
        write_environment(signed, {"acme": GLOBEX, "globex": GLOBEX}, sequence=2)
        path.unlink()
        while edge.get("/v1/status").json()["reloads"] != 2:
            continue
        assert over_http(edge, f"globex/{path.name}")
        assert edge.get("/v1/set/production/manifest-0000000000000000.sig").status == 404


def test_who_may_read_signatures(signed: Path, tmp_path: Path) -> None:
    reader = {"scopes": ["flags:r"]}
    clients = clients_file(tmp_path, reader=reader, all={**reader, "tenants": ["*"]})
    folder = signed / "production"
    [whole], [own], [other] = (
        list(folder.glob(each)) for each in ("*.sig", "acme/*.sig", "globex/*.sig")
    )
    paths = [path.relative_to(folder).as_posix() for path in (whole, own, other)]
    with running_edge(signed, clients=clients) as edge:
        statuses = {
            name: [
                edge.get(f"/v1/set/production/{path}", Authorization=f"Bearer key-of-{name}").status
                for path in paths
            ]
            for name in ("reader", "all")
        }
    assert statuses == {"reader": [403, 200, 403], "all": [200, 200, 200]}


def test_a_copy_that_was_kept_has_its_signatures(signed: Path, tmp_path: Path) -> None:
    settings = {"trust": (tmp_path / "key.pub",), "state_dir": tmp_path / "state"}
    [name] = [path.name for path in (signed / "production" / "acme").glob("*.sig")]
    with running_edge(signed, **settings):
        pass
    shutil.rmtree(signed)
    with running_edge(signed, **settings) as edge:
        assert over_http(edge, f"acme/{name}")
