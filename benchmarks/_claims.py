"""What a benchmark claims: a figure beside its target, met or not, and the table of all of them.

`python -m benchmarks._claims MODULE FILE` runs one module and leaves its claims in FILE, so that
each runs in a process of its own.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["Claim", "print_claims", "table"]


class Claim(Struct, frozen=True):
    """One figure and what it is held against; `note` says what a reader must know beside it."""

    name: str
    figure: str
    target: str
    met: bool
    note: str = ""


def table(claims: Iterable[Claim]) -> str:
    """Return the claims as a Markdown table."""
    lines = ["| claim | figure | target | | note |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.name} | {each.figure} | {each.target} | {'met' if each.met else '**not met**'} "
        f"| {each.note} |"
        for each in claims
    ]
    return "\n".join(lines)


def print_claims(claims: Iterable[Claim]) -> None:
    """Print the claims for a terminal, aligned."""
    claims = list(claims)
    if not claims:
        return
    name = max(len(each.name) for each in claims)
    figure = max(len(each.figure) for each in claims)
    target = max(len(each.target) for each in claims)
    for each in claims:
        verdict = "met    " if each.met else "NOT MET"
        note = f"  ({each.note})" if each.note else ""
        print(
            f"{verdict}  {each.name:<{name}}  {each.figure:<{figure}}  {each.target:<{target}}{note}"
        )


def _run(module: str, file: Path) -> None:
    """Leave the module's claims in `file`; one without `claims` is only made to print."""
    loaded = importlib.import_module(f"benchmarks.{module}")
    make: Callable[[], list[Claim]] | None = getattr(loaded, "claims", None)
    if make is None:
        loaded.main()
        made = []
    else:
        made = make()
    file.write_bytes(msgspec.json.encode(made))


if __name__ == "__main__":
    # As the module that others import, so that there is one Claim.
    from benchmarks import _claims

    _claims._run(sys.argv[1], Path(sys.argv[2]))
