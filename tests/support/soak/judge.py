"""The verdict: each answer against git, each failure against who was down, memory and lag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median, quantiles

from msgspec import Struct

from support.soak.history import ARMS, FLAGS, Expected
from support.soak.service import Service
from support.soak.watch import Answered, Down, Missed

__all__ = ["Lag", "growth", "lags", "sequence", "unexcused", "went_back", "wrong"]

_AROUND = 0.5  # seconds: a call under way when its node is killed, and one as it comes back


class Lag(Struct, frozen=True):
    """Seconds from a commit's answer to its first being served by a node."""

    p50: float
    p95: float
    most: float


def wrong(
    answered: Iterable[Answered], expected: Mapping[str, Expected], arms: Mapping[str, object]
) -> list[Answered]:
    """Return the answers that are not what git says of their version, or give a user an arm that
    is not the user's.
    """
    return [
        each
        for each in answered
        if {key: each.given.get(key) for key in FLAGS} != expected.get(each.version)
        or each.given.get(ARMS) != arms[each.user]
    ]


def went_back(answered: Iterable[Answered], nodes: Iterable[Service]) -> list[Answered]:
    """Return the answers of a node that are older than one that was whole before they began.

    Connections of one node may overtake each other by a call, no more. A node that was killed
    before its copy was written, or could not write it, begins with an older one.
    """
    found: list[Answered] = []
    for node in nodes:
        highest, at = 0, 0.0
        starts = sorted(each.until for each in node.down)
        for each in sorted((e for e in answered if e.door == node.name), key=lambda e: e.at):
            while starts and each.at > starts[0] - _AROUND:
                highest, at = 0, starts.pop(0)
            now = sequence(each.version)
            if now < highest and each.at - at > _AROUND:
                found.append(each)
            if now > highest:
                highest, at = now, each.at
    return found


def unexcused(missed: Iterable[Missed], nodes: Iterable[Service]) -> list[Missed]:
    """Return the failures that no killed process excuses: those of a node that was there, and of
    nginx all but an answer that was cut off in the middle as the node that gave it was killed.
    """
    down: dict[str, Sequence[Down]] = {node.name: node.down for node in nodes}
    kills = [each.since for of_node in down.values() for each in of_node]
    return [
        each
        for each in missed
        if not _excused(each, down.get(each.door, ())) and not _cut_off(each, kills)
    ]


def _cut_off(missed: Missed, kills: Sequence[float]) -> bool:
    at_once = any(missed.since - _AROUND <= kill <= missed.at + _AROUND for kill in kills)
    return at_once and missed.what.startswith("IncompleteReadError")


def _excused(missed: Missed, down: Sequence[Down]) -> bool:
    return any(
        missed.at >= each.since - _AROUND and missed.since <= each.until + _AROUND for each in down
    )


def lags(
    committed: Mapping[int, float], answered: Iterable[Answered], nodes: Iterable[Service]
) -> Lag:
    """Return how long commits (sequence → when) took to be served by each node that was there."""
    seconds: list[float] = []
    for node in nodes:
        first: dict[int, float] = {}
        for each in answered:
            if each.door == node.name:
                number = sequence(each.version)
                first[number] = min(first.get(number, each.at), each.at)
        seen = sorted(first.items())
        for number, at in committed.items():
            served = min((when for other, when in seen if other >= number), default=None)
            if served is not None and not any(
                down.since - 2 <= at <= down.until + 2 for down in node.down
            ):
                seconds.append(max(0.0, served - at))
    cuts = quantiles(seconds, n=20)
    return Lag(median(seconds), cuts[-1], max(seconds))


def growth(memory: Sequence[float]) -> float:
    """Return by how many MB the last third of the samples lies above the middle one."""
    third = len(memory) // 3
    return median(memory[-third:]) - median(memory[third : 2 * third])


def sequence(version: str) -> int:
    """Return the sequence in a version."""
    return int(version.partition("-")[0])
