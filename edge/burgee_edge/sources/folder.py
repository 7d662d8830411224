"""A folder that snapshots are written to, and being told when something may have changed in it."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Final

import structlog
from watchfiles import awatch
from watchfiles.main import FileChange

from burgee.load import Read, read_folder
from burgee_edge.sources.woken import first_of, woken

__all__ = ["FolderSource", "watched_folders"]

_SETTLE_MS: Final = 20  # quiet for this long: editors and `rename` write twice
_MOST_SETTLE_MS: Final = 400

_log = structlog.get_logger("burgee.source")


class FolderSource:
    """The folder `<root>/<environment>`, which may come, go and be swapped while it is followed.

    File events say at once that something happened; looking every `poll_seconds` is the net
    below them, for network file systems and whatever else sends none.
    """

    local = True

    def __init__(self, root: Path, environment: str, poll_seconds: float = 1.0) -> None:
        self.folder = Path(os.path.abspath(root / environment))  # noqa: PTH100  keeps symlinks
        self.place = str(self.folder)
        self.read: Read = read_folder(self.folder)
        self._poll_ms = max(1, round(poll_seconds * 1000))

    def others(self) -> str:
        """Return what stands beside a folder that is not there, for a message."""
        if self.folder.is_dir():
            return ""
        try:
            found = sorted(each.parent.name for each in self.folder.parent.glob("*/manifest.json"))
        except OSError:
            return ""
        if not found:
            return f"; {self.folder.parent} holds no build"
        return f"; {self.folder.parent} holds: {', '.join(found)}"

    def interrupt(self) -> None:
        """Nothing waits for a folder."""

    def close(self) -> None:
        """Nothing is kept open."""

    async def changes(self, stop: asyncio.Event, wake: asyncio.Event) -> AsyncGenerator[None, None]:
        """Yield whenever it is time to look, until `stop` is set; at once where `wake` is."""
        while not stop.is_set():
            watched = _identities(self.folder)
            try:
                async with (
                    aclosing(self._watch(watched, stop)) as events,
                    aclosing(woken(events, wake)) as looks,
                ):
                    async for came in looks:
                        yield
                        if came and _identities(self.folder) != watched:
                            break  # another folder stands there now: follow that one
            except Exception as error:  # noqa: BLE001  the poll still finds what changes
                # No more watches to be had, or the folder went away while they were set up.
                _log.warning("folder cannot be watched, polling", detail=str(error))
                await first_of(self._poll_ms / 1000, stop, wake)
                wake.clear()
                yield

    def _watch(
        self, folders: Iterable[Path], stop: asyncio.Event
    ) -> AsyncGenerator[set[FileChange], None]:
        return awatch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=_SETTLE_MS,
            debounce=_MOST_SETTLE_MS,
            rust_timeout=self._poll_ms,
            yield_on_timeout=True,
            stop_event=stop,
        )


def watched_folders(folder: Path) -> list[Path]:
    """Return the folders whose entries decide what lies at `folder`, nearest first.

    The folder itself, its parent, and the parents of all symlinks on the way (Kubernetes swaps
    `..data`, git-sync the folder above); where something is missing, the nearest that is there.
    """
    found = [folder] if folder.is_dir() else []
    parent = folder.parent
    while not parent.is_dir() and parent != parent.parent:
        parent = parent.parent
    found.append(parent)
    found += _link_parents(folder)
    if folder.is_dir():
        found += _link_parents(folder / "manifest.json")
    return list(dict.fromkeys(each for each in found if each.is_dir()))


def _link_parents(path: Path, hops: int = 40) -> list[Path]:
    """Return where the symlinks stand that lead to `path`, through one another too."""
    found: list[Path] = []
    pending = [path]
    while pending and hops:
        current = pending.pop()
        for part in (current, *current.parents):
            if part.is_symlink():
                hops -= 1
                found.append(part.parent)
                target = part.parent / part.readlink()
                pending.append(target / current.relative_to(part))
                break
    return found


def _identities(folder: Path) -> dict[Path, tuple[int, int]]:
    found: dict[Path, tuple[int, int]] = {}
    for each in watched_folders(folder):
        try:
            status = each.stat()
        except OSError:
            continue
        found[each] = status.st_dev, status.st_ino
    return found
