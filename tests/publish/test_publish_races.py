"""Promise: however many publish at once, the order never goes back, and the newest build stays."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.publish.order import ancestry_of
from burgee_compiler.publish.publish import How, Outcome, publish
from burgee_compiler.publish.target import Target
from support.build_history import BuildHistory
from support.targets import KINDS, QUICK, loaded, open_kind


@pytest.mark.parametrize("kind", KINDS)
def test_eight_publishers(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = BuildHistory(tmp_path / "repo", count=8)
    ancestry = ancestry_of(history.repository.root)
    begin = threading.Barrier(8)
    how = How(retry=QUICK, rounds=60)

    def run(build: EnvironmentBuild, target: Target) -> Outcome:
        begin.wait(20)
        return publish("production", lambda _: build, target, ancestry, how)

    with open_kind(kind, tmp_path / "at", monkeypatch) as targets:
        stop = threading.Event()
        with ThreadPoolExecutor(9) as pool:
            reading = pool.submit(_orders, targets[0], stop)
            try:
                done = list(pool.map(run, reversed(history.builds), targets))
            finally:
                stop.set()
            orders = reading.result()
        assert loaded(targets[0]).digest == history.builds[-1].digest
    assert orders == sorted(orders)
    results = [each.result for each in done]
    assert results[0] == "published"
    assert set(results) <= {"published", "refused"}
    assert {each.reason for each in done if each.result == "refused"} <= {"older"}


@pytest.mark.parametrize("kind", KINDS)
def test_one_build_by_all(
    kind: str, history: BuildHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = threading.Barrier(8)
    woken: list[str] = []
    how = How(retry=QUICK, rounds=60, notify=lambda *told: woken.append(told[2]))

    def run(target: Target) -> Outcome:
        begin.wait(20)
        offer = partial(lambda build, _: build, history.builds[0])
        return publish("production", offer, target, None, how)

    with open_kind(kind, tmp_path, monkeypatch) as targets, ThreadPoolExecutor(8) as pool:
        done = list(pool.map(run, targets))
        assert loaded(targets[0]).digest == history.builds[0].digest
    assert {each.result for each in done} <= {"published", "unchanged"}
    assert woken == [history.builds[0].digest] * [each.result for each in done].count("published")
    assert woken


def _orders(target: Target, stop: threading.Event) -> list[tuple[int, int]]:
    """Read as a node does until told to stop; a mixture of two builds would be Refused."""
    seen: list[tuple[int, int]] = []
    while not stop.is_set():
        if target.read("production/manifest.json", 1 << 20) is not None:
            seen.append(loaded(target).order)
    return seen
