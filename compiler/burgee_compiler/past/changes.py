"""What a commit changed for users of a flag, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from burgee.instants import format_instant
from burgee_compiler.allocate import exact_slots
from burgee_compiler.model.distribution import Default
from burgee_compiler.model.files import LockTable
from burgee_compiler.model.flag import Flag
from burgee_compiler.past.parts import (
    Changed,
    Ranges,
    by_environment,
    ids_text,
    layer_words,
    segment_words,
)
from burgee_compiler.past.version import Version
from burgee_compiler.resolve import flag_in, phases_of, segment_in
from burgee_compiler.words.differences import differences

__all__ = ["Changed", "changes_between"]

_FOR_PEOPLE: Final = ("name", "owner", "kind", "expires", "description", "tests")


def changes_between(before: Version, after: Version, environments: Sequence[str]) -> list[Changed]:
    """Return what is different; nothing where no user and no reader would notice."""
    if not after.exists or not before.exists:
        return list(_comes_or_goes(before, after, environments))
    found: list[Changed] = []
    if before.path != after.path:
        found.append(Changed("none", f"renamed from {before.key}"))
    for version, when in ((before, "before"), (after, "after")):
        if version.flag is None:
            found.append(Changed("none", f"the file cannot be read as it was {when}"))
    if before.flag is not None and after.flag is not None:
        old, new = before.flag, after.flag
        found += by_environment(environments, lambda name: _flag(old, new, name))
        found += _for_people(old, new)
    found += _locks(before, after)
    found += by_environment(environments, lambda name: _segments(before, after, name))
    found += _members(before, after)
    for name in sorted(before.layers.keys() & after.layers.keys()):
        old_layer, new_layer = before.layers[name], after.layers[name]
        slots = _own(old_layer.slots, before.key), _own(new_layer.slots, after.key)
        found += layer_words(name, old_layer, new_layer, slots)
    return found


def _comes_or_goes(
    before: Version, after: Version, environments: Sequence[str]
) -> Iterator[Changed]:
    if before.exists:
        yield Changed("none", "the flag goes")
        return
    if not after.exists:
        return
    flag = after.flag
    if flag is None:
        yield Changed("none", "the flag comes; its file cannot be read")
        return

    def of(name: str) -> Iterator[Changed]:
        here = phases_of(flag_in(flag, name))[0].flag
        rules = ", ".join(rule.name for rule in here.rules)
        said = f"; rules {rules}" if rules else ""
        yield Changed("none", f"the flag comes, {here.state}: default {_default(here)}{said}")

    yield from by_environment(environments, of)


def _default(flag: Flag) -> str:
    default: Default = flag.default
    if default.serve.split is None:
        served = default.serve.variant or ""
    else:
        slots = exact_slots(default.serve.split)
        served = ", ".join(f"{name} {slots[name] / 1000:g} %" for name in default.serve.split)
    return served if default.percentage is None else f"{served} behind a gate"


def _flag(before: Flag, after: Flag, environment: str) -> Iterator[Changed]:
    old, new = (phases_of(flag_in(each, environment)) for each in (before, after))
    for each in differences(old[0].flag, new[0].flag):
        yield Changed(each.kind, each.text)
    was, now = (_steps([phase.flag for phase in phases], phases) for phases in (old, new))
    for at, text in sorted(was - now):
        yield Changed("schedule", f"no longer to come: {text} at {format_instant(at)}")
    for at, text in sorted(now - was):
        yield Changed("schedule", f"to come at {format_instant(at)}: {text}")


def _steps(flags: Sequence[Flag], phases: Sequence[Any]) -> set[tuple[int, str]]:
    return {
        (phases[index].at, each.text)
        for index in range(1, len(phases))
        for each in differences(flags[index - 1], flags[index])
    }


def _for_people(before: Flag, after: Flag) -> Iterator[Changed]:
    for field in _FOR_PEOPLE:
        old, new = getattr(before, field), getattr(after, field)
        if old == new:
            continue
        if field in ("description", "tests"):
            yield Changed("metadata", f"{field} changed" if new else f"{field} gone")
        else:
            yield Changed("metadata", f"{field} {_plain(field, old)} → {_plain(field, new)}")


def _plain(field: str, value: Any) -> str:
    if value is None:
        return "none"
    return format_instant(value) if field == "expires" else str(value)


def _locks(before: Version, after: Version) -> Iterator[Changed]:
    old, new = (
        {} if each.lock is None else {_entry(table): table for table in each.lock.tables}
        for each in (before, after)
    )
    for entry in sorted(old.keys() | new.keys(), key=str):
        name, at, environments = entry
        what = f"the lock of {name}" + ("" if at is None else f" at {format_instant(at)}")
        if entry not in new:
            yield Changed("none", f"{what} goes", environments)
        elif entry not in old:
            yield Changed("none", f"{what} comes", environments)
        elif old[entry] != new[entry]:
            moved = _moved(old[entry], new[entry])
            text = f"{what}: {moved / 1000:g} % of slots have another arm"
            yield Changed("none", text, environments)


def _entry(table: LockTable) -> tuple[str, int | None, tuple[str, ...]]:
    return table.table, table.at, tuple(sorted(table.environments))


def _moved(before: LockTable, after: LockTable) -> int:
    kept = 0
    for arm, ranges in before.ranges.items():
        for start, end in ranges:
            for first, last in after.ranges.get(arm, ()):
                kept += max(0, min(end, last) - max(start, first))
    return sum(end - start for ranges in before.ranges.values() for start, end in ranges) - kept


def _segments(before: Version, after: Version, environment: str) -> Iterator[Changed]:
    for name in sorted(before.segments.keys() & after.segments.keys()):
        old, new = before.segments[name], after.segments[name]
        if old is not None and new is not None and old != new:
            here, there = segment_in(old, environment), segment_in(new, environment)
            for kind, text in segment_words(here, there):
                yield Changed(kind, f"segment {name}: {text}")


def _members(before: Version, after: Version) -> Iterator[Changed]:
    for path in sorted(before.members.keys() & after.members.keys()):
        text = ids_text(before.members[path], after.members[path])
        if text:
            yield Changed("members", f"{path.rpartition('/')[2]} {text}")


def _own(slots: Mapping[str, Ranges], key: str) -> dict[str, Ranges]:
    return {
        name.rpartition("/")[2]: ranges
        for name, ranges in slots.items()
        if name.rpartition("/")[0] == key
    }
