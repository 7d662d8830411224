"""The splits of a flag that a lock may have an entry for, in one environment."""

from __future__ import annotations

from burgee_compiler.model.distribution import Split
from burgee_compiler.model.flag import Flag
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["splits_in"]

Splits = dict[tuple[str, int | None], Split]
"""By table and the schedule step that sets it, None for the table that is there first."""


def splits_in(flag: Flag, environment: str) -> Splits:
    """Return each table's first split, and those that steps set, as the build asks for them."""
    found: Splits = {}
    before: dict[str, Split] = {}
    for phase in phases_of(flag_in(flag, environment)):
        now = {rule.name: rule.serve.split for rule in phase.flag.rules}
        now["default"] = phase.flag.default.serve.split
        for table, split in now.items():
            if split is None:
                continue
            if table not in before:
                found.setdefault((table, None), split)
                found[table, phase.at] = split
            elif before[table] is not split:  # no step has set it where it is the same object
                found[table, phase.at] = split
            before[table] = split
    return found
