"""What an app waits for at its start: `import burgee` and one evaluation, in a fresh process.

The floor is `python -c pass`; the two take turns. Times are of the whole process, as the kernel
counted them when it ended. Run: python -m benchmarks.startup
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from benchmarks._claims import Claim, print_claims
from benchmarks._flags import WORKS
from benchmarks._snapshot import compiled, write_files

__all__ = ["claims", "main"]

_RUNS: Final = 15
_PROGRAM: Final = """\
from pathlib import Path
import burgee
flags = burgee.load_environment(burgee.read_folder(Path({folder!r})), "production").tenants["acme"]
result = flags.evaluate("b-three-rules", {context!r}, 0)
assert result.rule == "three", result
"""
_CONTEXT: Final = {"targetingKey": "u1", "plan": "free", "country": "DE", "version": "3.4.0"}


class Spent(Struct, frozen=True):
    """Milliseconds of a process: on the processor, and from start to end."""

    processor: float
    elapsed: float


def claims() -> list[Claim]:
    """Measure both in turn; the first run of each warms the file cache."""
    program = "pass"
    with TemporaryDirectory() as folder:
        write_files(compiled([flag for work in WORKS.values() for flag in work]), Path(folder))
        program = _PROGRAM.format(folder=folder, context=_CONTEXT)
        pairs = [(_run(program), _run("pass")) for _ in range(_RUNS + 1)][1:]
    ours = [pair[0].processor for pair in pairs]
    middle = statistics.median(ours)
    elapsed = statistics.median(pair[0].elapsed for pair in pairs)
    floor = statistics.median(pair[1].processor for pair in pairs)
    return [
        Claim(
            "import burgee, load 103 flags, evaluate one: a fresh process",
            f"{middle:.0f} ms of processor time ({min(ours):.0f}–{max(ours):.0f}), "
            f"{elapsed:.0f} ms elapsed",
            "≤ 120 ms",
            middle <= 120,
            f"`python -c pass`: {floor:.0f} ms",
        )
    ]


def main() -> None:
    """Print the figure and what it is held against."""
    print_claims(claims())


def _run(program: str) -> Spent:
    start = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", program], os.environ)
    _, status, usage = os.wait4(process, 0)
    elapsed = time.perf_counter() - start
    if status != 0:
        raise RuntimeError(f"a fresh process ended with status {os.waitstatus_to_exitcode(status)}")
    return Spent((usage.ru_utime + usage.ru_stime) * 1e3, elapsed * 1e3)


if __name__ == "__main__":
    main()
