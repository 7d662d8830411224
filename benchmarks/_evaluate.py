"""One process of the evaluation benchmark: holds answers to what they must be, or takes times.

`check NAME` prints what is wrong with a peer's answers; `time ROUNDS NAME …` lets the peers take
turns and prints the nanoseconds of each work and round; both as JSON. Time is processor time of
the thread that evaluates, since machines are shared.
"""

from __future__ import annotations

import sys
import time
from itertools import islice

import msgspec

from benchmarks._flags import USERS, WORKS, Definition, misfits
from benchmarks.peers import Peer, make_peer

__all__ = ["Times", "check", "take_times"]

Times = dict[str, dict[str, list[float]]]
"""By peer and work: nanoseconds per evaluation, in d per pass over all flags, of each round."""

_PASSES = 100  # contexts of a round of d


def _ready(name: str) -> Peer:
    flags: list[Definition] = [flag for work in WORKS.values() for flag in work]
    peer = make_peer(name)
    peer.load(peer.configure(flags))
    return peer


def check(name: str) -> list[str]:
    """Return what is wrong with a peer's answers."""
    peer = _ready(name)
    contexts = [peer.context(user) for user in USERS]

    def answer(flag: Definition, number: int) -> object:
        peer.run_all([flag], contexts[number : number + 1])  # as it is asked when it is timed
        return peer.answer(flag, contexts[number])

    found = list(islice(misfits(answer), 3))
    peer.close()
    return found


def take_times(names: list[str], rounds: int) -> Times:
    """Let the peers take turns at each work; the first round warms up and is not counted."""
    peers = {name: _ready(name) for name in names}
    contexts = {name: [peer.context(user) for user in USERS] for name, peer in peers.items()}
    taken: Times = {name: {work: [] for work in WORKS} for name in names}
    for number in range(rounds + 1):
        start = number % len(names)
        for work in WORKS:
            for name in names[start:] + names[:start]:
                spent = _round(peers[name], work, contexts[name], number)
                if number:
                    taken[name][work].append(spent)
    for peer in peers.values():
        peer.close()
    return taken


def _round(peer: Peer, work: str, contexts: list[object], number: int) -> float:
    flags = WORKS[work]
    if len(flags) > 1:
        first = number * _PASSES % len(contexts)
        asked = contexts[first : first + _PASSES]
        start = time.thread_time_ns()
        peer.run_all(flags, asked)
    else:
        asked = contexts
        start = time.thread_time_ns()
        peer.run(flags[0], asked)
    return (time.thread_time_ns() - start) / len(asked)


if __name__ == "__main__":
    if sys.argv[1] == "check":
        print(msgspec.json.encode(check(sys.argv[2])).decode())
    else:
        print(msgspec.json.encode(take_times(sys.argv[3:], int(sys.argv[2]))).decode())
