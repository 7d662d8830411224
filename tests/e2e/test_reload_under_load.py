"""Promise: while snapshots are replaced 200 times, a tenth of them broken, no request fails, no
answer mixes two snapshots, no version goes back, and every refusal is counted.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from burgee_compiler.build import EnvironmentBuild, build
from burgee_compiler.facts import CommitFacts
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder
from burgee_compiler.write import write_builds
from support.asking import Told
from support.command import environment
from support.edge_process import EdgeProcess, edge_process
from support.process import ROOT

pytestmark = pytest.mark.slow

_REPLACEMENTS = 200
_BROKEN_EVERY = 10
_AT_ONCE = 3  # so many of each ten follow one another without waiting
_SEEN_WITHIN = 20.0
_CLIENTS = 2


class Publisher:
    """Builds a repository of two flags that always change together, and publishes into a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root / "repository"
        self.dist = root / "dist"
        self.folder = self.dist / "production"
        flags = self.root / "pair" / "flags"
        flags.mkdir(parents=True)
        (self.root / "burgee.yaml").write_text("environments: [production]\n")

    def build(self, sequence: int) -> EnvironmentBuild:
        """Build both flags with a value of their own, as of a commit of this sequence."""
        for side in ("left", "right"):
            text = f"variants: {{only: {{value: v{sequence}}}}}\ndefault: only\n"
            (self.root / "pair" / "flags" / f"{side}.yaml").write_text(text)
        facts = CommitFacts(f"{sequence:040x}", "2026-11-21T00:00:00Z", sequence)
        made = build(load_repository(Folder(self.root)), facts)
        assert made.environments, made.found
        return made.environments[0]

    def publish(self, sequence: int) -> None:
        """Build, and write as `burgee build` does."""
        write_builds([self.build(sequence)], self.dist)

    def place(self, files: Mapping[str, bytes], manifest: bytes) -> None:
        """Write files as they are, the manifest last and in one step."""
        for path, data in files.items():
            (self.folder / path).write_bytes(data)
        beside = self.folder / ".next"
        beside.write_bytes(manifest)
        beside.replace(self.manifest)

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"


def _truncated(publisher: Publisher, sequence: int) -> None:
    made = publisher.build(sequence)
    publisher.place(made.files, made.manifest[: len(made.manifest) // 2])


def _wrong_digest(publisher: Publisher, sequence: int) -> None:
    """A document is not what the manifest names."""
    made = publisher.build(sequence)
    (name,) = (path for path in made.files if "/flags-" in path)
    forged = made.files[name].replace(b"v%d" % sequence, b"forged")
    assert forged != made.files[name]
    publisher.place({**made.files, name: forged}, made.manifest)


def _wrong_version(publisher: Publisher, sequence: int) -> None:
    """A form that this version does not know."""
    made = publisher.build(sequence)
    manifest = {**json.loads(made.manifest), "format": [99, 0]}
    publisher.place(made.files, json.dumps(manifest).encode())


def _older(publisher: Publisher, sequence: int) -> None:
    publisher.publish(sequence - 5)


def _empty(publisher: Publisher, sequence: int) -> None:
    publisher.manifest.write_bytes(b"")


def _deleted(publisher: Publisher, sequence: int) -> None:
    publisher.manifest.unlink()


BROKEN: dict[str, tuple[Callable[[Publisher, int], None], str]] = {
    "truncated": (_truncated, "malformed"),
    "wrong digest": (_wrong_digest, "digest"),
    "wrong version": (_wrong_version, "format"),
    "older": (_older, "older"),
    "empty": (_empty, "malformed"),
    "deleted": (_deleted, "unreadable"),
}


@contextmanager
def _clients(node: EdgeProcess) -> Iterator[list[Told]]:
    """Clients in processes of their own; what they met is there once the block has ended."""
    told: list[Told] = []
    paths = {"PYTHONPATH": f"{environment()['PYTHONPATH']}:{ROOT / 'tests'}"}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "support.asking", str(node.port)],
            env=environment(**paths),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(_CLIENTS)
    ]
    try:
        yield told
        for process in running:
            printed, _ = process.communicate(timeout=20)
            told.append(msgspec.json.decode(printed, type=Told))
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.communicate()


def test_reload_under_load(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.publish(1)
    with edge_process(publisher.dist) as node, _clients(node) as told:
        expected = _replace_again_and_again(publisher, node.named(x_tenant_id="pair"))
        counted = node.metric("burgee_refusals_total")
        reasons = {reason: _refusals(node, reason) for reason in expected}
        reloads = node.metric("burgee_reloads_total")
        failed = [line for line in _metrics(node) if 'status="5' in line]
    assert (reasons, counted) == (dict(expected), expected.total())
    assert expected.total() == _REPLACEMENTS // _BROKEN_EVERY
    assert failed == []
    for each in told:
        assert each.faults == []
        assert each.versions == sorted(set(each.versions))
        assert each.versions[-1] == _REPLACEMENTS
        assert each.asked > _REPLACEMENTS
        assert each.not_modified > 0
        assert each.connections > 1
    seen = {version for each in told for version in each.versions}
    waited_for = _REPLACEMENTS // _BROKEN_EVERY * (_BROKEN_EVERY - _AT_ONCE - 1)
    assert reloads > waited_for
    assert len(seen) > waited_for // 2


def _replace_again_and_again(publisher: Publisher, node: EdgeProcess) -> Counter[str]:
    """Publish good and broken snapshots; returns what should have been refused, by reason."""
    kinds = list(BROKEN.values())
    expected: Counter[str] = Counter()
    good = 1
    for number in range(_REPLACEMENTS):
        turn = number % _BROKEN_EVERY
        if turn == _BROKEN_EVERY - 1:
            spoil, reason = kinds[expected.total() % len(kinds)]
            spoil(publisher, number + 2)
            expected[reason] += 1
            _wait(lambda: _count(node) == expected.total(), publisher)
        else:
            good = number + 2
            publisher.publish(good)
        if turn >= _AT_ONCE:
            _wait(lambda: _left(node) == f"v{good}", publisher)  # noqa: B023  done in this turn
    return expected


def _left(node: EdgeProcess) -> object:
    return node.ofrep("left").json()["value"]


def _count(node: EdgeProcess) -> float:
    return node.metric("burgee_refusals_total")


def _refusals(node: EdgeProcess, reason: str) -> float:
    start = f'burgee_refusals_total{{reason="{reason}"}} '
    (line,) = (line for line in _metrics(node) if line.startswith(start))
    return float(line.removeprefix(start))


def _metrics(node: EdgeProcess) -> list[str]:
    return node.get("/metrics").body.decode().splitlines()


def _wait(until: Callable[[], bool], publisher: Publisher) -> None:
    deadline = time.monotonic() + _SEEN_WITHIN
    while not until():
        assert time.monotonic() < deadline, sorted(publisher.folder.rglob("*"))
        time.sleep(0.01)
