"""Facts in words, and sets of combinations of facts in as few words as they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from burgee.instants import format_instant
from burgee.snapshot.forms import ConditionForm
from burgee_compiler.model.condition import Condition
from burgee_compiler.plan.atoms import Asking, Atom
from burgee_compiler.plan.pair import Pair
from burgee_compiler.plan.side import Scene
from burgee_compiler.words.conditions import condition_text

__all__ = ["Cube", "Wording", "condition_of", "simplified"]

Cube = frozenset[tuple[str, bool]]
"""A combination of facts: which hold and which do not; of the others, nothing is said."""


class Wording:
    """Words for the facts of one flag before and after: rules go by their names."""

    def __init__(self, pair: Pair) -> None:
        self._words: dict[str, str] = {}
        self._conditions: dict[str, str] = {}
        for is_after, tense in enumerate(("as it was", "as it will be")):
            side = pair.after if is_after else pair.before
            own, other = (pair.atoms(is_after=bool(each)) for each in (is_after, 1 - is_after))
            said = {_label(atom) for name, atom in other.items() if name not in own}
            labels = _labels(own)
            for name, atom in own.items():
                # Only a fact that the other side has another of needs to say which it is.
                told = f" {tense}" if name not in other and _label(atom) in said else ""
                self._words[name] = labels[name] + told
                if atom.when is not None and side is not None:
                    condition = condition_of(atom.when, side.scene)
                    self._conditions[name] = condition_text(condition)

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


def condition_of(form: ConditionForm, scene: Scene) -> Condition:
    """Return a form's condition as it is written, with the names of segments."""
    parts = tuple(condition_of(each, scene) for each in form.all or form.any or ())
    return Condition(
        all=parts if form.all is not None else None,
        any=parts if form.any is not None else None,
        not_=None if form.not_ is None else condition_of(form.not_, scene),
        segment=None if form.segment is None else scene.segment_name(form.segment),
        flag=form.flag,
        serves=form.serves,
        attribute=form.attribute,
        tests=form.tests,
        ignore_case=form.ignore_case,
    )


def _labels(atoms: Mapping[str, Atom]) -> dict[str, str]:
    """Return words for each fact of one side; one that a step brings says since when it is."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for name, atom in atoms.items():
        label = _label(atom)
        if label in used:
            since = atom.asking[0].since if atom.asking else None
            label += f" from {format_instant(since)}" if since is not None else f" ({len(used)})"
        used.add(label)
        found[name] = label
    return found


def _label(atom: Atom) -> str:
    if atom.requires is not None:
        return f"{atom.requires.flag} serves {' or '.join(atom.requires.serves)}"
    return " or ".join(map(_asking, atom.asking))


def _asking(asking: Asking) -> str:
    name = asking.rule if asking.flag is None else f"{asking.flag}/{asking.rule}"
    return f"the rest of {name}" if asking.is_part else name


Possible = Callable[[Mapping[str, bool]], bool]


def simplified(cubes: Iterable[Cube], possible: Possible = lambda facts: True) -> list[Cube]:
    """Return combinations that say the same with fewer facts.

    Two that differ in one fact alone are one without it (as in the method of Quine and
    McCluskey); so is one whose twin is impossible. The given ones are disjoint, so nothing is
    said twice.
    """
    found = set(cubes)
    while True:
        step = _mergeable(found, possible)
        if step is None:
            return sorted(found, key=sorted)
        found -= step[0]
        found.add(step[1])


def _mergeable(cubes: set[Cube], possible: Possible) -> tuple[set[Cube], Cube] | None:
    for cube in sorted(cubes, key=sorted):
        for name, held in sorted(cube):
            rest = cube - {(name, held)}
            twin = rest | {(name, not held)}
            if twin in cubes:
                return {cube, twin}, rest
            if not possible(dict(twin)):
                return {cube}, rest
    return None
