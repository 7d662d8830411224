"""Promise: whatever a build is published to, a file is whole, and a condition holds or fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee_compiler.publish.opening import open_target
from burgee_compiler.publish.target import Lost, Target, Unusable
from support.targets import KINDS, open_kind


@pytest.fixture(params=KINDS)
def target(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    with open_kind(request.param, tmp_path, monkeypatch) as made:
        yield made[0]


def test_what_is_not_there_is_none(target: Target) -> None:
    assert target.read("production/manifest.json", 100) is None
    target.remove(["production/nothing.json"])


def test_what_is_created_is_there_and_told_the_second_time(target: Target) -> None:
    assert target.create("production/acme/flags-1.json", b"one")
    assert not target.create("production/acme/flags-1.json", b"one")
    found = target.read("production/acme/flags-1.json", 3)
    assert found is not None
    assert found.data == b"one"


def test_a_manifest_is_replaced_under_its_condition_alone(target: Target) -> None:
    path = "production/manifest.json"
    target.prove("production")
    target.replace(path, b"one", None)
    with pytest.raises(Lost):
        target.replace(path, b"two", None)
    first = target.read(path, 100)
    assert first is not None
    target.replace(path, b"two", first.condition)
    with pytest.raises(Lost):
        target.replace(path, b"three", first.condition)
    second = target.read(path, 100)
    assert second is not None
    assert second.data == b"two"
    target.remove([path])
    with pytest.raises(Lost):
        target.replace(path, b"three", second.condition)
    assert target.read(path, 100) is None


def test_more_than_was_asked_for_is_not_read(target: Target) -> None:
    target.write("production/x.json", b"x" * 3_000_000)
    with pytest.raises(Unusable, match="over 100 bytes"):
        target.read("production/x.json", 100)


def test_what_is_there_is_listed_where_it_can_be(target: Target) -> None:
    target.write("production/a.json", b"aa")
    target.write("production/acme/b.json", b"b")
    target.write("staging/c.json", b"c")
    listed = target.list("production")
    if listed is None:
        assert target.place.startswith("http")
        return
    assert {each.path: each.size for each in listed} == {
        "production/a.json": 2,
        "production/acme/b.json": 1,
    }
    assert len({int(each.modified) // 60 for each in listed}) <= 2
    target.remove([each.path for each in listed])
    assert target.list("production") == []
    assert target.read("staging/c.json", 10) is not None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ftp://x/y", "nothing is published to ftp://"),
        ("https://ann:secret@flags.example/set", "would be logged"),
        ("https://flags.example/set?sig=secret", "no query"),
        ("http://flags.example/set", "for everybody on the way to read"),
    ],
)
def test_what_can_be_no_target_is_told(
    name: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURGEE_PUBLISH_TOKEN", "t-0")
    with pytest.raises(Unusable) as raised:
        open_target(name)
    assert told in f"{raised.value} {raised.value.help}"
    assert "secret" not in f"{raised.value} {raised.value.help}"
