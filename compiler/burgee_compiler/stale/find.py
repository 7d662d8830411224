"""Finding what could go: flags with one answer, past their date, decided or unnamed; segments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from burgee.instants import format_instant
from burgee.snapshot.forms import FlagForm
from burgee_compiler.checks.views import TenantView
from burgee_compiler.checks.walk import rule_lists
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.hold import sound_forms
from burgee_compiler.model.files import StaleSettings
from burgee_compiler.model.flag import Flag
from burgee_compiler.past.steps import History
from burgee_compiler.past.version import segments_in
from burgee_compiler.progress import told
from burgee_compiler.repository import Repository, SourceFile, TenantFiles
from burgee_compiler.resolve import flag_in, phases_of
from burgee_compiler.stale.answers import One, one_for_ever
from burgee_compiler.stale.asked import Asked
from burgee_compiler.stale.watches import (
    ConstantWatch,
    RuleWatch,
    SegmentWatch,
    Since,
    Watch,
    look_back,
)

__all__ = ["Found", "Reason", "Report", "find_stale"]

Why: TypeAlias = Literal["constant", "expired", "concluded", "unused", "unnamed", "unasked"]
_DAY: Final = 86_400_000_000
_FORM: Final = msgspec.json.Decoder(FlagForm)


class Reason(Struct, frozen=True):
    """One reason why something could go; `path` leads to the place in its file."""

    why: Why
    text: str
    path: tuple[str | int, ...] = ()
    since: Since | None = None


class Found(Struct, frozen=True):
    """A flag or a segment that could go."""

    kind: Literal["flag", "segment"]
    tenant: str
    name: str
    file: str
    reasons: tuple[Reason, ...]


class Report(Struct, frozen=True):
    """All that could go, sorted by file; `has_history` is False where git tells nothing."""

    found: tuple[Found, ...]
    has_history: bool


class _Case(Struct):
    """One reason before its history is known."""

    kind: Literal["flag", "segment"]
    files: TenantFiles
    file: SourceFile
    reason: Reason
    watch: Watch | None = None


def find_stale(
    repository: Repository,
    found: Iterable[Diagnostic],
    history: History | None,
    now: int,
    settings: StaleSettings,
    *,
    read: Callable[[str], bytes | None] | None = None,
    named: Collection[tuple[str, str]] | None = None,
    evaluated: Asked | None = None,
) -> Report:
    """Return what could go at `now`.

    `found` is what a check found: flags that do not build are not judged by their answers. `read`
    gives the files of a work tree, which may be younger than the history. `named` are the flags,
    (tenant, key), that code names; without it none is called unnamed. `evaluated` is what nodes
    were asked for; without it none is called unasked.
    """
    finder = _Finder(repository, list(found), history, now, settings, read)
    cases = [
        case
        for files in repository.tenants.values()
        for case in finder.cases(files, named, evaluated)
    ]
    if history is not None:
        look_back(history.steps(), [case.watch for case in cases if case.watch is not None])
    items: dict[str, list[_Case]] = {}
    for case in cases:
        if finder.counts(case):
            items.setdefault(case.file.path, []).append(case)
    return Report(
        tuple(_found(items[path]) for path in sorted(items)), has_history=history is not None
    )


def _found(cases: Sequence[_Case]) -> Found:
    first = cases[0]
    reasons = tuple(
        msgspec.structs.replace(
            case.reason,
            since=case.reason.since if case.watch is None else case.watch.since,
        )
        for case in cases
    )
    return Found(first.kind, first.files.name, first.file.name, first.file.path, reasons)


class _Finder:
    def __init__(
        self,
        repository: Repository,
        found: list[Diagnostic],
        history: History | None,
        now: int,
        settings: StaleSettings,
        read: Callable[[str], bytes | None] | None,
    ) -> None:
        self._repository = repository
        self._found = found
        self._history = history
        self._now = now
        self._settings = settings
        self._read = read
        self._environments = (
            () if repository.burgee is None else tuple(repository.burgee.environments)
        )

    def counts(self, case: _Case) -> bool:
        """Return whether a case is one after its history was looked at."""
        if case.reason.why != "constant":
            return True
        since = None if case.watch is None else case.watch.since
        return since is not None and self._now - since.at >= self._settings.days * _DAY

    def cases(
        self,
        files: TenantFiles,
        named: Collection[tuple[str, str]] | None,
        evaluated: Asked | None,
    ) -> Iterator[_Case]:
        """Yield a tenant's cases."""
        constant = {key: (forms, one) for key, forms, one in self._constant(files)}
        view = TenantView(self._repository, files)
        asked = {name for key in files.flags for name in view.flag_mentions(key).flags}
        for key, file in told("looking at flags", sorted(files.flags.items())):
            flag = file.flag
            if flag is None:
                continue
            if key in constant and flag.kind not in self._settings.ignore:
                yield self._constant_case(files, file, *constant[key])
            yield from self._expired(files, file, flag)
            yield from self._concluded(files, file, flag)
            if named is not None and (files.name, key) not in named and key not in asked:
                reason = Reason("unnamed", "no code that was searched names it")
                yield _Case("flag", files, file, reason)
            if evaluated is not None and key not in asked:
                yield from self._unasked(files, file, evaluated)
        yield from self._segments(files, view)

    # Flags

    def _unasked(self, files: TenantFiles, file: SourceFile, evaluated: Asked) -> Iterator[_Case]:
        last = evaluated.last.get((files.name, file.name))
        if (evaluated.since if last is None else last) > self._now - self._settings.days * _DAY:
            return
        if last is None:
            text = (
                f"no node was asked for it since {_day(evaluated.since)}, when they began to count"
            )
        else:
            text = f"no node was asked for it since {_day(last)}"
        yield _Case("flag", files, file, Reason("unasked", text))

    def _constant(
        self, files: TenantFiles
    ) -> Iterator[tuple[str, dict[str, FlagForm], tuple[One, ...]]]:
        """Yield the flags that give one answer, now and for ever, in every environment."""
        if self._history is None or not self._environments:
            return
        forms: dict[str, dict[str, FlagForm]] = {}
        answers: dict[str, list[One]] = {}
        for environment in self._environments:
            entries = sound_forms(files, environment, self._found).entries
            for key, (_, raw) in entries.items():
                form = _FORM.decode(raw)
                one = one_for_ever(form, self._now)
                if one is not None:
                    forms.setdefault(key, {})[environment] = form
                    answers.setdefault(key, []).append(one)
        for key, of in answers.items():
            if len(of) == len(self._environments):
                yield key, forms[key], tuple(of)

    def _constant_case(
        self,
        files: TenantFiles,
        file: SourceFile,
        forms: dict[str, FlagForm],
        answers: tuple[One, ...],
    ) -> _Case:
        text = _answers_text(dict(zip(forms, answers, strict=True)))
        watch = ConstantWatch(files.name, file.path, forms, answers, self._now)
        is_new = any(self._differs(path) for path in watch.paths)
        return _Case("flag", files, file, Reason("constant", text), None if is_new else watch)

    def _differs(self, path: str) -> bool:
        """Return whether a file of the work tree is not as the newest commit has it."""
        if self._read is None or self._history is None:
            return False
        here, there = self._read(path), self._history.at_tip(path)
        return _text(here) != _text(there)

    def _expired(self, files: TenantFiles, file: SourceFile, flag: Flag) -> Iterator[_Case]:
        if flag.expires is not None and flag.expires <= self._now:
            day = _day(flag.expires)
            text = f"it was to be gone from code by {day}"
            since = Since(flag.expires)
            yield _Case("flag", files, file, Reason("expired", text, ("expires",), since))

    def _concluded(self, files: TenantFiles, file: SourceFile, flag: Flag) -> Iterator[_Case]:
        names = dict.fromkeys(rule.name for _, rules in rule_lists(flag) for rule in rules)
        for name in names:
            winners = _winners(flag, name, self._environments, self._now)
            if winners is None:
                continue
            served = " or ".join(sorted(winners))
            text = f"its experiment {name} is concluded: {served} won"
            path = next(
                (*path, index)
                for path, rules in rule_lists(flag)
                for index, rule in enumerate(rules)
                if rule.name == name
            )
            watch = RuleWatch(file.path, self._is_concluded(name))
            yield _Case("flag", files, file, Reason("concluded", text, path), watch)

    def _is_concluded(self, name: str) -> Callable[[Flag, int], bool]:
        return lambda flag, at: _winners(flag, name, self._environments, at) is not None

    # Segments

    def _segments(self, files: TenantFiles, view: TenantView) -> Iterator[_Case]:
        below = {name: view.segment_mentions(name).segments for name in files.segments}
        used: set[str] = set()
        stack = [name for key in files.flags for name in view.flag_mentions(key).segments]
        while stack:
            name = stack.pop()
            if name not in used:
                used.add(name)
                stack += below.get(name, ())
        for name, file in sorted(files.segments.items()):
            if name in used or file.segment is None:
                continue
            above = sorted(each for each, names in below.items() if name in names)
            text = "no flag uses it"
            if above:
                text += f": it is named only by segment{'s' * (len(above) > 1)} {', '.join(above)}"
            watch = SegmentWatch(files.name, name, file.path, segments_in)
            yield _Case("segment", files, file, Reason("unused", text), None if above else watch)


def _winners(flag: Flag, name: str, environments: Iterable[str], at: int) -> set[str] | None:
    """Return what a concluded experiment serves; None where it goes on somewhere, or is none."""
    found: set[str] = set()
    for environment in environments:
        phases = phases_of(flag_in(flag, environment))
        here = [phase.flag for phase in phases if phase.at is None or phase.at <= at][-1]
        for rule in here.rules:
            if rule.name == name:
                if rule.experiment is None or rule.experiment.status != "concluded":
                    return None
                found.add(rule.experiment.winner or rule.experiment.control)
    return found or None


def _answers_text(answers: Mapping[str, One]) -> str:
    names = {_one(one) for one in answers.values()}
    if len(names) == 1:
        where = "every environment" if len(answers) > 1 else next(iter(answers))
        return f"everyone gets {names.pop()} in {where}"
    said = (f"{_one(one)} in {environment}" for environment, one in answers.items())
    return f"everyone gets {', '.join(said)}"


def _one(one: One) -> str:
    return "the caller's default" if one.variant is None else f'"{one.variant}"'


def _text(data: bytes | None) -> bytes | None:
    return None if data is None else data.replace(b"\r\n", b"\n")


def _day(micros: int) -> str:
    return format_instant(micros).partition("T")[0]
