"""What a split costs in parts: the lines of its function, one more of them in each row.

Nanoseconds of processor time a call, the least of 60 rounds. Run: python -m benchmarks._parts
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from xxhash import xxh3_64_intdigest

from burgee.buckets import first_draw
from burgee.evaluation.result import Answer, Result

__all__ = ["main"]

_CALLS = 1_000
_CONTEXTS = [{"targetingKey": f"user-{n}", "plan": "free"} for n in range(10_000)]
_ANSWERS = [
    Answer("k", name, {"steps": 1}, "default_distribution", "SPLIT", None, None, None, {})
    for name in "abc"
]
_BOUNDS = tuple(map(first_draw, (50_000, 80_000)))


def _make(
    path: str, prefix: bytes, a: Answer, b: Answer, c: Answer
) -> dict[str, Callable[..., Any]]:
    """Return the function's beginnings; what it is made of are closure cells, as in the product."""
    low, high = _BOUNDS

    def call(context: Any, now: int, run: Any) -> Any:
        return a

    def key(context: Any, now: int, run: Any) -> Any:
        context.get(path)
        return a

    def unit(context: Any, now: int, run: Any) -> Any:
        u = context.get(path)
        u.encode() if isinstance(u, str) else b""
        return a

    def joined(context: Any, now: int, run: Any) -> Any:
        u = context.get(path)
        prefix + (u.encode() if isinstance(u, str) else b"")
        return a

    def hashed(context: Any, now: int, run: Any) -> Any:
        u = context.get(path)
        xxh3_64_intdigest(prefix + (u.encode() if isinstance(u, str) else b""))
        return a

    def chosen(context: Any, now: int, run: Any) -> Any:
        u = context.get(path)
        n = xxh3_64_intdigest(prefix + (u.encode() if isinstance(u, str) else b""))
        return a if n < low else b if n < high else c

    def result(context: Any, now: int, run: Any) -> Any:
        u = context.get(path)
        n = xxh3_64_intdigest(prefix + (u.encode() if isinstance(u, str) else b""))
        return Result(a if n < low else b if n < high else c, n)

    return {
        "the call": call,
        "+ the targeting key": key,
        "+ as bytes": unit,
        "+ behind the salt": joined,
        "+ hashed": hashed,
        "+ compared with the bounds": chosen,
        "+ the result": result,
    }


def main() -> None:
    """Print each part's cumulative cost."""
    parts = _make("targetingKey", b"acme/checkout/", *_ANSWERS)
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for number in range(60):
        contexts = _CONTEXTS[number * 150 % 9_000 :][:_CALLS]
        for name, part in parts.items():
            start = time.thread_time_ns()
            for context in contexts:
                part(context, 0, None)
            taken[name].append((time.thread_time_ns() - start) / _CALLS)
    for name, rounds in taken.items():
        print(f"{name:<28} {min(rounds):5.0f} ns")


if __name__ == "__main__":
    main()
