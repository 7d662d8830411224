"""Promise: old documents go by age and count, and never one that a manifest to be kept names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burgee.load import load_environment
from burgee_compiler.publish.folder import FolderTarget
from burgee_compiler.publish.prune import Keep, prune
from burgee_compiler.publish.publish import How, publish
from burgee_compiler.publish.retry import Retry
from support.build_history import BuildHistory
from support.targets import QUICK, loaded, open_kind

DAY = 86_400


def publish_all(history: BuildHistory, root: Path, days: list[float]) -> FolderTarget:
    """Publish each build as many days before now as is said; nothing is pruned."""
    target = FolderTarget(root)
    for build, ago in zip(history.builds, days, strict=True):
        there = set(root.rglob("*"))
        done = publish("production", lambda _, b=build: b, target, None, How(QUICK, keep=None))  # type: ignore[misc]
        assert done.result == "published"
        manifest = root / "production" / "manifest.json"
        now = root.stat().st_mtime
        for path in {*root.rglob("*.json"), manifest} - (there - {manifest}):
            os.utime(path, (now - ago * DAY,) * 2)
    return target


def can_be_read(target: FolderTarget, history: BuildHistory) -> list[bool]:
    """Of each build: could a reader that has its manifest in hand still finish?"""
    result = []
    for build in history.builds:
        folder = target.root / "production"
        try:
            load_environment(
                lambda path, b=build, f=folder: (  # type: ignore[misc]
                    b.manifest if path == "manifest.json" else (f / path).read_bytes()
                ),
                "production",
            )
        except ValueError:
            result.append(False)
        else:
            result.append(True)
    return result


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> BuildHistory:
    """Five builds whose documents of one tenant all differ."""
    made = BuildHistory(tmp_path_factory.mktemp("five") / "repo", count=0)
    for number in range(5):
        made.add({"flags/one.yaml": f"variants: [a, b{number}]\ndefault: a\n"})
    return made


@pytest.mark.parametrize(
    ("keep", "days", "left"),
    [
        (Keep(7, 1), [40, 30, 20, 10, 0], [False, False, False, True, True]),
        (Keep(7, 4), [40, 30, 20, 10, 0], [False, True, True, True, True]),
        (Keep(15, 1), [40, 30, 20, 10, 0], [False, False, True, True, True]),
        # Published long ago, and in force until a moment ago: a slow reader may be at it.
        (Keep(1, 1), [400, 0.03, 0.02, 0.01, 0], [True, True, True, True, True]),
        (Keep(0, 1), [400, 300, 200, 100, 0], [False, False, False, True, True]),
        # Nothing was published since: what is in force does not grow old by itself.
        (Keep(7, 1), [44, 43, 42, 41, 40], [True, True, True, True, True]),
    ],
)
def test_what_is_left(
    keep: Keep, days: list[float], left: list[bool], five: BuildHistory, tmp_path: Path
) -> None:
    target = publish_all(five, tmp_path / "out", days)
    assert can_be_read(target, five) == [True] * 5
    removed = prune(target, "production", keep, Retry())
    assert can_be_read(target, five) == left
    assert bool(removed) == (False in left)
    assert prune(target, "production", keep, Retry()) == 0


def test_what_others_put_there_stays_and_leftovers_go(five: BuildHistory, tmp_path: Path) -> None:
    target = publish_all(five, tmp_path / "out", [0] * 5)
    folder = tmp_path / "out" / "production"
    theirs = [folder / "heartbeat.json", folder / "acme" / "notes.json", folder / "index.html"]
    leftover = folder / "acme" / ".flags-0123456789abcdef.json.x1y2"
    for path in (*theirs, leftover):
        path.write_bytes(b"{}")
        os.utime(path, (1, 1))
    assert prune(target, "production", Keep(7, 10), Retry()) == 1
    assert not leftover.exists()
    assert all(path.exists() for path in theirs)


def test_a_damaged_manifest_of_a_tenant_ends_the_pruning(
    five: BuildHistory, tmp_path: Path
) -> None:
    target = publish_all(five, tmp_path / "out", [40, 30, 20, 10, 0])
    folder = tmp_path / "out" / "production" / "acme"
    for path in folder.glob("manifest-*.json"):
        path.write_bytes(b"{")
    before = sorted(folder.iterdir())
    done = publish(
        "production", lambda _: five.builds[-1], target, None, How(QUICK, keep=Keep(7, 1))
    )
    assert "nothing was pruned" in done.notes[0]
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("kind", ["s3", "http"])
def test_a_store_is_listed_and_a_server_is_not(
    kind: str, five: BuildHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_kind(kind, tmp_path, monkeypatch) as (target, *_):
        done = publish("production", lambda _: five.builds[0], target, None, How(QUICK))
        assert ["nothing is pruned" in each for each in done.notes] == [True] * (kind == "http")
        assert loaded(target).digest == five.builds[0].digest
