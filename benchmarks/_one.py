"""`python -m benchmarks._one MODULE FILE` leaves a benchmark's claims in FILE as JSON.

So each benchmark runs in a process of its own. One without `claims` is only made to print.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import msgspec

from benchmarks._claims import Claim

if __name__ == "__main__":
    module = importlib.import_module(f"benchmarks.{sys.argv[1]}")
    made: list[Claim] = []
    if hasattr(module, "claims"):
        made = module.claims()
    else:
        module.main()
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(made))
