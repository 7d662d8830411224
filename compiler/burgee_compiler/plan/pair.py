"""A flag before and after a change, as facts that both sides share."""

from __future__ import annotations

from collections.abc import Mapping

from burgee.snapshot.forms import FlagForm
from burgee_compiler.emit.tenant import depends_on
from burgee_compiler.plan.atoms import Atom, AtomicFlag
from burgee_compiler.plan.side import Side

__all__ = ["Pair"]


class Pair:
    """Both sides of one flag; flags below it that change too are worked out with it.

    Without `inlining` those count as facts, each before and after free of the other: that takes
    fewer groups.
    """

    def __init__(self, before: Side | None, after: Side | None, *, inlining: bool = True) -> None:
        self.before = before
        self.after = after
        self.is_inlined = inlining and before is not None and after is not None
        self.inlined = _changed_below(before, after) if self.is_inlined else frozenset()
        self._made: dict[tuple[bool, bool], AtomicFlag | None] = {}
        self.known = self._known()

    def flag(self, *, is_after: bool, on: bool = False) -> AtomicFlag | None:
        """Return one side with its conditions as atoms; with `on` as if its switch were on."""
        side = self.after if is_after else self.before
        if side is None:
            return None
        key = is_after, on
        if key not in self._made:
            self._made[key] = side.atomic(self.inlined, on=on)
        return self._made[key]

    def atoms(self, *, is_after: bool) -> Mapping[str, Atom]:
        """Return the facts that one side asks for, by name."""
        flag = self.flag(is_after=is_after)
        return {} if flag is None else flag.atoms

    def possible(self, facts: Mapping[str, bool]) -> bool:
        """Return whether a combination of facts agrees with what is known for everybody."""
        return all(facts.get(name, held) == held for name, held in self.known.items())

    def _known(self) -> dict[str, bool]:
        """Return the facts about flags that give everybody one answer, at any time."""
        found: dict[str, bool] = {}
        for is_after, side in enumerate((self.before, self.after)):
            for name, atom in self.atoms(is_after=bool(is_after)).items():
                need = atom.requires or atom.when
                if side is None or need is None or need.flag is None:
                    continue
                flag = side.scene.flags.get(need.flag)
                if flag is not None and flag.constant is not None:
                    found[name] = flag.constant.variant in need.serves
        return found


def _changed_below(before: Side | None, after: Side | None) -> frozenset[str]:
    """Return the flags below, however far, that are there on both sides and not the same."""
    assert before is not None
    assert after is not None
    old, new = before.scene.forms.entries, after.scene.forms.entries
    found: set[str] = set()
    open_ = [*before.below, *after.below]
    while open_:
        key = open_.pop()
        if key in found or key not in old or key not in new or old[key][0] == new[key][0]:
            continue
        found.add(key)
        forms: list[FlagForm] = [side.scene.form(key) for side in (before, after)]
        open_ += [name for form in forms for name in depends_on(form)]
    return frozenset(found)
