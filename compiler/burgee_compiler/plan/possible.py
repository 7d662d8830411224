"""Which combinations of facts can be: nobody is in [a] and not in [a, b].

Facts are laid open down to attributes and lists of ids, and what the analysis of conditions proves
impossible is left out. What it cannot prove stays, so that no group is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from burgee.snapshot.forms import ConditionForm, SegmentForm
from burgee.snapshot.members import WIDTH
from burgee_compiler.analysis import never
from burgee_compiler.emit.tenant import conditions_in
from burgee_compiler.model.condition import Condition
from burgee_compiler.plan.atoms import Atom
from burgee_compiler.plan.side import Scene

__all__ = ["Possible"]

_NOBODY = Condition(any=())
Sourced = tuple[Atom, Scene]


class Possible:
    """Whether a combination of facts can be; `known` are those that are the same for everybody."""

    def __init__(self, atoms: Mapping[str, Sourced], known: Mapping[str, bool]) -> None:
        self._known = known
        self._opening = _Opening(atoms.values())
        self._atoms = atoms
        self._conditions: dict[str, Condition] = {}
        self._told: dict[frozenset[tuple[str, bool]], bool] = {}

    def __call__(self, facts: Mapping[str, bool]) -> bool:
        """Return False only where nobody can be in this combination."""
        if any(facts.get(name, held) != held for name, held in self._known.items()):
            return False
        key = frozenset(facts.items())
        if key not in self._told:
            self._told[key] = len(key) < 2 or not never(Condition(all=tuple(self._asked(facts))))
        return self._told[key]

    def _asked(self, facts: Mapping[str, bool]) -> Iterator[Condition]:
        for name, held in facts.items():
            if name not in self._conditions:
                self._conditions[name] = self._opening.atom(*self._atoms[name])
            condition = self._conditions[name]
            yield condition if held else Condition(not_=condition)


class _Opening:
    """Conditions with what they name laid open; of two revisions, so that they compare."""

    def __init__(self, atoms: Iterable[Sourced]) -> None:
        self._lists = _Lists()
        for atom, scene in atoms:
            for segment in _segments(atom.when, scene):
                for inline, document in _of(segment):
                    self._lists.add(scene, segment.by, inline, document)

    def atom(self, atom: Atom, scene: Scene) -> Condition:
        if atom.requires is not None:
            need = atom.requires
            return Condition(flag=_which(need.flag, scene), serves=need.serves)
        assert atom.when is not None
        return self._condition(atom.when, scene)

    def _condition(self, form: ConditionForm, scene: Scene) -> Condition:
        if form.segment is not None:
            return self._segment(scene.segment(form.segment), scene)
        parts = tuple(self._condition(each, scene) for each in form.all or form.any or ())
        return Condition(
            all=parts if form.all is not None else None,
            any=parts if form.any is not None else None,
            not_=None if form.not_ is None else self._condition(form.not_, scene),
            flag=None if form.flag is None else _which(form.flag, scene),
            serves=form.serves,
            attribute=form.attribute,
            tests=form.tests,
            ignore_case=form.ignore_case,
        )

    def _segment(self, segment: SegmentForm, scene: Scene) -> Condition:
        members, excluded = (self._lists.condition(segment.by, *each) for each in _of(segment))
        inside = [members]
        if segment.when is not None:
            inside.append(self._condition(segment.when, scene))
        return Condition(all=(Condition(any=tuple(inside)), Condition(not_=excluded)))


def _which(flag: str, scene: Scene) -> str:
    return f"{flag}@{scene.digests.get(flag, '')}"


def _segments(when: ConditionForm | None, scene: Scene) -> Iterator[SegmentForm]:
    open_ = [] if when is None else [when]
    while open_:
        for each in conditions_in(open_.pop()):
            if each.segment is not None:
                segment = scene.segment(each.segment)
                yield segment
                if segment.when is not None:
                    open_.append(segment.when)


def _of(segment: SegmentForm) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
    return (
        (segment.members, segment.members_document),
        (segment.excluded, segment.excluded_document),
    )


class _Lists:
    """Lists of ids: those that stand in the same of them are as one."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], list[bytes]] = {}
        self._classes: dict[tuple[str, str], set[str]] | None = None

    def add(self, scene: Scene, by: str, inline: str, document: str | None) -> None:
        data = bytes.fromhex(inline) if document is None else scene.forms.members[document]
        key = by, inline or document or ""
        if key not in self._ids:
            self._ids[key] = [data[at : at + WIDTH] for at in range(0, len(data), WIDTH)]

    def condition(self, by: str, inline: str, document: str | None) -> Condition:
        if self._classes is None:
            self._classes = self._sorted()
        values = sorted(self._classes[by, inline or document or ""])
        return Condition(attribute=f"id in {by}", tests={"in": values}) if values else _NOBODY

    def _sorted(self) -> dict[tuple[str, str], set[str]]:
        where: dict[tuple[str, bytes], int] = {}
        for number, ((by, _), ids) in enumerate(self._ids.items()):
            for each in ids:
                where[by, each] = where.get((by, each), 0) | 1 << number
        return {
            (by, name): {f"{where[by, each]:x}" for each in ids}
            for (by, name), ids in self._ids.items()
        }
