"""A source that is followed: whatever arrives broken is refused, and the last good one served."""

import asyncio
import gc
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from burgee.signatures import Trust
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.figures import Figures
from burgee_edge.follower import Follower
from burgee_edge.holder import Holder, Refusal
from burgee_edge.last_good import LastGood
from burgee_edge.sources.folder import FolderSource
from burgee_http.metrics import Cell
from support.edge import ACME, GLOBEX
from support.signing import sign
from support.snapshots import TenantParts, flag, write_environment

FIGURES = Figures()
OTHER = TenantParts({"new": flag("on")})


class Following:
    """A follower over `<folder>/dist`, looked after by hand."""

    def __init__(self, folder: Path, *, trust: Trust | None = None, state: bool = False) -> None:
        self.root = folder / "dist"
        self.set = self.root / "production"
        self.state = folder / "state"
        last_good = LastGood(self.state, "production", trust) if state else None
        self.holder = Holder(highest=None if last_good is None else last_good.highest())
        self.follower = Follower(
            FolderSource(self.root, "production"),
            self.holder,
            "production",
            lambda: ResponseCache(1000, CacheCounts(Cell(), Cell()), FIGURES.settle),
            trust=trust,
            last_good=last_good,
        )

    @property
    def version(self) -> str | None:
        current = self.holder.current
        return None if current is None else current.snapshot.version

    @property
    def refusals(self) -> dict[str, int]:
        return {reason: count for reason, count in self.holder.refusals.items() if count}

    def documents(self, kind: str) -> list[Path]:
        return sorted(self.set.glob(f"acme/{kind}-*"))


def refused_by(following: Following) -> Refusal | None:
    return following.holder.refused


def version_of(following: Following) -> str | None:
    return following.version


@pytest.fixture
def following(tmp_path: Path) -> Following:
    found = Following(tmp_path)
    write_environment(found.root, {"acme": ACME}, sequence=1)
    found.follower.start()
    assert found.version == "1-abcdef0"
    return found


Break = Callable[[Following], object]


def _newer(following: Following, **more: Any) -> None:
    write_environment(following.root, {"acme": OTHER}, sequence=2, **more)


def _manifest(text: bytes) -> Break:
    return lambda following: (following.set / "manifest.json").write_bytes(text)


def _truncated(following: Following) -> None:
    _newer(following)
    path = following.set / "manifest.json"
    path.write_bytes(path.read_bytes()[:100])


def _damaged(kind: str) -> Break:
    def break_(following: Following) -> None:
        before = following.documents(kind)
        _newer(following)
        [path] = set(following.documents(kind)) - set(before) or {before[0]}
        path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))

    return break_


def _without(kind: str) -> Break:
    def break_(following: Following) -> None:
        before = following.documents(kind)
        _newer(following)
        for path in set(following.documents(kind)) - set(before):
            path.unlink()

    return break_


def _of_another_environment(following: Following) -> None:
    write_environment(following.root, {"acme": OTHER}, sequence=2, environment="staging")
    shutil.copy(following.root / "staging" / "manifest.json", following.set)


def _of_a_newer_form(following: Following) -> None:
    _newer(following, format=(2, 0))


def _a_folder_for_a_file(following: Following) -> None:
    (following.set / "manifest.json").unlink()
    (following.set / "manifest.json").mkdir()


def _older(following: Following) -> None:
    write_environment(following.root, {"acme": OTHER}, sequence=1, version="1-0a0a0a0")


BROKEN: list[tuple[str, Break, str]] = [
    ("emptied", _manifest(b""), "malformed"),
    ("no JSON", _manifest(b"{"), "malformed"),
    ("another JSON", _manifest(b"[1]"), "malformed"),
    ("a deep one", _manifest(b"[" * 100_000), "malformed"),
    ("no UTF-8", _manifest(b"\xff\xfe"), "malformed"),
    (
        "a path for a tenant",
        _manifest(
            b'{"compiler":"1","environment":"production","epoch":0,"sequence":2,"version":"2-x",'
            b'"tenants":{"../x":"' + b"0" * 64 + b'"}}'
        ),
        "malformed",
    ),
    ("truncated", _truncated, "malformed"),
    ("deleted", lambda each: (each.set / "manifest.json").unlink(), "unreadable"),
    ("a folder gone", lambda each: shutil.rmtree(each.set), "unreadable"),
    (
        "a folder for a file",
        _a_folder_for_a_file,
        "unreadable",
    ),
    ("flags damaged", _damaged("flags"), "digest"),
    ("flags missing", _without("flags"), "unreadable"),
    ("tenant's manifest damaged", _damaged("manifest"), "digest"),
    ("tenant's manifest missing", _without("manifest"), "unreadable"),
    ("another environment", _of_another_environment, "wrong_environment"),
    ("a newer form", _of_a_newer_form, "format"),
    ("the same order, another content", _older, "conflict"),
]


def look(following: Following) -> None:
    asyncio.run(following.follower.check())


@pytest.mark.parametrize(
    ("break_", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_what_is_broken_is_refused_once_and_the_last_good_one_served(
    following: Following, break_: Break, reason: str
) -> None:
    break_(following)
    for _ in range(3):
        look(following)
    assert following.version == "1-abcdef0"
    assert following.refusals == {reason: 1}


@pytest.mark.parametrize("break_", [case[1] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_whatever_it_was_the_next_good_one_is_taken(following: Following, break_: Break) -> None:
    break_(following)
    look(following)
    if (following.set / "manifest.json").is_dir():
        (following.set / "manifest.json").rmdir()
    write_environment(following.root, {"acme": OTHER}, sequence=3)
    look(following)
    assert following.version == "3-abcdef0"


@pytest.mark.parametrize("break_", [case[1] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_what_is_not_served_any_more_goes_though_something_was_refused(
    following: Following, break_: Break
) -> None:
    """Without a collection, from which all there is was exempted."""
    assert following.holder.current is not None
    gone = weakref.ref(following.holder.current)
    gc.collect()
    gc.disable()
    try:
        break_(following)
        look(following)
        look(following)
        if (following.set / "manifest.json").is_dir():
            (following.set / "manifest.json").rmdir()
        for sequence in (3, 4):
            write_environment(following.root, {"acme": OTHER}, sequence=sequence)
            look(following)
        del following.holder.listeners[:]
        assert gone() is None
    finally:
        gc.enable()


def test_a_refusal_is_counted_again_once_it_comes_back(following: Following) -> None:
    good = (following.set / "manifest.json").read_bytes()
    for _ in range(3):
        (following.set / "manifest.json").write_bytes(b"")
        look(following)
        (following.set / "manifest.json").write_bytes(good)
        look(following)
    assert following.refusals == {"malformed": 3}


def test_documents_may_come_after_their_manifest(following: Following) -> None:
    before = set(following.documents("flags"))
    _newer(following)
    [late] = set(following.documents("flags")) - before
    late.rename(late.with_suffix(".hidden"))
    look(following)
    assert following.refusals == {"unreadable": 1}
    late.with_suffix(".hidden").rename(late)
    look(following)
    assert following.version == "2-abcdef0"


def test_an_older_one_is_refused_without_being_loaded_over_and_over(following: Following) -> None:
    write_environment(following.root, {"acme": OTHER}, sequence=3)
    look(following)
    write_environment(following.root, {"acme": ACME}, sequence=2)
    look(following)
    shutil.rmtree(following.set / "acme")
    look(following)
    assert following.refusals == {"older": 1}


def test_tenants_that_did_not_change_are_taken_over(following: Following) -> None:
    first = following.holder.current
    assert first is not None
    cache = first.views["acme"].cache
    write_environment(following.root, {"acme": ACME, "globex": GLOBEX}, sequence=2)
    look(following)
    second = following.holder.current
    assert second is not None
    assert second.views["acme"] is first.views["acme"]
    write_environment(following.root, {"acme": OTHER, "globex": GLOBEX}, sequence=3)
    look(following)
    third = following.holder.current
    assert third is not None
    assert third.views["globex"] is second.views["globex"]
    assert third.views["acme"] is not second.views["acme"]
    assert third.views["acme"].cache is cache
    old = {path for path in second.documents if path.startswith("acme/flags")}
    assert not old & set(third.documents)
    assert old <= set(third.older)
    assert {path for path in third.documents if path.startswith("globex/")}


def test_signatures(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    following = Following(tmp_path, trust=Trust([key.public_key()]), state=True)
    manifest = write_environment(following.root, {"acme": ACME})
    following.follower.start()
    assert version_of(following) is None
    sign(following.set, manifest, other)
    look(following)
    sign(following.set, manifest, key, text=b"other bytes")
    look(following)
    assert version_of(following) is None
    assert following.refusals == {"unsigned": 1, "signature": 1}
    sign(following.set, manifest, other, key)
    look(following)
    assert version_of(following) == "1-abcdef0"
    shutil.rmtree(following.root)
    again = Following(tmp_path, trust=Trust([key.public_key()]), state=True)
    again.follower.start()
    assert version_of(again) == "1-abcdef0"
    third = Trust([Ed25519PrivateKey.generate().public_key()])
    stranger = Following(tmp_path, trust=third, state=True)
    stranger.follower.start()
    assert version_of(stranger) is None


def test_keys_that_are_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text("no key")
    with pytest.raises(ValueError, match="holds no public key"):
        Trust.read([path])


# The copy on local disk


def served_once(tmp_path: Path) -> None:
    following = Following(tmp_path, state=True)
    write_environment(following.root, {"acme": ACME, "globex": GLOBEX}, sequence=5)
    following.follower.start()
    assert following.version == "5-abcdef0"


def _manifest_emptied(root: Path) -> None:
    (root / "production" / "manifest.json").write_bytes(b"")


DOWN: list[Callable[[Path], object]] = [
    shutil.rmtree,
    _manifest_emptied,
    lambda root: write_environment(root, {"acme": OTHER}, sequence=4),
]


@pytest.mark.parametrize("break_", DOWN, ids=["gone", "emptied", "older"])
def test_a_node_starts_with_its_source_down(
    tmp_path: Path, break_: Callable[[Path], object]
) -> None:
    served_once(tmp_path)
    break_(tmp_path / "dist")
    again = Following(tmp_path, state=True)
    again.follower.start()
    assert again.version == "5-abcdef0"
    assert again.holder.current is not None
    result = again.holder.current.view("acme").evaluate("integer", {}, 0, browser=False)
    assert result.value == 10
    write_environment(again.root, {"acme": OTHER}, sequence=6)
    look(again)
    assert again.version == "6-abcdef0"


@pytest.mark.parametrize("name", ["manifest.json", "acme/flags-*"])
def test_a_copy_that_was_touched_is_not_served(tmp_path: Path, name: str) -> None:
    served_once(tmp_path)
    shutil.rmtree(tmp_path / "dist")
    [path] = (tmp_path / "state" / "production" / "set").glob(name)
    path.write_bytes(path.read_bytes().replace(b"a", b"b"))
    again = Following(tmp_path, state=True)
    again.follower.start()
    assert again.version is None


def test_the_copy_is_for_its_owner_alone_and_holds_no_more_than_is_served(tmp_path: Path) -> None:
    served_once(tmp_path)
    following = Following(tmp_path, state=True)
    write_environment(following.root, {"acme": OTHER}, sequence=6)
    following.follower.start()
    kept = tmp_path / "state" / "production" / "set"
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "state", kept)} == {0o700}
    names = sorted(path.relative_to(kept).as_posix().split("-")[0] for path in kept.rglob("*"))
    assert names == ["acme", "acme/flags", "acme/manifest", "acme/segments", "manifest.json"]


def test_a_folder_that_is_for_others_too_stays_so(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state").chmod(0o755)
    write_environment(tmp_path / "dist", {"acme": ACME})
    Following(tmp_path, state=True)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "state" / "production").stat().st_mode & 0o777 == 0o700


def test_a_full_disk_does_not_stop_the_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = Following(tmp_path, state=True)
    write_environment(following.root, {"acme": ACME})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    following.follower.start()
    assert following.version == "1-abcdef0"


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b"[1,2]"])
def test_a_damaged_note_of_the_highest_order_is_forgotten(tmp_path: Path, text: bytes) -> None:
    served_once(tmp_path)
    (tmp_path / "state" / "production" / "order.json").write_bytes(text)
    again = Following(tmp_path, state=True)
    again.follower.start()
    assert again.version == "5-abcdef0"


def test_a_bug_in_loading_is_a_refusal_like_any_other(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> None:
        raise RuntimeError("as a test")

    _newer(following)
    monkeypatch.setattr("burgee_edge.follower.make_served", bug)
    look(following)
    assert following.version == "1-abcdef0"
    assert following.refusals == {"internal": 1}


def test_the_source_is_followed_on_whatever_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = Following(tmp_path)
    following.follower.start()
    real = following.follower.check
    looks = 0

    async def failing() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("as a test")
        write_environment(following.root, {"acme": ACME})
        await real()
        stop.set()

    async def follow() -> None:
        await asyncio.wait_for(following.follower.run(stop), 10)

    stop = asyncio.Event()
    monkeypatch.setattr(following.follower, "check", failing)
    asyncio.run(follow())
    assert following.version == "1-abcdef0"


def test_whether_the_source_is_bad_now_can_be_seen(tmp_path: Path) -> None:
    """On call, "refused once" and "refused now" must not look alike."""
    following = Following(tmp_path)
    write_environment(following.root, {"acme": ACME})
    following.follower.start()
    assert refused_by(following) is None
    manifest = following.set / "manifest.json"
    kept = manifest.read_bytes()
    manifest.unlink()
    asyncio.run(following.follower.check())
    refused = refused_by(following)
    assert refused is not None
    assert refused.reason == "unreadable"
    assert str(manifest) in refused.detail
    manifest.write_bytes(kept)
    asyncio.run(following.follower.check())
    assert refused_by(following) is None
    assert following.refusals == {"unreadable": 1}


def test_a_folder_that_is_not_there_is_told_with_what_stands_beside_it(tmp_path: Path) -> None:
    following = Following(tmp_path)
    write_environment(following.root, {"acme": ACME}, environment="staging")
    following.follower.start()
    assert following.holder.refused is not None
    assert following.holder.refused.detail.endswith(f"; {following.root} holds: staging")
