"""Promise: three nodes behind nginx answer right and without a failure of ours while flags change
every second and processes, the store, files, disks and clocks are broken all the time.

A minute of it; `make soak` runs ten, and prints the figures that docs/operations names.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final, Self

import pytest

from support.flag_repository import FlagRepository, served
from support.soak.chaos import Chaos
from support.soak.fleet import NODES, Fleet, fleet
from support.soak.history import ARMS, expected_by_version, files
from support.soak.judge import Lag, growth, lags, unexcused, went_back, wrong
from support.soak.load import Load
from support.soak.service import Service
from support.soak.watch import Answered, Missed
from support.wire import ask

pytestmark = pytest.mark.slow

_SECONDS: Final = float(os.environ.get("BURGEE_SOAK_SECONDS", "60"))
_FIGURES: Final = os.environ.get("BURGEE_SOAK_FIGURES")
_GROWTH_MB: Final = 8.0


class Changes:
    """Somebody who changes both flags of the pair every second, by one call of the writer."""

    def __init__(self, port: int) -> None:
        self.committed: dict[str, float] = {}
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._all)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _all(self) -> None:
        number = 0
        while not self._stop.wait(1.0):
            number += 1
            value = {"only": {"value": f"v{number}"}}
            changes = [
                {"method": "PATCH", "path": f"/v1/flags/pair.{side}", "body": {"variants": value}}
                for side in ("left", "right")
            ]
            try:
                body = json.dumps({"changes": changes}).encode()
                answer = ask(self._port, "POST", "/v1/changes", _TENANT, body)
            except (OSError, EOFError):  # the writer is being started again
                continue
            if answer.status == 200:
                told: Any = answer.json()
                self.committed[told["commit"]] = time.monotonic()


_TENANT: Final = {"X-Tenant-ID": "acme"}


def test_the_whole_under_load_while_things_break(tmp_path: Path) -> None:
    draw = random.Random(int(_SECONDS))
    with fleet(tmp_path) as running:
        doors = {name: running.ports[name] for name in NODES} | {"nginx": running.front}
        callers = dict.fromkeys(NODES, 1) | {"nginx": 3}
        load, chaos = Load(doors, callers, pause=0.03), Chaos(running, draw)
        memory: dict[str, list[float]] = {name: [] for name in NODES}
        stop = threading.Event()
        watching = threading.Thread(target=_watch, args=(running, memory, stop))
        with load.going_on(), Changes(running.ports["writer"]) as changes:
            watching.start()
            chaos.go_on(time.monotonic() + _SECONDS)
            stop.set()
            watching.join()
        nodes = running.nodes()
        expected = expected_by_version(running.bare)
        assert wrong(load.answered, expected, _arms(tmp_path, load.answered)) == []
        found = unexcused(load.missed, nodes)
        assert found == [], _short(found, nodes)
        assert went_back(load.answered, nodes) == []
        committed = _sequences(expected, changes.committed)
        _tell(load, chaos, memory, lags(committed, load.answered, nodes))
        assert len(committed) > _SECONDS / 6
        assert len({each.version for each in load.answered}) > len(committed) / 5
        assert all(growth(samples) < _GROWTH_MB for samples in memory.values()), memory


def _short(missed: list[Missed], nodes: list[Service]) -> str:
    downs = [(node.name, round(d.since, 2), round(d.until, 2)) for node in nodes for d in node.down]
    told = [f"{each.door} {each.since:.2f}–{each.at:.2f} {each.what[:120]}" for each in missed]
    return "\n".join([*told[:40], f"down: {downs}"])


def _watch(running: Fleet, memory: dict[str, list[float]], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        for node in running.nodes():
            try:
                memory[node.name].append(node.resident())
            except (OSError, ProcessLookupError):  # it is being started again
                continue


def _arms(folder: Path, answered: list[Answered]) -> dict[str, object]:
    """Return each user's arm, by the evaluator in this process."""
    flags = served(FlagRepository(folder / "asked", files(0)).build())
    found: dict[str, object] = {}
    for user in {each.user for each in answered}:
        found[user] = flags.evaluate(ARMS, {"targetingKey": user}, 0).value
    return found


def _sequences(expected: dict[str, Any], committed: dict[str, float]) -> dict[int, float]:
    """Return when the commits that the writer answered for were made, by their sequence."""
    by_commit = {each.partition("-")[2]: int(each.partition("-")[0]) for each in expected}
    assert {each[:7] for each in committed} <= set(by_commit)  # none is lost
    return {by_commit[each[:7]]: at for each, at in committed.items()}


def _tell(load: Load, chaos: Chaos, memory: dict[str, list[float]], lag: Lag) -> None:
    """Write the figures where they were asked for."""
    if _FIGURES is None:
        return
    by_door = dict(Counter(each.door for each in load.answered))
    lines = [
        f"{_SECONDS:.0f} s: {len(load.answered)} answers {by_door}, none wrong",
        f"{len(load.missed)} calls met a node that was being killed",
        f"broken: {dict(chaos.done)}",
        f"from commit to a node: p50 {lag.p50:.2f} s, p95 {lag.p95:.2f} s, most {lag.most:.2f} s",
    ]
    lines += [
        f"{name}: {samples[0]:.0f} MB at first, {samples[-1]:.0f} at last, most {max(samples):.0f}"
        for name, samples in memory.items()
    ]
    Path(_FIGURES).write_text("\n".join(lines) + "\n", encoding="utf-8")
