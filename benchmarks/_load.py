"""One process of the loading benchmark; each prints its figures as JSON.

`configure PEER COUNT FILE` writes a peer's configuration; `first PEER FILE` loads it until the
first answer; `ours FOLDER` does so for a snapshot and goes on to evaluate every flag once;
`decode FOLDER` reads and decodes a snapshot's JSON alone.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

import msgspec

from benchmarks._flags import USERS, many
from benchmarks.peers import make_peer

__all__ = ["Loaded"]


class Loaded(msgspec.Struct, frozen=True):
    """Milliseconds of processor time and elapsed until the first answer; bytes of resident memory
    that came on, after the first answer and once every flag was evaluated.
    """

    processor: float
    elapsed: float
    memory: int = 0
    memory_evaluated: int = 0


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _ours(folder: Path) -> Loaded:
    from burgee import load_environment, read_folder  # noqa: PLC0415  what a peer needs stays out

    user = USERS[0]
    before = _resident()
    elapsed, processor = time.perf_counter(), time.process_time()
    flags = load_environment(read_folder(folder), "production").tenants["acme"]
    result = flags.evaluate("area-0.flag-7", user, 0)
    spent = time.process_time() - processor, time.perf_counter() - elapsed
    assert result.value is False, result
    first = _resident()
    keys = flags.keys()
    for key in keys:
        flags.evaluate(key, user, 0)
    return Loaded(spent[0] * 1e3, spent[1] * 1e3, first - before, _resident() - before)


def _first(name: str, file: Path) -> Loaded:
    peer = make_peer(name)
    flag = many(8)[7]
    before = _resident()
    elapsed, processor = time.perf_counter(), time.process_time()
    peer.load(file.read_bytes())
    value = peer.answer(flag, peer.context(USERS[0]))
    spent = time.process_time() - processor, time.perf_counter() - elapsed
    assert value is False, value
    found = Loaded(spent[0] * 1e3, spent[1] * 1e3, _resident() - before)
    peer.close()
    return found


def _decode(folder: Path) -> Loaded:
    elapsed, processor = time.perf_counter(), time.process_time()
    kept = [msgspec.json.decode(path.read_bytes()) for path in folder.glob("*/flags-*.json")]
    spent = time.process_time() - processor, time.perf_counter() - elapsed
    assert kept
    return Loaded(spent[0] * 1e3, spent[1] * 1e3)


def main(mode: str, *arguments: str) -> None:
    """Do what `mode` says."""
    made: object
    if mode == "configure":
        name, count, file = arguments
        made = Path(file).write_bytes(make_peer(name).configure(many(int(count))))
    elif mode == "first":
        made = _first(arguments[0], Path(arguments[1]))
    else:
        made = {"ours": _ours, "decode": _decode}[mode](Path(arguments[0]))
    print(msgspec.json.encode(made).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
