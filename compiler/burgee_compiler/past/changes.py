"""What a commit changed for users of a flag, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from burgee.instants import format_instant
from burgee_compiler.allocate import exact_slots
from burgee_compiler.model.distribution import Default
from burgee_compiler.model.files import Layer, LockTable, Segment
from burgee_compiler.model.flag import Flag
from burgee_compiler.past.version import Version
from burgee_compiler.resolve import flag_in, phases_of, segment_in
from burgee_compiler.words.conditions import condition_text
from burgee_compiler.words.differences import differences

__all__ = ["Changed", "changes_between"]

_FOR_PEOPLE: Final = ("name", "owner", "kind", "expires", "description", "tests")


class Changed(Struct, frozen=True):
    """One thing that is another one; `environments` is empty where that is so in all of them."""

    kind: str
    text: str
    environments: tuple[str, ...] = ()


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
        found += _by_environment(environments, lambda name: _flag(old, new, name))
        found += _for_people(old, new)
    found += _locks(before, after)
    found += _by_environment(environments, lambda name: _segments(before, after, name))
    found += _members(before, after)
    for name in sorted(before.layers.keys() & after.layers.keys()):
        found += _layer(name, before.layers[name], after.layers[name], before.key, after.key)
    return found


def _by_environment(
    environments: Sequence[str], of: Callable[[str], Iterator[Changed]]
) -> Iterator[Changed]:
    """Put together what is the same in several environments, in the order it is first said."""
    where: dict[Changed, list[str]] = {}
    for name in environments:
        for each in of(name):
            where.setdefault(each, []).append(name)
    for each, names in where.items():
        all_of_them = len(names) == len(environments)
        yield Changed(each.kind, each.text, () if all_of_them else tuple(names))


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

    yield from _by_environment(environments, of)


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
            for kind, text in _segment(here, there):
                yield Changed(kind, f"segment {name}: {text}")


def _segment(before: Segment, after: Segment) -> Iterator[tuple[str, str]]:
    if before.when != after.when:
        old, new = (
            "none" if each.when is None else f"[{condition_text(each.when)}]"
            for each in (before, after)
        )
        yield "retarget", f"when {old} → {new}"
    if before.by != after.by:
        yield "retarget", f"by {before.by} → {after.by}"
    if before.members_file != after.members_file:
        yield "members", f"members_file {before.members_file} → {after.members_file}"
    for field in ("members", "excluded"):
        text = _ids(set(getattr(before, field)), set(getattr(after, field)))
        if text:
            yield "members", f"{field} {text}"


def _ids(before: set[str] | frozenset[str], after: set[str] | frozenset[str]) -> str:
    come, gone = len(after - before), len(before - after)
    return " ".join(f"{sign}{count:,}" for sign, count in (("+", come), ("-", gone)) if count)


def _members(before: Version, after: Version) -> Iterator[Changed]:
    for path in sorted(before.members.keys() & after.members.keys()):
        text = _ids(before.members[path], after.members[path])
        if text:
            yield Changed("members", f"{path.rpartition('/')[2]} {text}")


def _layer(name: str, before: Layer, after: Layer, old_key: str, new_key: str) -> Iterator[Changed]:
    if before.by != after.by:
        yield Changed("retarget", f"layer {name}: by {before.by} → {after.by}")
    if before.holdout != after.holdout:
        text = f"{_share(before.holdout)} → {_share(after.holdout)}"
        yield Changed("retarget", f"layer {name}: holdout {text}")
    old, new = _own(before.slots, old_key), _own(after.slots, new_key)
    for rule in sorted(old.keys() | new.keys()):
        was, now = old.get(rule, ()), new.get(rule, ())
        if was != now:
            kind = "ramp_up" if _size(now) >= _size(was) else "ramp_down"
            text = f"slots of {rule} {_share(was)} → {_share(now)}"
            yield Changed(kind, f"layer {name}: {text}")


Ranges = tuple[tuple[int, int], ...]


def _own(slots: Mapping[str, Ranges], key: str) -> dict[str, Ranges]:
    return {
        name.rpartition("/")[2]: ranges
        for name, ranges in slots.items()
        if name.rpartition("/")[0] == key
    }


def _size(ranges: Ranges) -> int:
    return sum(end - start for start, end in ranges)


def _share(ranges: Ranges) -> str:
    spans = ", ".join(f"{start / 1000:g}–{end / 1000:g}" for start, end in sorted(ranges))
    return f"{_size(ranges) / 1000:g} %" + (f" ({spans})" if spans else "")
