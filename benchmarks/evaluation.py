"""One evaluation in process, against every peer that can be had, doing the same work.

Answers are held to what they must be before anything is timed. Then, in each of several processes,
the evaluators take turns; a figure is the median over processes of the median of each one's rounds.
Run: python -m benchmarks.evaluation [PEER …]
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from msgspec import Struct

from benchmarks._claims import Claim, print_claims
from benchmarks._flags import WORKS
from benchmarks._workers import CannotRun, ask_worker
from benchmarks.peers import BASE, FLOOR, OURS, PEERS, Peer, make_peer

__all__ = ["claims", "main"]

_PROCESSES: Final = 5
_ROUNDS: Final = 5
_TARGETS: Final = {"a": 0.3, "b": 0.6, "c": 0.4, "d": 0.45}
_TITLES: Final = {
    "a": "a: on for all",
    "b": "b: three rules, the third matches",
    "c": "c: 50/30/20 split, object",
    "d": "d: all of 100 mixed flags",
}


class Row(Struct):
    """One evaluator's figures by work, one a process; `problem` says why there are none."""

    name: str
    title: str
    note: str
    times: dict[str, list[float]]
    ratios: dict[str, list[float]]
    problem: str = ""


def measured(peers: Sequence[str] = PEERS) -> list[Row]:
    """Check all answers, then take the times."""
    rows = {name: _checked(name) for name in dict.fromkeys((OURS, FLOOR, BASE, *peers))}
    able = [name for name, row in rows.items() if not row.problem]
    first: list[str] = [OURS, BASE, FLOOR]
    others = [name for name in able if name not in first]
    # Few to a process, so that the threads and the heap of one peer are no burden to another.
    groups = [[name for name in first if name in able]]
    groups += [[BASE, name] for name in others]
    for _ in range(_PROCESSES):
        for group in groups:
            _time(group, rows)
    return list(rows.values())


def _checked(name: str) -> Row:
    try:
        peer = make_peer(name)
    except ImportError as error:
        return Row(name, name, "", {}, {}, f"not installed: {error}")
    row = Row(name, _title(peer), peer.note, {}, {})
    try:
        row.problem = "; ".join(ask_worker("_evaluate", "check", name))
    except CannotRun as error:
        row.problem = f"cannot run: {error}"
    if row.problem:
        print(f"not timed: {row.title}: {row.problem}")
    return row


def _title(peer: Peer) -> str:
    try:
        found = f" {version(peer.distribution)}" if peer.distribution else ""
    except PackageNotFoundError:
        found = ""
    return f"{peer.title}{found}"


def _time(group: list[str], rows: dict[str, Row]) -> None:
    try:
        taken = ask_worker("_evaluate", "time", str(_ROUNDS), *group)
    except CannotRun as error:
        rows[group[-1]].problem = f"stopped while it was timed: {error}"
        return
    medians = {
        name: {work: statistics.median(rounds) for work, rounds in works.items()}
        for name, works in taken.items()
    }
    base = medians.get(BASE)
    for name, works in medians.items():
        if name == BASE and group[0] != OURS:
            continue  # the base's own figures are those beside ours
        for work, spent in works.items():
            rows[name].times.setdefault(work, []).append(spent)
            if base is not None:
                rows[name].ratios.setdefault(work, []).append(spent / base[work])


def _ranged(values: Sequence[float], form: str) -> str:
    low, mid, high = min(values), statistics.median(values), max(values)
    return f"{mid:{form}} ({low:{form}}–{high:{form}})"


def _cell(row: Row, work: str) -> str:
    times = row.times.get(work)
    if not times:
        return "–"
    scale = 1000 if work == "d" else 1
    return _ranged([each / scale for each in times], ",.0f")


def print_rows(rows: Sequence[Row]) -> None:
    """Print all figures as a Markdown table."""
    print("Nanoseconds of processor time an evaluation, d in µs a pass; median (min–max) of")
    print(f"{_PROCESSES} processes, and in the last column the ratios to the base beside it.\n")
    print("| evaluator | a | b | c | d | a, b, c, d of the base | answers with |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        if row.problem:
            print(f"| {row.title} | not timed: {row.problem} | | | | | {row.note} |")
            continue
        cells = " | ".join(_cell(row, work) for work in WORKS)
        ratios = ", ".join(f"{statistics.median(row.ratios[work]):.2f}" for work in row.ratios)
        print(f"| {row.title} | {cells} | {ratios} | {row.note} |")
    print()


def judged(rows: Sequence[Row]) -> list[Claim]:
    """Return the claims that the figures carry."""
    found = {row.name: row for row in rows}
    ours = found[OURS]
    if not ours.ratios:
        why = ours.problem or found[BASE].problem
        return [Claim("evaluation", "–", "ratios to eppo-server-sdk", met=False, note=why)]
    made = []
    for work, title in _TITLES.items():
        ratios = ours.ratios[work]
        unit = "µs" if work == "d" else "ns"
        figure = f"{_ranged(ratios, '.2f')}, {_cell(ours, work)} {unit}"
        target = f"≤ {_TARGETS[work]:.2f} of eppo-server-sdk"
        made.append(Claim(title, figure, target, statistics.median(ratios) <= _TARGETS[work]))
    return [*made, _against_all(rows, ours)]


def _against_all(rows: Sequence[Row], ours: Row) -> Claim:
    """Say whether any peer is faster at any work, by the ratios to the base."""
    faster = []
    for row in rows:
        if row.name in {OURS, FLOOR} or not row.ratios:
            continue
        ahead = [
            work
            for work in WORKS
            if statistics.median(row.ratios[work]) < statistics.median(ours.ratios[work])
        ]
        if ahead:
            faster.append(f"{row.title} in {', '.join(ahead)}")
    timed = sum(1 for row in rows if row.ratios and row.name not in {OURS, FLOOR})
    figure = "; ".join(faster) if faster else f"none of {timed} is faster"
    without = [row.title for row in rows if row.problem]
    note = f"not timed: {', '.join(without)}" if without else ""
    return Claim("a to d: ahead of every peer", figure, "no peer is faster", not faster, note)


def claims() -> list[Claim]:
    """Measure against all peers."""
    return _report(PEERS)


def main(peers: Sequence[str] = PEERS) -> None:
    """Print the figures and what they are held against."""
    print_claims(_report(peers))


def _report(peers: Sequence[str]) -> list[Claim]:
    rows = measured(peers)
    print_rows(rows)
    return judged(rows)


if __name__ == "__main__":
    main(sys.argv[1:] or PEERS)
