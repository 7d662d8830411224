"""B409, B411, B412, B418: locks fit the splits that are in effect."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.buckets import SLOTS
from burgee.instants import format_instant
from burgee_compiler.allocate import exact_slots
from burgee_compiler.checks.hints import Hints, listed
from burgee_compiler.checks.lock_splits import splits_in
from burgee_compiler.checks.ranges import Claim, overlaps
from burgee_compiler.checks.views import LockView
from burgee_compiler.checks.walk import Path
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.distribution import Split
from burgee_compiler.model.files import LockTable
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import variants_of

__all__ = ["check_lock_overlaps", "check_locks_in_use", "check_repeated_locks"]


def check_lock_overlaps(view: LockView) -> Iterator[Diagnostic]:
    """Report slots that a table gives to two arms, or twice to one."""
    for index, table in enumerate(view.lock.tables):
        for first, second in overlaps(_claims(table, ("tables", index, "ranges"))):
            start, end = second.start, min(first.end, second.end)
            both = f"{first.owner} and {second.owner} both have"
            yield view.finding(
                "B411",
                f"{both if first.owner != second.owner else f'{first.owner} has twice'} "
                f"the slots {start} to {end}",
                second.path,
                labels=(Label(view.where(first.path), "the other range"),),
                help="after a merge, `burgee lock` settles which side holds; else restore the file",
            )


def _claims(table: LockTable, path: Path = ()) -> Iterator[Claim]:
    for arm, ranges in table.ranges.items():
        for number, (start, end) in enumerate(ranges):
            yield Claim(start, end, arm, (*path, arm, number))


def _overlapping(table: LockTable) -> bool:
    return any(True for _ in overlaps(_claims(table)))


def check_repeated_locks(view: LockView) -> Iterator[Diagnostic]:
    """Report two entries for one table in one environment."""
    seen: dict[tuple[str, int | None, str], Path] = {}
    for index, table in enumerate(view.lock.tables):
        for number, environment in enumerate(table.environments):
            path: Path = ("tables", index, "environments", number)
            first = seen.setdefault((table.table, table.at, environment), path)
            if first != path:
                yield view.finding(
                    "B418",
                    f'the table "{table.table}" has a second entry for {environment}',
                    path,
                    labels=(Label(view.where(first), "the first one"),),
                    help="keep one: after a merge, `burgee lock` settles which",
                )


def check_locks_in_use(view: LockView) -> Iterator[Diagnostic]:
    """Report locks of what is gone, and locks that were made for other weights."""
    if not view.exists:
        yield view.finding(
            "B412",
            f'there is no flag "{view.key}" that this lock could belong to',
            (),
            help=view.tenant.flag_hints.help(view.key, "remove the file"),
        )
    if view.flag is None:
        return
    for index, table in enumerate(view.lock.tables):
        yield from _entry(view, view.flag, table, ("tables", index))


def _entry(view: LockView, flag: Flag, table: LockTable, path: Path) -> Iterator[Diagnostic]:
    known = [name for name in table.environments if name in view.tenant.environments]
    now: dict[str, Split] = {}
    for environment in known:
        split = splits_in(flag, environment).get((table.table, table.at))
        if split is not None:
            now[environment] = split
    if known and not now:
        yield _gone(view, flag, table, path)
        return
    for arm in table.ranges:
        if arm not in variants_of(flag):
            yield view.finding_at_key(
                "B412",
                f'the lock gives slots to "{arm}", which is no variant of the flag',
                (*path, "ranges", arm),
                help="`burgee lock` hands its slots to the others and writes what the build uses",
            )
    other = {name: split for name, split in now.items() if not _same(table.weights, split)}
    if other:
        yield _stale(view, table, other, (*path, "weights"))
    elif now and not _overlapping(table) and not _fits(table):
        yield view.finding_at_key(
            "B409",
            "the ranges of the lock do not give each arm what its weight asks for",
            (*path, "ranges"),
            help="`burgee lock` writes the table that the build uses",
        )


def _gone(view: LockView, flag: Flag, table: LockTable, path: Path) -> Diagnostic:
    names = {rule.name for rule in flag.rules}
    where = listed(table.environments)
    if table.at is not None:
        message = f"no step at {format_instant(table.at)} sets the split of {table.table}"
        return view.finding("B412", f"{message} in {where}", (*path, "at"), help=_REMOVE)
    if table.table == "default" or table.table in names:
        message = f'the table "{table.table}" has no split in {where}'
        return view.finding("B412", message, (*path, "table"), help=_REMOVE)
    renamed = next((rule.name for rule in flag.rules if rule.was == table.table), None)
    near = Hints(names).near(table.table)
    cure = f'did you mean "{near}"?' if near else _REMOVE
    return view.finding(
        "B412",
        f'the flag has no rule "{table.table}"',
        (*path, "table"),
        help=cure if renamed is None else f"the rule was renamed: write {renamed}",
    )


_REMOVE = "remove the entry, or let `burgee lock` do it"


def _stale(view: LockView, table: LockTable, other: dict[str, Split], path: Path) -> Diagnostic:
    split = next(iter(other.values()))
    weights = ", ".join(f"{name}: {weight}" for name, weight in split.items())
    called = "the default" if table.table == "default" else f'the rule "{table.table}"'
    return view.finding(
        "B409",
        f"the lock of {called} was made for other weights than {{{weights}}}, "
        f"in effect in {listed(other)}",
        path,
        notes=("the build moves the table, as little as can be, to the weights in effect",),
        help="`burgee lock` writes the table that the build uses",
    )


def _same(weights: Split, split: Split) -> bool:
    return any(weights.values()) and _counts(weights) == _counts(split)


def _counts(split: Split) -> dict[str, int]:
    return {arm: count for arm, count in exact_slots(split).items() if count}


def _fits(table: LockTable) -> bool:
    have = {arm: sum(end - start for start, end in ranges) for arm, ranges in table.ranges.items()}
    whole = sum(have.values()) == SLOTS
    return whole and {arm: n for arm, n in have.items() if n} == _counts(table.weights)
