"""From a commit to three nodes: the writer, a publisher that watches, an object store, and nodes
that are woken by Redis or look every five seconds.

By an outside clock, from the writer's answer until each node's answers are of the commit; beside
it the lag that the nodes measure themselves, whose commits have whole seconds. The servers are
those of `make servers`. Run: python -m benchmarks.propagation
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from benchmarks._claims import Claim, print_claims

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.edge_process import EdgeProcess
from support.soak.fleet import NODES, Fleet, fleet
from support.wire import ask

__all__ = ["claims"]

_CHANGES = 40
_POLL_SECONDS = 5.0
_TENANT = {"X-Tenant-ID": "acme"}


def claims() -> list[Claim]:
    """Measure both, one after the other."""
    made: list[Claim] = []
    for woken, most in ((True, 2.0), (False, _POLL_SECONDS + 2.0)):
        with (
            TemporaryDirectory() as folder,
            fleet(Path(folder), woken=woken, poll_seconds=60.0 if woken else _POLL_SECONDS) as all_,
        ):
            outside, inside = _measured(all_)
        name = "woken" if woken else f"looking every {_POLL_SECONDS:g} s"
        p50, p95 = _cuts(outside)
        lag50, lag95 = _cuts(inside)
        made.append(
            Claim(
                f"commit to three nodes, {name}: p95",
                f"{p95:.2f} s",
                f"≤ {most:g} s",
                p95 <= most,
                f"p50 {p50:.2f} s; by the nodes' own metric p50 {lag50:.2f}, p95 {lag95:.2f} s",
            )
        )
    return made


def _measured(running: Fleet) -> tuple[list[float], list[float]]:
    nodes = [EdgeProcess(f"http://127.0.0.1:{running.ports[name]}", 0, _TENANT) for name in NODES]
    outside: list[float] = []
    inside: list[float] = []
    for number in range(1, _CHANGES + 1):
        body = json.dumps({"variants": {"only": {"value": f"v{number}"}}}).encode()
        answer = ask(running.ports["writer"], "PATCH", "/v1/flags/pair.left", _TENANT, body)
        began = time.perf_counter()
        assert answer.status == 200, answer.body
        waiting = dict(zip(NODES, nodes, strict=True))
        while waiting:
            for name, node in list(waiting.items()):
                told = node.ofrep("pair.left", {"targetingKey": "u"}).body
                if f'"v{number}"'.encode() in told:
                    outside.append(time.perf_counter() - began)
                    inside.append(node.metric("burgee_snapshot_lag_seconds"))
                    del waiting[name]
            time.sleep(0.01)
        time.sleep(0.37 * (number % 3))  # at any phase of the intervals
    return outside, inside


def _cuts(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=20)
    return cuts[9], cuts[18]


if __name__ == "__main__":
    print_claims(claims())
