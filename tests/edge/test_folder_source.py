"""A folder is followed however it changes: swapped links, renames, half writes, gone and back.

The poll that stands below the file events is off here, so that it is they that are tried.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import watchfiles.main

from burgee_edge.sources.folder import FolderSource, watched_folders

NEVER = 60.0
READY = threading.Event()


@pytest.fixture(autouse=True)
def _tell_when_a_watch_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    real = vars(watchfiles.main)["RustNotify"]

    def make(*given: Any) -> Any:
        watcher = real(*given)
        READY.set()
        return watcher

    READY.clear()
    monkeypatch.setattr(watchfiles.main, "RustNotify", make)


async def watched() -> None:
    """Wait until the next watch stands."""
    assert await asyncio.to_thread(READY.wait, 5)
    READY.clear()


def seen_after(source: FolderSource, change: Callable[[], object], wanted: bytes | None) -> None:
    """Wait until a look that the source asked for finds `wanted`; fails where none ever does."""

    async def wait() -> None:
        stop = asyncio.Event()
        changes = source.changes(stop, asyncio.Event())
        follow = asyncio.ensure_future(anext(changes))
        await watched()
        change()
        while True:
            await follow
            if manifest(source) == wanted:
                break
            follow = asyncio.ensure_future(anext(changes))
        stop.set()
        await changes.aclose()

    async def bounded() -> None:
        await asyncio.wait_for(wait(), 10)

    asyncio.run(bounded())


def manifest(source: FolderSource) -> bytes | None:
    try:
        return source.read("manifest.json")
    except OSError:
        return None


def put(folder: Path, text: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / ".manifest.json.tmp"
    temporary.write_bytes(text)
    temporary.replace(folder / "manifest.json")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path / "dist" / "production", b"1")
    return tmp_path / "dist"


def source_of(root: Path, poll: float = NEVER) -> FolderSource:
    return FolderSource(root, "production", poll)


def test_an_atomic_rename(root: Path) -> None:
    seen_after(source_of(root), lambda: put(root / "production", b"2"), b"2")


def test_an_editor_that_writes_twice(root: Path) -> None:
    def write() -> None:
        (root / "production" / "manifest.json").write_bytes(b"")
        (root / "production" / "manifest.json").write_bytes(b"2")

    seen_after(source_of(root), write, b"2")


def test_a_file_deleted_and_made_again(root: Path) -> None:
    path = root / "production" / "manifest.json"
    seen_after(source_of(root), path.unlink, None)
    seen_after(source_of(root), lambda: put(root / "production", b"2"), b"2")


@pytest.mark.parametrize("gone", ["production", "."])
def test_a_folder_deleted_and_made_again(root: Path, gone: str) -> None:
    def replace() -> None:
        shutil.rmtree(root / gone)
        put(root / "production", b"2")

    seen_after(source_of(root), replace, b"2")


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    source = source_of(tmp_path / "dist")
    seen_after(source, lambda: put(tmp_path / "dist" / "production", b"1"), b"1")


def kubernetes(mount: Path, text: bytes) -> None:
    """Publish as the kubelet does: a new folder of files, then `..data` swapped to it."""
    data = mount / f"..2026_{text.decode()}"
    put(data, text)
    link = mount / "..data_tmp"
    link.symlink_to(data.name)
    os.replace(link, mount / "..data")  # noqa: PTH105
    if not (mount / "manifest.json").is_symlink():
        (mount / "manifest.json").symlink_to("..data/manifest.json")


def test_a_volume_of_kubernetes(tmp_path: Path) -> None:
    mount = tmp_path / "production"
    mount.mkdir()
    kubernetes(mount, b"1")
    seen_after(source_of(tmp_path), lambda: kubernetes(mount, b"2"), b"2")


@pytest.mark.parametrize("linked", ["dist", "dist/production"])
def test_a_link_above_that_is_swapped(tmp_path: Path, linked: str) -> None:
    """As git-sync and deployments by link do it, several links deep."""
    link = tmp_path / linked
    inner = "production" if linked == "dist" else "."
    for name in ("a", "b"):
        put(tmp_path / name / inner, name.encode())
    link.parent.mkdir(exist_ok=True)
    (tmp_path / "middle").symlink_to(tmp_path / "a")
    link.symlink_to(tmp_path / "middle")

    def swap() -> None:
        (tmp_path / "next").symlink_to(tmp_path / "b")
        (tmp_path / "next").replace(tmp_path / "middle")

    seen_after(source_of(tmp_path / "dist"), swap, b"b")


def test_the_old_folder_is_let_go(tmp_path: Path) -> None:
    """After a swap, it is the new folder whose changes are seen."""
    for name in ("a", "b"):
        put(tmp_path / name / "production", name.encode())
    link = tmp_path / "dist"
    link.symlink_to("a")

    async def wait() -> None:
        stop = asyncio.Event()
        source = source_of(link)
        changes = source.changes(stop, asyncio.Event())
        pending = asyncio.ensure_future(anext(changes))
        await watched()
        (tmp_path / "next").symlink_to("b")
        (tmp_path / "next").replace(link)
        await pending
        pending = asyncio.ensure_future(anext(changes))
        await watched()
        put(tmp_path / "b" / "production", b"later")
        await pending
        assert manifest(source) == b"later"
        stop.set()
        await changes.aclose()

    asyncio.run(asyncio.wait_for(wait(), 10))


def test_without_events_the_poll_finds_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    READY.set()

    def none_left(*_: object, **__: object) -> None:
        raise OSError(24, "inotify watch limit reached")

    monkeypatch.setattr("burgee_edge.sources.folder.awatch", none_left)
    seen_after(source_of(root, 0.05), lambda: put(root / "production", b"2"), b"2")


def test_stopping_ends_it_at_once(root: Path) -> None:
    async def wait() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.3, stop.set)
        async for _ in source_of(root).changes(stop, asyncio.Event()):
            pass

    asyncio.run(asyncio.wait_for(wait(), 5))


def test_links_that_go_round_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert watched_folders(tmp_path / "a" / "production") == [tmp_path]


def test_it_can_be_woken(root: Path) -> None:
    """A call comes through at once, before any poll, and again after that."""

    async def wait() -> None:
        stop, wake = asyncio.Event(), asyncio.Event()
        changes = source_of(root).changes(stop, wake)
        for _ in range(3):
            pending = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0.1)
            assert not pending.done()
            wake.set()
            await pending
            assert not wake.is_set()
        await changes.aclose()

    asyncio.run(asyncio.wait_for(wait(), 10))
