"""Promise: any number of threads may ask one client while snapshots are swapped under them."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from burgee import Client
from burgee.snapshot.forms import OutcomeForm
from support.snapshots import TenantParts, flag, split, write_environment
from support.waiting import until

SWAPS = 25


def parts(version: int) -> TenantParts:
    """All flags of a version serve that version, some by way of tables and prerequisites."""
    serving = {f"v{version}": version}
    return TenantParts(
        {
            "plain": flag(variants=serving, default=f"v{version}"),
            "split": flag(
                OutcomeForm(split=split("split", 50, 50)), variants={"a": version, "b": version}
            ),
            "needy": flag(
                variants=serving, default=f"v{version}", requires={"plain": (f"v{version}",)}
            ),
        }
    )


@pytest.fixture
def often() -> Iterator[None]:
    """Threads are switched as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("often")
def test_swaps_under_many_threads(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": parts(1)}, sequence=1)
    stop = threading.Event()
    wrong: list[str] = []
    asked = [0, 0, 0, 0]

    def ask(client: Client, me: int) -> None:
        last = 0
        while not stop.is_set():
            for key in ("plain", "split", "needy"):
                details = client.details(key, {"targetingKey": f"u{me}"}, 0)
                version = int((details.version or "0").partition("-")[0])
                if details.value != version or version < last or details.problem:
                    wrong.append(f"{details} after {last}")
                last = version
                value = client.evaluate(key, {"targetingKey": f"u{me}"}, 0)
                if value < last:
                    wrong.append(f"{key}: {value} after {last}")
            asked[me] += 1

    with Client(tmp_path, tenant="acme", poll_seconds=0.001) as client:
        threads = [threading.Thread(target=ask, args=(client, me)) for me in range(len(asked))]
        for thread in threads:
            thread.start()
        for sequence in range(2, SWAPS + 2):
            write_environment(tmp_path, {"acme": parts(sequence)}, sequence=sequence)
            until(lambda s=sequence: client.state.order == (0, s), "the swap")  # type: ignore[misc]
        stop.set()
        for thread in threads:
            thread.join(20)
    assert wrong == []
    assert min(asked) > 0


def test_a_client_that_is_dropped_leaves_no_thread(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": parts(1)})
    client = Client(tmp_path, tenant="acme")
    mine = [each for each in threading.enumerate() if each.name.startswith("burgee")]
    assert mine
    del client
    until(lambda: not any(each.is_alive() for each in mine), "its threads end")
