"""Questions to a history: since when has something been as it is now?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from burgee.snapshot.forms import FlagForm
from burgee_compiler.definitions import read_definition
from burgee_compiler.model.files import SEGMENT, Segment
from burgee_compiler.model.flag import FLAG, Flag
from burgee_compiler.past.steps import Step
from burgee_compiler.past.version import earlier_path, lock_path
from burgee_compiler.stale.answers import One, answer_at, instants_of, old_forms

__all__ = ["ConstantWatch", "RuleWatch", "SegmentWatch", "Since", "Watch", "look_back"]

NamesSegment: TypeAlias = "Callable[[Flag | Segment], Collection[str]]"


class Since(Struct, frozen=True):
    """Since when, and by which commit if by one; `at_least` where the clone's history is cut."""

    at: int
    commit: str | None = None
    subject: str | None = None
    by_itself: bool = False
    """Whether a schedule of that commit's did it, some time after it."""
    at_least: bool = False


class Watch(ABC):
    """One question; it is asked at each step that changes one of its paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = set(paths)
        self.since: Since | None = None

    @abstractmethod
    def look(self, step: Step) -> None:
        """See whether it became so by this step, and if not, go on to what was before."""

    def settle(self, step: Step, at: int | None = None, *, at_least: bool = False) -> None:
        """Take the step, or an instant after it, for the answer."""
        self.since = Since(
            step.time if at is None else at,
            str(step.commit.id),
            step.subject,
            by_itself=at is not None and at > step.time,
            at_least=at_least,
        )

    def follow(self, step: Step, path: str) -> str:
        """Return what a file was called before the step, and look for that from now on."""
        earlier = earlier_path(step, path)
        if earlier != path:
            self.paths.discard(path)
            self.paths.add(earlier)
        return earlier


class ConstantWatch(Watch):
    """Since when does a flag give everyone its present answers, in all environments?"""

    def __init__(
        self,
        tenant: str,
        path: str,
        forms: dict[str, FlagForm],
        answers: Sequence[One],
        now: int,
    ) -> None:
        super().__init__((path, lock_path(path), f"{tenant}/layers.yaml"))
        self._tenant = tenant
        self._path = path
        self._environments = tuple(forms)
        self._forms: tuple[FlagForm, ...] = tuple(forms.values())
        self._answers = tuple(answers)
        self._until = now

    def look(self, step: Step) -> None:
        within = {
            at for form in self._forms for at in instants_of(form) if step.time < at <= self._until
        }
        first: int | None = None
        for at in sorted({step.time, *within}, reverse=True):
            if self._at(at) != self._answers:
                break
            first = at
        if first is None or first > step.time or step.is_edge:
            self.settle(step, first, at_least=step.is_edge and first == step.time)
            return
        path = self.follow(step, self._path)
        if path != self._path:
            self.paths.add(lock_path(path))
        forms = old_forms(step.before, self._tenant, path, self._environments)
        if forms is None:
            self.settle(step)
            return
        self._path, self._forms, self._until = path, forms, step.time
        if self._at(step.time) != self._answers:
            self.settle(step)

    def _at(self, at: int) -> tuple[One | None, ...]:
        return tuple(answer_at(form, at) for form in self._forms)


class RuleWatch(Watch):
    """Since when does something hold of a flag's definition?"""

    def __init__(self, path: str, holds: Callable[[Flag, int], bool]) -> None:
        super().__init__((path,))
        self._path = path
        self._holds = holds

    def look(self, step: Step) -> None:
        if step.is_edge:
            self.settle(step, at_least=True)
            return
        self._path = self.follow(step, self._path)
        data = step.before(self._path)
        flag = None if data is None else read_definition(data, self._path, FLAG, None)[0]
        if not isinstance(flag, Flag) or not self._holds(flag, step.time):
            self.settle(step)


class SegmentWatch(Watch):
    """Since when has nothing named a segment, or since when is it there?"""

    def __init__(self, tenant: str, name: str, path: str, names: NamesSegment) -> None:
        super().__init__((path,))
        self.folders: Final = (f"{tenant}/flags/", f"{tenant}/segments/")
        self._path = path
        self._name = name
        self._names = names

    def look(self, step: Step) -> None:
        if step.is_edge:
            self.settle(step, at_least=True)
            return
        if self._path in step.changed and step.before(self._path) is None:
            self.settle(step)
            return
        for path in sorted(step.changed):
            if path.startswith(self.folders) and path.endswith(".yaml") and self._named(step, path):
                self.settle(step)
                return

    def _named(self, step: Step, path: str) -> bool:
        data = step.before(path)
        if data is None or self._name.encode() not in data or path.endswith(".lock.yaml"):
            return False
        kind = FLAG if path.startswith(self.folders[0]) else SEGMENT
        made = read_definition(data, path, kind, None)[0]
        return isinstance(made, Flag | Segment) and self._name in self._names(made)


def look_back(steps: Iterable[Step], watches: Iterable[Watch]) -> None:
    """Ask all questions of a history, newest step first, until each has its answer."""
    open_ = list(watches)
    by_path: dict[str, list[Watch]] = {}
    wide = [each for each in open_ if isinstance(each, SegmentWatch)]
    for each in open_:
        for path in each.paths:
            by_path.setdefault(path, []).append(each)
    left = len(open_)
    for step in steps:
        if step.is_edge:
            asked = [each for each in open_ if each.since is None]
        else:
            asked = [each for path in step.changed for each in by_path.get(path, ())]
            asked += [
                each
                for each in wide
                if each.since is None
                and any(path.startswith(each.folders) for path in step.changed)
            ]
        for each in dict.fromkeys(asked):
            if each.since is not None:
                continue
            before = set(each.paths)
            each.look(step)
            left -= each.since is not None
            for path in each.paths - before:
                by_path.setdefault(path, []).append(each)
        if not left:
            return
