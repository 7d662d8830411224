"""Promise: what is loaded is whole, of the right environment and tenant, and of a known form."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee.load import (
    Refused,
    document_path,
    load_environment,
    load_tenant,
    read_folder,
    read_tenant,
)
from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.members import MemberList, pack_members
from support.flag_repository import FlagRepository

FILES = {
    "flags/a.yaml": "default: on\n",
    "flags/b.yaml": "default: off\nrules: [{name: r, when: {segment: s}, serve: on}]\n",
    "flags/c.yaml": "default: on\nrequires: [{flag: a, serves: [on]}]\n",
    "segments/s.yaml": "members_file: l.csv\n",
    "segments/l.csv": "".join(f"u-{n}\n" for n in range(100)),
    "other/flags/d.yaml": "default: off\n",
}
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Files:
    repository = FlagRepository(tmp_path_factory.mktemp("flags"), FILES)
    (made,) = (each for each in repository.build().environments if each.environment == "production")
    return {**made.files, "manifest.json": made.manifest}


def reader(files: Files) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return files[path]

    return read


def refused(files: Files, environment: str = "production") -> str:
    """The reason for which a set is refused; the message must name what it is about."""
    with pytest.raises(Refused) as caught:
        load_environment(reader(files), environment)
    assert str(caught.value)
    return caught.value.reason


def changed(files: Files, path: str, change: Callable[[Any], object]) -> Files:
    """The files with another JSON in one place, and digests above it taken anew."""
    kind = path.rsplit("/", maxsplit=1)[-1].split("-", maxsplit=1)[0]
    shown = msgspec.json.decode(files[path])
    change(shown)
    data = canonical(shown)
    if path == "manifest.json":
        return {**files, path: data}
    tenant = path.split("/", maxsplit=1)[0]
    old, new = digest(files[path]), digest(data)
    put = {**files, document_path(tenant, kind, new): data}
    if kind == "manifest":
        return changed(put, "manifest.json", lambda top: top["tenants"].update({tenant: new}))

    def rename(manifest: dict[str, Any]) -> None:
        for ref in (*manifest["flags"], manifest["segments"]):
            if ref["digest"] == old:
                ref["digest"] = new

    (above,) = (each for each in files if each.startswith(f"{tenant}/manifest-"))
    return changed(put, above, rename)


def one(files: Files, start: str) -> str:
    (path,) = (each for each in files if each.startswith(start))
    return path


def test_a_whole_set(built: Files) -> None:
    snapshot = load_environment(reader(built), "production")
    assert list(snapshot.tenants) == ["acme", "other"]
    assert snapshot.tenants["acme"].keys() == ["a", "b", "c"]
    assert snapshot.digest == digest(built["manifest.json"])
    assert snapshot.data == built["manifest.json"]
    assert snapshot.order == (0, 0)
    assert snapshot.version.startswith("0-")
    flags = snapshot.tenants["acme"]
    assert flags.evaluate("b", {"targetingKey": "u-7"}, 0).variant == "on"
    assert flags.evaluate("b", {"targetingKey": "x"}, 0).variant == "off"


def test_from_a_folder(built: Files, tmp_path: Path) -> None:
    for path, data in built.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    snapshot = load_environment(read_folder(tmp_path), "production")
    assert snapshot.digest == digest(built["manifest.json"])


def test_every_byte_counts(built: Files) -> None:
    for path, data in built.items():
        if path == "manifest.json":
            continue
        for other in (data[:-1], data + b" ", b"", bytes([data[0] ^ 1]) + data[1:]):
            assert refused({**built, path: other}) == "digest"
        assert refused({each: built[each] for each in built if each != path}) == "unreadable"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[]", "malformed"),
        (b"null", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"format":[2,0]}', "format"),
        (b'{"format":[2,0],"tenants":7}', "format"),
    ],
)
def test_manifests_that_are_none(built: Files, data: bytes, reason: str) -> None:
    assert refused({**built, "manifest.json": data}) == reason


def test_every_cut_of_the_manifest_is_refused(built: Files) -> None:
    data = built["manifest.json"]
    for end in range(len(data)):
        assert refused({**built, "manifest.json": data[:end]}) == "malformed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"environment": "staging"}, "wrong_environment"),
        ({"environment": "Production"}, "wrong_environment"),
        ({"tenants": {"../acme": "0" * 64}}, "malformed"),
        ({"tenants": {"acme\n": "0" * 64}}, "malformed"),
        ({"tenants": {"": "0" * 64}}, "malformed"),
        ({"tenants": {"acme": "0" * 63}}, "malformed"),
        ({"tenants": {"acme": "0" * 64 + "\n"}}, "malformed"),
        ({"tenants": {"acme": "../" * 21 + "x"}}, "malformed"),
        ({"tenants": {"acme": "0" * 64}}, "unreadable"),
        ({"version": "1-abc\r\nSet-Cookie: x"}, "malformed"),
        ({"version": "ü"}, "malformed"),
        ({"sequence": "1"}, "malformed"),
    ],
)
def test_manifests_that_mislead(built: Files, change: dict[str, Any], reason: str) -> None:
    assert refused(changed(built, "manifest.json", lambda top: top.update(change))) == reason


@pytest.mark.parametrize(
    "start", ["manifest.json", "acme/manifest-", "acme/flags-", "acme/segments-"]
)
def test_forms_newer_and_older(built: Files, start: str) -> None:
    path = one(built, start)
    newer = changed(built, path, lambda each: each.update(format=[1, 7], later={"x": [1]}))
    assert load_environment(reader(newer), "production").tenants["acme"].keys() == ["a", "b", "c"]
    major = changed(built, path, lambda each: each.update(format=[2, 0]))
    assert refused(major) == "format"


@pytest.mark.parametrize("change", [{"tenant": "other"}, {"environment": "staging"}])
def test_a_manifest_of_another_tenant_or_environment(built: Files, change: dict[str, str]) -> None:
    path = one(built, "acme/manifest-")
    assert refused(changed(built, path, lambda each: each.update(change))) == "wrong_tenant"


def test_documents_are_found_by_their_digest_alone(built: Files) -> None:
    path = one(built, "acme/manifest-")
    for name in ("../../x", "0" * 63, "0" * 64 + "\n", ""):

        def point(each: dict[str, Any], name: str = name) -> None:
            each["segments"]["digest"] = name

        assert refused(changed(built, path, point)) == "malformed"


def test_member_lists_that_are_not_whole(built: Files) -> None:
    data = b"x" * 17
    path = one(built, "acme/manifest-")
    put = {**built, document_path("acme", "members", digest(data)): data}

    def point(each: dict[str, Any]) -> None:
        each["members"][0]["digest"] = digest(data)

    assert refused(changed(put, path, point)) == "malformed"


def test_unchanged_tenants_are_taken_over(built: Files) -> None:
    before = load_environment(reader(built), "production")
    path = one(built, "acme/flags-")

    def edit(document: dict[str, Any]) -> None:
        document["flags"]["a"][0] = "0" * 32

    asked: list[str] = []
    files = changed(built, path, edit)

    def read(path: str) -> bytes:
        asked.append(path)
        return files[path]

    prepared = before.tenants["acme"].get("b")
    after = load_environment(read, "production", before)
    assert after.tenants["other"] is before.tenants["other"]
    assert after.tenants["acme"] is not before.tenants["acme"]
    assert after.tenants["acme"].get("b") is prepared
    assert not [each for each in asked if each.startswith("other/")]


def test_one_tenant(built: Files) -> None:
    manifest = msgspec.json.decode(built["manifest.json"])
    whole = manifest["tenants"]["acme"]
    found, flags = load_tenant(reader(built), "production", "acme", whole)
    assert (found.tenant, flags.keys()) == ("acme", ["a", "b", "c"])
    documents = read_tenant(reader(built), "production", "acme", whole)
    assert list(documents.flags) == ["a", "b", "c"]
    for wrong in ("staging", "other"):
        with pytest.raises(Refused):
            load_tenant(reader(built), wrong, "acme", whole)


def test_member_lists_are_sequences() -> None:
    digests = [bytes([n]) * 16 for n in (7, 3, 250, 3)]
    data = pack_members(digests)
    members = MemberList(data)
    assert list(members) == sorted(set(digests))
    assert len(members) == 3
    assert [digest in members for digest in digests] == [True] * 4
    assert bytes(16) not in members
    assert members.__contains__("text") is False
    assert list(itertools.islice(MemberList(memoryview(data)), 5)) == list(members)
    assert not MemberList(b"")
    with pytest.raises(IndexError):
        members[3]
    with pytest.raises(ValueError, match="not whole"):
        MemberList(b"x")


@pytest.mark.parametrize("alike", [0, 4, 8, 12])
@given(data=st.data())
def test_a_member_list_holds_what_was_packed(alike: int, data: st.DataObject) -> None:
    """Spread evenly or not at all: `alike` bytes at the beginning are the same in all."""
    tails = st.binary(min_size=16 - alike, max_size=16 - alike)
    listed = data.draw(st.sets(tails, max_size=200))
    asked = data.draw(st.sets(tails, max_size=20))
    begin = b"\x7f" * alike
    members = MemberList(pack_members(begin + each for each in listed))
    assert len(members) == len(listed)
    for each in listed | asked:
        assert (begin + each in members) is (each in listed)
    for odd in (b"", begin[:15], "text", None):
        assert odd not in members
