"""Whom a change moves, at every instant that matters."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from burgee.evaluation.shares import TooManyCells
from burgee_compiler.plan.facts import Cube, Wording, simplified
from burgee_compiler.plan.groups import Group, Served, TooManyGroups, groups_of
from burgee_compiler.plan.instants import instants_of, stretches
from burgee_compiler.plan.pair import Pair
from burgee_compiler.plan.report import GroupPlan, Move, Share
from burgee_compiler.plan.side import Side

__all__ = ["Moments", "moments", "shown_groups"]

_MOST_INSTANTS = 48


class Moments(Struct, frozen=True):
    """The groups now, and the largest share of any group that is moved at any time.

    That is as if the flag were on, or as it is, whichever is more; None where it is not known.
    """

    pair: Pair
    groups: list[Group]
    worst: Fraction | None
    worst_at: int
    undecided: str | None = None


def moments(pair: Pair, now: int) -> Moments:
    """Return whom a change moves now, and whom at worst."""
    before, after = pair.before, pair.after
    try:
        groups = _groups(pair, now, on=False)
        worst, worst_at = max((each.moved for each in groups), default=Fraction(0)), now
        for at in _instants(before, after, now):
            for on in (False, True) if _is_ever_off(before, after) else (False,):
                for group in _groups(pair, at, on=on):
                    if group.moved > worst:
                        worst, worst_at = group.moved, at
    except (TooManyGroups, TooManyCells) as error:
        if pair.inlined:
            return moments(Pair(before, after, inlining=False), now)
        return Moments(pair, [], None, now, str(error))
    return Moments(pair, groups, worst, worst_at)


def _groups(pair: Pair, at: int, *, on: bool) -> list[Group]:
    before, after = ((pair.flag(is_after=each, on=on), at) for each in (False, True))
    return groups_of(before, after, pair.possible)


def _is_ever_off(*sides: Side | None) -> bool:
    return any(
        phase.state == "off" for side in sides if side is not None for phase in side.form.phases
    )


def _instants(before: Side | None, after: Side | None, now: int) -> list[int]:
    """Return now, every instant to come at which something changes, and the middle between two.

    A pair of gates that move under different salts is a parabola between two instants.
    """
    found: set[int] = set()
    for side in (before, after):
        found |= set() if side is None else instants_of(side.form)
    at = [now]
    for start, end in stretches(found, now)[:_MOST_INSTANTS]:
        at.append(start)
        if end is not None:
            at.append((start + end) // 2)
    return at


Conditions = tuple[tuple[str, str], ...]


def shown_groups(found: Moments) -> tuple[tuple[GroupPlan, ...], Conditions]:
    """Return the groups of whom somebody is moved, those that are moved alike as one.

    With them come the conditions of the rules that they are told by.
    """
    groups, wording, possible = found.groups, Wording(found.pair), found.pair.possible
    alike: dict[frozenset[object], list[Group]] = {}
    for group in groups:
        if group.moved:
            alike.setdefault(frozenset(group.moves.items()), []).append(group)
    told = [
        simplified((frozenset(each.facts.items()) for each in same), possible)
        for same in alike.values()
    ]
    shown = [
        _shown(same[0], cubes, wording) for same, cubes in zip(alike.values(), told, strict=True)
    ]
    shown.sort(key=lambda each: (-each.moved.fraction, each.who))
    return tuple(shown), wording.conditions(cube for cubes in told for cube in cubes)


def _shown(first: Group, cubes: list[Cube], wording: Wording) -> GroupPlan:
    who = () if cubes == [frozenset()] else tuple(map(wording.of, cubes))
    moves = [
        Move(old.variant, new.variant, Share.of(share))
        for (old, new), share in first.moves.items()
        if old != new and share
    ]
    return GroupPlan(
        who=tuple(sorted(who)),
        served=_served(first),
        moves=tuple(sorted(moves, key=lambda each: (-each.share.fraction, str(each.before)))),
        moved=Share.of(first.moved),
        least=Share.of(first.least),
    )


def _served(group: Group) -> tuple[tuple[str | None, Share, Share], ...]:
    before, after = group.before, group.after
    variants: dict[str | None, list[Fraction]] = {}
    for index, shares in enumerate((before, after)):
        for served, share in shares.items():
            variants.setdefault(_variant(served), [Fraction(0), Fraction(0)])[index] += share
    named = sorted(variants.items(), key=lambda each: (each[0] is None, each[0] or ""))
    return tuple((name, Share.of(old), Share.of(new)) for name, (old, new) in named)


def _variant(served: Served) -> str | None:
    return served.variant
