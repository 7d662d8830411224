"""The splits of a flag that a lock may have an entry for, in one environment."""

from __future__ import annotations

from burgee_compiler.model.distribution import Split
from burgee_compiler.model.flag import Flag
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["splits_in"]

Splits = dict[tuple[str, int | None], Split]
"""By table and the schedule step that sets it, None for one that is there from the beginning."""


def splits_in(flag: Flag, environment: str) -> Splits:
    """Return each table's first split, and those that steps set, as the build asks for them."""
    found: Splits = {}
    before: dict[str, Split | None] = {}
    for phase in phases_of(flag_in(flag, environment)):
        now = {rule.name: rule.serve.split for rule in phase.flag.rules}
        now["default"] = phase.flag.default.serve.split
        for table, split in now.items():
            # Where no step has set it, it is the same object as in the phase before.
            if split is not None and before.get(table) is not split:
                found[table, phase.at] = split
        before = now
    return found
