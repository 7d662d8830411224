"""What a benchmark claims: a figure beside its target, met or not, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable

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
        line = f"{verdict}  {each.name:<{name}}  {each.figure:<{figure}}  {each.target:<{target}}"
        print(f"{line}  {each.note}".rstrip())
