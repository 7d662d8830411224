"""Promise: wherever a publisher is stopped, readers see the old build or the new one, and whoever
publishes next finishes the work."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from burgee.load import Refused
from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.publish.folder import FolderTarget
from burgee_compiler.publish.prune import Keep
from burgee_compiler.publish.publish import How, Outcome, publish
from burgee_compiler.publish.target import Target, Unavailable
from support.build_history import BuildHistory
from support.command import environment
from support.targets import QUICK, Stopped, StoppingTarget, loaded, open_kind

HOW = How(retry=QUICK, keep=Keep(0, 1))


def put(build: EnvironmentBuild, target: Target) -> Outcome:
    return publish("production", lambda _: build, target, None, HOW)


def digest_at(target: Target) -> str | None:
    """What a reader serves: None where it was never given anything."""
    if target.read("production/manifest.json", 1 << 20) is None:
        return None
    return loaded(target).digest


@pytest.mark.parametrize("kind", ["folder", "s3", "http"])
@pytest.mark.parametrize("after", [False, True])
def test_stopped_at_each_change(
    kind: str, after: bool, history: BuildHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = history.builds
    with open_kind(kind, tmp_path, monkeypatch) as targets:
        target = targets[0]
        for before, build in ((None, first), (first, second), (second, third)):
            old = None if before is None else before.digest
            seen: set[str | None] = set()
            for at in itertools.count(1):
                stopping = StoppingTarget(target, at, after=after)
                try:
                    put(build, stopping)
                except Stopped:
                    seen.add(digest_at(target))
                    if seen == {old, build.digest}:
                        break  # nothing that follows the manifest takes it back
                else:
                    break
            assert seen <= {old, build.digest}
            assert old in seen
            put(build, target)
            assert digest_at(target) == build.digest


def test_a_failure_at_each_change_is_tried_again(history: BuildHistory, tmp_path: Path) -> None:
    target = FolderTarget(tmp_path / "dist")
    changes = 0
    for after in (False, True):
        for at in range(1, 12):
            target = FolderTarget(tmp_path / f"{after}-{at}")
            put(history.builds[0], target)
            failing = StoppingTarget(target, at, after=after, fails=True)
            assert put(history.builds[1], failing).result == "published"
            assert digest_at(target) == history.builds[1].digest
            changes = max(changes, failing.changes)
    assert changes > 4


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), Stopped()])
def test_a_disk_that_fails_at_each_step(
    call: str,
    error: BaseException,
    history: BuildHistory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = FolderTarget(tmp_path / "dist")
    put(history.builds[0], target)
    owner: Any = os if call == "fsync" else Path
    real: Callable[..., Any] = getattr(owner, call)
    for at in itertools.count(1):
        steps = itertools.count(1)

        def failing(*arguments: Any, at: int = at, steps: Any = steps) -> Any:
            if next(steps) >= at:
                raise error
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(owner, call, failing)
            try:
                put(history.builds[1], target)
            except (Stopped, Unavailable):
                pass
            else:
                break
        assert digest_at(target) in {history.builds[0].digest, history.builds[1].digest}
    assert at > 3
    put(history.builds[1], target)
    assert digest_at(target) == history.builds[1].digest
    assert not list((tmp_path / "dist").rglob("*.json.*")), "what was half written is gone"


def test_killed_at_any_moment(tmp_path: Path) -> None:
    history = BuildHistory(tmp_path / "repo", count=2)
    many = {f"flags/many-{number}.yaml": "default: on\n" for number in range(60)}
    dist, target = tmp_path / "dist", FolderTarget(tmp_path / "out")
    put(history.builds[0], target)
    served, killed = [history.builds[0].digest], 0
    randoms = random.Random(7)
    span = 0.6
    for number in range(8):
        build = history.add({**many, "flags/one.yaml": f"variants: [a, b{number}]\ndefault: a\n"})
        history.repository.publish(dist)
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "burgee_cli", "publish", str(dist), str(tmp_path / "out")],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(randoms.uniform(span / 4, span))
            span = min(span, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        try:
            now = digest_at(target)
        except Refused as error:
            pytest.fail(f"a reader was given a mixture: {error}")
        assert now in {served[-1], build.digest}
        assert now is not None
        served.append(now)
    assert killed
    assert put(history.builds[-1], target).result in ("published", "unchanged")
    assert digest_at(target) == history.builds[-1].digest
