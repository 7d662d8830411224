"""Excuses: `# burgee: allow B716 because …` on a finding's line, or alone above it.

Each is first taken to excuse nothing, which is a finding of its own; one that does excuse
something takes both away. Only warnings and notes are excused: what is an error, by itself or by
the `levels:` of burgee.yaml, stays one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from burgee_compiler.diagnostics import CODES, Diagnostic, Where, diagnostic
from burgee_compiler.source.locate import Places

__all__ = ["IDLE", "apply_excuses", "excuses_in"]

IDLE: Final = "B727"
"""The finding that each excuse is, until there is something that it excuses."""

_MARK: Final = b"burgee:"
_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#[ \t]*burgee:[ \t]*([^\r\n]*)", re.MULTILINE)
_EXCUSE: Final = re.compile(r"allow\s+(B[0-9]{3}(?:\s*,\s*B[0-9]{3})*)\s+because\s+\S.*")
_BARE: Final = re.compile(r"allow\s+B[0-9]{3}(?:\s*,\s*B[0-9]{3})*(?:\s+because)?\s*[:;,.…-]*\s*")
_ALONE: Final = re.compile(r"\s*#")
_FORM: Final = "write `# burgee: allow B716 because …`, with the code and the reason"
_OF_TODAY: Final = frozenset(("B723", "B724", "B725"))
_OF_PLANS: Final = frozenset(code for code in CODES if code.startswith("B9"))
_OF_A_BASE: Final = frozenset(("B419", "B420")) | _OF_PLANS
"""What is found depends on what the files are compared with, so that no run can call them idle."""


def excuses_in(data: bytes, file: str) -> list[Diagnostic]:
    """Return the excuses of a YAML file, each as the finding that it excuses nothing."""
    return list(_excuses(data, file)) if _MARK in data else []


def _excuses(data: bytes, file: str) -> Iterator[Diagnostic]:
    places = Places(data)
    for comment in _COMMENT.finditer(places.lines.text):
        if places.in_scalar(comment.start()):
            continue
        line, column = places.lines.place(comment.start())
        where = Where(file, line=line, column=column)
        said = _EXCUSE.fullmatch(comment[1].strip())
        if said is not None:
            for code in re.split(r"\s*,\s*", said[1]):
                yield _idle(code, where)
        elif _BARE.fullmatch(comment[1].strip()):
            yield diagnostic("B726", "this excuse gives no reason", where, help=_FORM)
        else:
            yield diagnostic(
                "B726", "this comment is meant for burgee and says nothing to it", where, help=_FORM
            )


def _idle(code: str, where: Where) -> Diagnostic:
    known = CODES.get(code)
    if known is None:
        message = f"there is no finding {code} to excuse"
        return diagnostic(IDLE, message, where, help="`burgee check` shows a finding's code")
    if known.severity == "error":
        message = f"{code} is an error, which nothing excuses"
        return diagnostic(IDLE, message, where, help="mend the error and remove the excuse")
    cure = "remove it, or write it at the end of the finding's line, or on a line above it"
    return diagnostic(IDLE, f"this excuses no {code}", where, help=cure)


def apply_excuses(
    found: Sequence[Diagnostic], read: Callable[[str], bytes], *, today: bool
) -> list[Diagnostic]:
    """Return the findings that are not excused, and excuses that excuse nothing.

    `today` says whether findings that depend on the clock were asked for. While there is an
    error, other findings may be missing, so that no excuse is said to be idle.
    """
    excuses = {
        _key(each.where.file, each.where.line, each.message) for each in found if each.code == IDLE
    }
    if not excuses:
        return list(found)
    files = _Files(read, {file for file, _, _ in excuses})
    kept: list[Diagnostic] = []
    used: set[tuple[str, int | None, str]] = set()
    for each in found:
        at = None if each.code == IDLE else files.excuse(each, excuses)
        if at is None:
            kept.append(each)
        elif each.severity == "error":
            used.add(at)
            kept.append(replace(each, notes=(*each.notes, "an error is never excused")))
        else:
            used.add(at)
    unsure = any(each.severity == "error" for each in kept)
    return [
        each for each in kept if each.code != IDLE or not (unsure or _is_used(each, used, today))
    ]


def _is_used(idle: Diagnostic, used: set[tuple[str, int | None, str]], today: bool) -> bool:
    if _key(idle.where.file, idle.where.line, idle.message) in used:
        return True
    unsure = _OF_A_BASE if today else _OF_A_BASE | _OF_TODAY
    return any(idle.message == _idle(code, idle.where).message for code in unsure)


def _key(file: str, line: int | None, message: str) -> tuple[str, int | None, str]:
    return file, line, message


class _Files:
    """The lines of those files in which excuses stand."""

    def __init__(self, read: Callable[[str], bytes], names: Iterable[str]) -> None:
        self._read = read
        self._names = frozenset(names)
        self._places: dict[str, Places] = {}

    def excuse(
        self, finding: Diagnostic, excuses: set[tuple[str, int | None, str]]
    ) -> tuple[str, int | None, str] | None:
        """Return which excuse is for a finding: on its line, or on comments right above it."""
        where = finding.where
        if where.file not in self._names:
            return None
        message = _idle(finding.code, where).message
        places = self._of(where.file)
        line = places.span(where).line
        key = _key(where.file, line, message)
        while key not in excuses:
            line -= 1
            if _ALONE.match(places.lines.line(line) or "") is None:
                return None
            key = _key(where.file, line, message)
        return key

    def _of(self, file: str) -> Places:
        if file not in self._places:
            self._places[file] = Places(self._read(file))
        return self._places[file]
