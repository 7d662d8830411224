"""Facts in words, and sets of combinations of facts in as few words as they need."""

from __future__ import annotations

from collections.abc import Iterable

from burgee_compiler.plan.atoms import Atom
from burgee_compiler.plan.side import Side

__all__ = ["Cube", "Wording", "simplified"]

Cube = frozenset[tuple[str, bool]]
"""A combination of facts: which hold and which do not; of the others, nothing is said."""


class Wording:
    """Words for the facts of one flag before and after: rules go by their names."""

    def __init__(self, before: Side | None, after: Side | None) -> None:
        self._words: dict[str, str] = {}
        self._conditions: dict[str, str] = {}
        for side, other, tense in ((before, after, "as it was"), (after, before, "as it will be")):
            if side is None:
                continue
            known = {} if other is None else other.atomic.atoms
            said = {_label(atom) for atom in known.values()}
            for name, atom in side.atomic.atoms.items():
                # Only a fact that the other side has another of needs to say which it is.
                told = f", {tense}" if name not in known and _label(atom) in said else ""
                self._words[name] = _label(atom) + told
                if atom.requires is None:
                    self._conditions[name] = _condition(atom, side)

    def of(self, cube: Cube) -> tuple[str, ...]:
        """Return the facts of a combination in words, those that hold first."""
        holds = sorted(self._words[name] for name, held in cube if held)
        fails = sorted(f"not {self._words[name]}" for name, held in cube if not held)
        return (*holds, *fails)

    def conditions(self, cubes: Iterable[Cube]) -> tuple[tuple[str, str], ...]:
        """Return the conditions of the rules that stand in combinations, by the words for them."""
        named = {name for cube in cubes for name, _ in cube}
        found = {
            self._words[name]: self._conditions[name] for name in named & self._conditions.keys()
        }
        return tuple(sorted(found.items()))


def _label(atom: Atom) -> str:
    if atom.requires is None:
        return " or ".join(atom.rules)
    return f"{atom.requires.flag} serves {' or '.join(atom.requires.serves)}"


def _condition(atom: Atom, side: Side) -> str:
    texts = {side.condition_text(rule) for rule in atom.rules}
    return "; ".join(sorted(each for each in texts if each))


def simplified(cubes: Iterable[Cube]) -> list[Cube]:
    """Return combinations that say the same with fewer facts.

    Two that differ in one fact alone are one without it (as in the method of Quine and
    McCluskey); the given ones are disjoint, so nothing is said twice.
    """
    found = set(cubes)
    while True:
        pair = _mergeable(found)
        if pair is None:
            return sorted(found, key=sorted)
        one, other = pair
        found -= {one, other}
        found.add(one & other)


def _mergeable(cubes: set[Cube]) -> tuple[Cube, Cube] | None:
    for cube in sorted(cubes, key=sorted):
        for name, held in sorted(cube):
            twin = cube - {(name, held)} | {(name, not held)}
            if twin in cubes:
                return cube, twin
    return None
