"""Promise: wherever a reload fails, is cut off or is overtaken by the next set, each answer is of
the old set or of a new one, whole, and what is good in the end is served in the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from burgee.load import Refused
from burgee.signatures import Trust
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.figures import Figures
from burgee_edge.follower import Follower
from burgee_edge.holder import Holder
from burgee_edge.last_good import LastGood
from burgee_edge.sources.folder import FolderSource
from burgee_http.metrics import Cell
from support.signing import sign
from support.snapshots import TenantParts, flag, rule, write_environment

KEY = Ed25519PrivateKey.generate()
Fault = Callable[[bytes], bytes]


class Unlucky(FolderSource):
    """A source whose n-th read from now on goes wrong."""

    fault: Fault | None = None
    at = 0
    reads = 0

    def __init__(self, root: Path) -> None:
        super().__init__(root, "production")
        self._well = self.read
        self.read = self._unluckily

    def _unluckily(self, path: str) -> bytes:
        data = self._well(path)
        self.reads += 1
        if self.fault is not None and self.reads == self.at:
            return self.fault(data)
        return data


class Node:
    """A follower over a folder that is looked at by hand."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "dist"
        self.state = folder / "state"
        self.source = Unlucky(self.root)
        trust = Trust([KEY.public_key()])
        self.kept = LastGood(self.state, "production", trust)
        self.holder = Holder(highest=self.kept.highest())
        counts = CacheCounts(Cell(), Cell())
        self.follower = Follower(
            self.source,
            self.holder,
            "production",
            lambda: ResponseCache(1000, counts, Figures().settle),
            trust=trust,
            last_good=self.kept,
        )

    def look(self) -> None:
        self.follower._settle(self.follower._look_beside())
        current = self.holder.current
        if current is not None:
            self.kept.save(current, self.holder.highest)

    def values(self) -> list[object]:
        """What each flag serves; they change together."""
        current = self.holder.current
        assert current is not None
        return [
            current.snapshot.tenants[tenant].evaluate(key, {"targetingKey": "u"}, 0).value
            for tenant in ("acme", "globex")
            for key in ("left", "right")
        ]

    @property
    def sequence(self) -> int:
        current = self.holder.current
        return 0 if current is None else current.snapshot.order[1]


def publish(root: Path, sequence: int) -> None:
    """Write a set in which every flag serves its sequence, signed."""
    parts = TenantParts(
        {
            key: flag("only", {"only": f"v{sequence}"}, rules=(rule("r", 0),))
            for key in ("left", "right")
        }
    )
    write_environment(root, {"acme": parts, "globex": parts}, sequence=sequence)
    sign(root / "production", (root / "production" / "manifest.json").read_bytes(), KEY)


def _lost(_: bytes) -> bytes:
    raise OSError(5, "Input/output error")


def _away(_: bytes) -> bytes:
    raise Refused("unreachable", "the server broke off")


def _bug(_: bytes) -> bytes:
    raise RuntimeError("whatever a library may raise")


FAULTS: dict[str, Fault] = {
    "lost": _lost,
    "away": _away,
    "a bug": _bug,
    "cut off": lambda data: data[: len(data) // 2],
    "nothing": lambda _: b"",
    "a flipped bit": lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
    "more": lambda data: data + b" ",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_each_read(tmp_path: Path, name: str) -> None:
    node = Node(tmp_path)
    publish(node.root, 1)
    node.look()
    node.source.reads = 0
    publish(node.root, 2)
    node.look()
    reads = node.source.reads
    assert reads >= 6  # manifest, signatures, and each tenant's manifest and flags
    number = 2
    for at in range(1, reads + 1):
        number += 1
        before = node.sequence
        publish(node.root, number)
        node.source.fault, node.source.at, node.source.reads = FAULTS[name], at, 0
        node.look()
        assert node.sequence in (before, number)
        assert set(node.values()) == {f"v{node.sequence}"}, at
        node.source.fault = None
        node.look()
        assert node.values() == [f"v{number}"] * 4, at
    again = Node(tmp_path)  # whatever happened, its own copy is whole
    again.source.fault, again.source.at = _lost, 1
    again.follower.start()
    assert again.values() == [f"v{number}"] * 4


def test_overtaken_at_each_read(tmp_path: Path) -> None:
    """The next set is published, and the old one's documents are gone, while this one is read."""
    node = Node(tmp_path)
    publish(node.root, 1)
    node.look()
    newest, overtaken = 1, 0

    def overtake(data: bytes) -> bytes:
        nonlocal newest, overtaken
        for path in node.root.glob("production/*/*"):
            path.unlink()
        newest, overtaken = newest + 1, overtaken + 1
        publish(node.root, newest)
        return data

    for at in range(1, 20):
        newest += 1
        publish(node.root, newest)

        node.source.fault, node.source.at, node.source.reads = overtake, at, 0
        node.look()
        assert set(node.values()) == {f"v{node.sequence}"}, at
        node.source.fault = None
        node.look()
        assert node.values() == [f"v{newest}"] * 4, at
    assert overtaken >= 6


@pytest.mark.parametrize("call", ["fsync", "replace", "mkstemp", "unlink", "chmod"])
def test_a_disk_that_fails_at_each_step_of_keeping_a_copy(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is served goes on; whoever starts from the copy gets one set, whole, or none."""
    node = Node(tmp_path)
    publish(node.root, 1)
    node.look()
    owner = {"fsync": os, "mkstemp": tempfile}.get(call, Path)
    well = getattr(owner, call)
    for at in range(1, 14):
        number = node.sequence + 1
        publish(node.root, number)
        count = 0

        def failing(*arguments: object, **named: object) -> object:
            nonlocal count
            path = str(arguments[0]) if arguments else ""
            if owner is Path and not path.startswith(str(node.state)):
                return well(*arguments, **named)
            count += 1
            if count == at:  # noqa: B023
                raise OSError(28, "No space left on device")
            return well(*arguments, **named)

        monkeypatch.setattr(owner, call, failing)
        node.look()
        monkeypatch.setattr(owner, call, well)
        assert node.values() == [f"v{number}"] * 4
        again = Node(tmp_path)
        again.source.fault, again.source.at = _lost, 1
        again.follower.start()
        if again.holder.current is not None:
            assert set(again.values()) == {f"v{again.sequence}"}
            assert again.sequence in (number - 1, number)
