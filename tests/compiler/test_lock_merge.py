"""Promise: of two versions of a lock each table is the one that was changed, ours if both were."""

from __future__ import annotations

import pytest

from burgee_compiler.lock_merge import Sides, is_marked, marked_sides, settle
from burgee_compiler.model.files import Lock


def lock(**first: int) -> bytes:
    """Return a lock whose tables are told apart by the slots that `a` has."""
    entries = "".join(
        f"  - table: {table}\n    environments: [staging]\n    weights: {{a: 1, b: 1}}\n"
        f"    ranges:\n      a: [[0, {slots}]]\n      b: [[{slots}, 100000]]\n"
        for table, slots in first.items()
    )
    return f"tables:\n{entries}".encode() if first else b"tables: []\n"


def told(settled: Lock) -> dict[str, int]:
    return {each.table: each.ranges["a"][0][1] for each in settled.tables}


@pytest.mark.parametrize(
    ("ancestor", "ours", "theirs", "expected"),
    [
        (lock(r=1), lock(r=2), lock(r=1), {"r": 2}),
        (lock(r=1), lock(r=1), lock(r=3), {"r": 3}),
        (lock(r=1), lock(r=2), lock(r=3), {"r": 2}),
        (lock(r=1), lock(r=2, s=4), lock(r=1, t=5), {"r": 2, "s": 4, "t": 5}),
        (lock(r=1, s=1), lock(r=1), lock(r=2, s=1), {"r": 2}),
        (lock(r=1, s=1), lock(r=1), lock(r=1, s=2), {"r": 1}),
        (lock(r=1), None, lock(r=1, s=2), {"s": 2}),
        (lock(r=1), lock(r=1, s=2), None, {"s": 2}),
        (b"", lock(r=1), lock(s=2), {"r": 1, "s": 2}),
        (None, lock(r=1), lock(r=2, s=2), {"r": 1, "s": 2}),
        (lock(r=1), b"tables: [", lock(r=2), {"r": 2}),
        (lock(r=1), lock(r=2), b"\xff", {"r": 2}),
    ],
)
def test_settle(
    ancestor: bytes | None, ours: bytes | None, theirs: bytes | None, expected: dict[str, int]
) -> None:
    assert told(settle(Sides(ancestor, ours, theirs), "f.lock.yaml")) == expected


@pytest.mark.parametrize("shown", [True, False], ids=["diff3", "merge"])
def test_marks(shown: bool) -> None:
    before, mine, other = (f"    {each}\n" for each in ("base: 1", "ours: 2", "theirs: 3"))
    middle = f"||||||| 1234567\n{before}" if shown else ""
    data = f"tables:\n<<<<<<< HEAD\n{mine}{middle}=======\n{other}>>>>>>> other\n# end\n".encode()
    assert is_marked(data)
    sides = marked_sides(data)
    assert sides.ours == f"tables:\n{mine}# end\n".encode()
    assert sides.theirs == f"tables:\n{other}# end\n".encode()
    assert sides.ancestor == (f"tables:\n{before}# end\n".encode() if shown else None)
    assert not is_marked(lock(r=1))
