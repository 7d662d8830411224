"""Promise: while snapshots are replaced 200 times, a tenth of them broken, no request fails, no
answer mixes two snapshots, no version goes back, and every refusal is counted.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from burgee_compiler.build import build
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

    def good(self, sequence: int) -> None:
        """Publish a build as `burgee build` does, as of a commit of this sequence."""
        for side in ("left", "right"):
            text = f"variants: {{only: {{value: v{sequence}}}}}\ndefault: only\n"
            (self.root / "pair" / "flags" / f"{side}.yaml").write_text(text)
        facts = CommitFacts(f"{sequence:040x}", "2026-11-21T00:00:00Z", sequence)
        made = build(load_repository(Folder(self.root)), facts)
        assert made.environments, made.found
        write_builds(made.environments, self.dist)

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    def replace_manifest(self, data: bytes) -> None:
        beside = self.folder / ".next"
        beside.write_bytes(data)
        beside.replace(self.manifest)


# What may arrive; each takes what was published last and the sequence that is its turn.
def _truncated(publisher: Publisher, sequence: int) -> None:
    """Written over in place, and cut off."""
    publisher.good(sequence)
    data = publisher.manifest.read_bytes()
    publisher.replace_manifest(data[: len(data) // 2])


def _wrong_digest(publisher: Publisher, sequence: int) -> None:
    """A document that is not what the manifest names; it lies there before the manifest does."""
    before = publisher.manifest.read_bytes()
    known = set(publisher.folder.rglob("flags-*.json"))
    publisher.good(sequence)
    after = publisher.manifest.read_bytes()
    publisher.replace_manifest(before)
    (made,) = set(publisher.folder.rglob("flags-*.json")) - known
    made.write_bytes(made.read_bytes().replace(f"v{sequence}".encode(), b"forged"))
    publisher.replace_manifest(after)


def _wrong_version(publisher: Publisher, sequence: int) -> None:
    """A form that this version does not know."""
    manifest = json.loads(publisher.manifest.read_bytes())
    publisher.replace_manifest(json.dumps({**manifest, "format": [99, 0]}).encode())


def _older(publisher: Publisher, sequence: int) -> None:
    publisher.good(sequence - 5)


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
    publisher.good(1)
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
        assert each.versions[-1] == _REPLACEMENTS + 1
        assert each.asked > _REPLACEMENTS and each.not_modified > 0 and each.connections > 1
    seen = {version for each in told for version in each.versions}
    # Files that follow one another within milliseconds may be looked at once.
    assert reloads >= len(seen) > _REPLACEMENTS // 4


def _replace_again_and_again(publisher: Publisher, node: EdgeProcess) -> Counter[str]:
    """Publish good and broken snapshots; returns what should have been refused, by reason."""
    kinds = list(BROKEN.values())
    expected: Counter[str] = Counter()
    for number in range(_REPLACEMENTS):
        sequence = number + 2
        if number % _BROKEN_EVERY == _BROKEN_EVERY - 2:
            # What is served now must be the last good one, so that each refusal is told apart.
            _wait(lambda wanted=f"v{sequence - 1}": _left(node) == wanted, publisher)
            spoil, reason = kinds[expected.total() % len(kinds)]
            spoil(publisher, sequence)
            expected[reason] += 1
            _wait(lambda wanted=expected.total(): _count(node) == wanted, publisher)
            assert _left(node) == f"v{sequence - 1}"
        else:
            publisher.good(sequence)
    _wait(lambda: _left(node) == f"v{_REPLACEMENTS + 1}", publisher)
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
