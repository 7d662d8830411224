"""What may take the place of the snapshot in force: never an older one, never another's."""

from pathlib import Path
from typing import Any

import pytest

from burgee.load import Refused, read_folder
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.figures import Figures
from burgee_edge.holder import REASONS, Highest, Holder
from burgee_edge.served import Served, make_served
from burgee_http.metrics import Cell
from support.edge import ACME
from support.snapshots import write_environment

FIGURES = Figures()


def make_cache() -> ResponseCache:
    return ResponseCache(1000, CacheCounts(Cell(), Cell()), FIGURES.settle)


def served(folder: Path, sequence: int, **more: Any) -> Served:
    write_environment(folder, {"acme": ACME}, sequence=sequence, **more)
    return make_served(read_folder(folder / "production"), "production", None, make_cache)


Manifest = dict[str, Any]

# What was served, in turn; what comes; the reason it is refused for, None where it is taken.
ORDERS: list[tuple[list[Manifest], Manifest, str | None]] = [
    ([], {"sequence": 5}, None),
    ([{"sequence": 5}], {"sequence": 6}, None),
    ([{"sequence": 5}], {"sequence": 4}, "older"),
    ([{"sequence": 5}], {"sequence": 4, "epoch": 1}, None),
    ([{"sequence": 5, "epoch": 1}], {"sequence": 9}, "older"),
    ([{"sequence": 5}], {"sequence": 5, "commit": "other"}, "conflict"),
    ([{"sequence": 5}], {"sequence": 5, "compiler": "0.2.0"}, None),
    ([{"sequence": 5}], {"sequence": 5, "compiler": "0.0.9"}, "conflict"),
    ([{"sequence": 5, "compiler": "0.9.0"}], {"sequence": 5, "compiler": "0.10.0"}, None),
    ([{"sequence": 5}], {"sequence": 5, "compiler": "what"}, "conflict"),
    (
        [{"sequence": 5, "compiler": "burgee 0.9.0"}],
        {"sequence": 5, "compiler": "burgee 0.10.0"},
        None,
    ),
    ([{"sequence": 5}], {"sequence": 0}, None),
    ([{"sequence": 5}, {"sequence": 0}], {"sequence": 0, "version": "0-beefbee"}, None),
    ([{"sequence": 5}, {"sequence": 0}], {"sequence": 6}, None),
    ([{"sequence": 5}, {"sequence": 0}], {"sequence": 5}, None),
    ([{"sequence": 5}, {"sequence": 0}], {"sequence": 4}, "older"),
    ([{"sequence": 0}], {"sequence": 1}, None),
]


@pytest.mark.parametrize(("before", "then", "reason"), ORDERS)
def test_order(tmp_path: Path, before: list[Manifest], then: Manifest, reason: str | None) -> None:
    holder = Holder()
    for manifest in before:
        holder.take(served(tmp_path, **manifest))
    last = holder.current
    if reason is None:
        new = served(tmp_path, **then)
        holder.take(new)
        assert holder.current is new
    else:
        with pytest.raises(Refused) as caught:
            holder.take(served(tmp_path, **then))
        assert caught.value.reason == reason
        assert holder.current is last


def test_the_highest_order_outlives_the_process(tmp_path: Path) -> None:
    first = Holder()
    first.take(served(tmp_path, 5))
    again = Holder(highest=first.highest)
    with pytest.raises(Refused, match="older"):
        again.take(served(tmp_path, 4))
    again.take(served(tmp_path, 5))
    assert again.highest == first.highest


def test_a_dirty_snapshot_does_not_lower_what_is_highest(tmp_path: Path) -> None:
    holder = Holder()
    holder.take(served(tmp_path, 5))
    holder.take(served(tmp_path, 0))
    assert isinstance(holder.highest, Highest)
    assert holder.highest.sequence == 5


def test_a_dirty_snapshot_comes_from_a_local_folder_only(tmp_path: Path) -> None:
    holder = Holder(local=False)
    with pytest.raises(Refused) as caught:
        holder.take(served(tmp_path, 0))
    assert caught.value.reason == "dirty"


def test_any_order(tmp_path: Path) -> None:
    holder = Holder(any_order=True)
    for sequence in (5, 3, 0, 1):
        new = served(tmp_path, sequence)
        holder.take(new)
        assert holder.current is new


def test_refusals_are_counted_by_reason() -> None:
    holder = Holder(clock=lambda: 12.0)
    for reason in ("older", "older", "digest"):
        holder.refuse(Refused(reason, "as a test"))
    assert {reason: n for reason, n in holder.refusals.items() if n} == {"older": 2, "digest": 1}
    assert set(holder.refusals) == set(REASONS)
    assert holder.last_refusal == ("digest", 12.0)
