"""One process of the reload benchmark: an edge node's follower in an event loop, and new snapshots.

`python -m benchmarks._reload FOLDER CHANGE …`: FOLDER holds the environments' folders of the first
snapshot, each CHANGE the files that the next one adds. Every other reload runs beside a heartbeat,
which tells how long the loop stood still; the others are for processor time. Prints JSON.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
import structlog
import uvloop

from benchmarks._flags import USERS
from benchmarks._snapshot import write_files
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.follower import Follower
from burgee_edge.holder import Holder
from burgee_edge.sources.folder import FolderSource
from burgee_http.metrics import Cell

__all__ = ["Reloads"]

_BEAT: Final = 0.0005


class Reloads(msgspec.Struct, frozen=True):
    """Milliseconds: processor time and elapsed of each reload; of those beside a heartbeat the
    loop's longest pause, as it was and less what was waited for a processor; and the former while
    nothing happens.
    """

    processor: list[float]
    elapsed: list[float]
    pauses: list[float]
    own_pauses: list[float]
    idle: list[float]


class _Waits:
    """How long this process's threads have been ready to run with no processor free, so far.

    On a shared machine that is most of a pause; on a quiet one it is the loop's thread waiting
    behind the one that loads, so a pause is judged with it.
    """

    def __init__(self) -> None:
        tasks = Path("/proc/self/task").glob("*/schedstat")
        self._files = [os.open(each, os.O_RDONLY) for each in tasks]

    def seconds(self) -> float:
        return sum(int(os.pread(file, 64, 0).split()[1]) for file in self._files) / 1e9

    def close(self) -> None:
        for file in self._files:
            os.close(file)


class _Heartbeat:
    """Wakes every half millisecond and keeps the longest that it came late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waits = _Waits()
        self._waited = self._waits.seconds()
        self._last = time.perf_counter()
        self._longest = self._longest_own = 0.0
        self._next: asyncio.TimerHandle = loop.call_later(_BEAT, self._beat)

    def _beat(self) -> None:
        self._look()
        self._next = self._loop.call_later(_BEAT, self._beat)

    def _look(self) -> None:
        now, waited = time.perf_counter(), self._waits.seconds()
        late = now - self._last - _BEAT
        self._longest = max(self._longest, late)
        self._longest_own = max(self._longest_own, late - (waited - self._waited))
        self._last, self._waited = now, waited

    def start(self) -> None:
        """Forget what was before."""
        self._last, self._waited = time.perf_counter(), self._waits.seconds()
        self._longest = self._longest_own = 0.0

    def stop(self) -> tuple[float, float]:
        """Return the longest pause in milliseconds, as it was and our own; wake no more."""
        self._look()
        self._next.cancel()
        self._waits.close()
        return self._longest * 1e3, self._longest_own * 1e3


def _change(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _prepared(holder: Holder) -> None:
    """Evaluate every flag, singly and as bulk requests do, so that all is prepared."""
    assert holder.current is not None
    flags = holder.current.snapshot.tenants["acme"]
    for key in flags.keys():  # noqa: SIM118  no dictionary
        flags.evaluate(key, USERS[0], 0)
    holder.current.view("acme").selection(browser=False)


async def _reload(root: Path, changes: list[Path]) -> Reloads:
    holder = Holder()
    counts = CacheCounts(Cell(), Cell())
    follower = Follower(
        FolderSource(root, "production"),
        holder,
        "production",
        lambda: ResponseCache(1 << 26, counts, lambda tally: None),
    )
    follower.start()
    _prepared(holder)
    found = Reloads([], [], [], [], [])
    await asyncio.to_thread(int)  # the pool's first thread is not the reload's
    for number, folder in enumerate(changes):
        write_files(_change(folder), root / "production")
        before = holder.reloads
        if number % 2:
            found.idle.append(await _idle())
            heartbeat = _Heartbeat(asyncio.get_running_loop())
            await asyncio.sleep(0.02)
            heartbeat.start()
            await follower.check()
            await asyncio.sleep(0)
            pause, own = heartbeat.stop()
            found.pauses.append(pause)
            found.own_pauses.append(own)
        else:
            elapsed, processor = time.perf_counter(), time.process_time()
            await follower.check()
            found.processor.append((time.process_time() - processor) * 1e3)
            found.elapsed.append((time.perf_counter() - elapsed) * 1e3)
        assert holder.reloads == before + 1, holder.refused
        _prepared(holder)
    return found


async def _idle() -> float:
    heartbeat = _Heartbeat(asyncio.get_running_loop())
    await asyncio.sleep(0.02)
    heartbeat.start()
    await asyncio.sleep(0.2)
    return heartbeat.stop()[0]


def main(root: str, *changes: str) -> None:
    """Reload once for each change."""
    quiet = structlog.make_filtering_bound_logger(40)  # errors alone
    structlog.configure(wrapper_class=quiet)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_reload(Path(root), [Path(each) for each in changes]))
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
