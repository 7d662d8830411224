"""Reads YAML 1.2 through libyaml's events: bytes in, a plain tree or diagnostics out."""

from __future__ import annotations

import re
from typing import Any, Final

from yaml import YAMLError
from yaml.events import DocumentStartEvent, StreamEndEvent

from burgee_compiler.diagnostics.diagnostic import Diagnostic, Where, diagnostic
from burgee_compiler.source.builder import Builder
from burgee_compiler.source.events import events
from burgee_compiler.source.findings import Enough, Findings
from burgee_compiler.source.lines import Lines, decode
from burgee_compiler.source.syntax import advise
from burgee_compiler.source.tree import Node, Plain

__all__ = ["MAX_BYTES", "read_yaml"]

MAX_BYTES: Final = 1 << 20
# What YAML does not allow in a text, and the breaks that libyaml and editors disagree about.
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CONFLICT: Final = re.compile("^(?:<{7}|>{7}) ", re.MULTILINE)
_MOST_CHARACTERS: Final = 20


def read_yaml(text: bytes, path: str) -> tuple[Node | None, list[Diagnostic]]:
    """Return the tree of a file and no findings, or None and all that is wrong with it.

    `path` is the file's name in the findings. Never raises, whatever the bytes.
    """
    if len(text) > MAX_BYTES:
        message = f"the file has {len(text):,} bytes; {MAX_BYTES:,} is the most"
        cure = "move long lists of users to a members file, or split the file"
        return None, [diagnostic("B104", message, Where(path), help=cure)]
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        return None, [_not_utf8(text, error, path)]
    findings = Findings()
    if decoded.startswith("\ufeff"):
        cure = 'save the file as "UTF-8", not as "UTF-8 with BOM"'
        findings.add("B102", 0, "the file begins with a byte order mark", cure)
        decoded = decoded[1:]
    node = _read(decoded, findings)
    return (None, findings.diagnostics(decoded, path)) if findings else (node, [])


def _read(text: str, findings: Findings) -> Node | None:
    try:
        # libyaml itself refuses what is not allowed in ASCII.
        if not text.isascii():
            _refuse_characters(text, findings)
        return _document(text, findings)
    except Enough:
        return None
    except YAMLError as error:
        try:
            _refuse_characters(text, findings)
            _refuse_conflict(text, findings)
            _explain(error, text, findings)
        except Enough:
            pass
        return None


def _document(text: str, findings: Findings) -> Node | None:
    next_event = events(text)
    start: Any = next_event()
    if type(start) is StreamEndEvent:
        _refuse_empty(findings)
        return None
    if start.version not in (None, (1, 2)):
        cure = "remove the %YAML line: files are read as YAML 1.2"
        version = ".".join(map(str, start.version))
        findings.add("B116", start.start_mark.index, f"the file asks for YAML {version}", cure)
    node = Builder(next_event, findings).node(next_event(), 0)
    next_event()  # the end of the document
    following = next_event()
    if node == "" and isinstance(node, Plain) and not findings:
        _refuse_empty(findings)
    if type(following) is DocumentStartEvent:
        cure = "keep one document: a file is one flag, segment or setting; remove the second ---"
        mark: Any = following.start_mark
        findings.add("B107", mark.index, "a second document begins here", cure)
    return node


def _refuse_empty(findings: Findings) -> None:
    findings.add("B105", 0, "the file is empty", "write its fields, or remove the file")


def _refuse_characters(text: str, findings: Findings) -> None:
    """Note each character that is not allowed; reading on would only mislead."""
    found = [match.start() for match in _REFUSED.finditer(text)]
    for offset in found[:_MOST_CHARACTERS]:
        point = ord(text[offset])
        cure = "remove it; in a text in double quotes it can be written as "
        cure += f'"\\x{point:02x}"' if point < 256 else f'"\\u{point:04x}"'
        findings.add("B103", offset, f"the character U+{point:04X} is not allowed here", cure)
    if found:
        raise Enough


def _refuse_conflict(text: str, findings: Findings) -> None:
    """Note where git left two sides of a merge; what libyaml says of it helps nobody."""
    found = _CONFLICT.search(text)
    if found is None:
        return
    cure = "keep one side and remove the marks; `burgee lock` settles a lock"
    findings.add("B106", found.start(), "the marks of a merge conflict stand in the file", cure)
    raise Enough


def _explain(error: YAMLError, text: str, findings: Findings) -> None:
    problem = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    offset = 0 if mark is None else mark.index
    context = getattr(error, "context_mark", None)
    advice = advise(problem, getattr(error, "context", None) or "", text[offset : offset + 1])
    label = None
    if context is not None and context.index < offset:
        if advice.at_begin:
            offset = context.index
        else:
            label = (context.index, advice.begin)
    findings.add(advice.code, offset, advice.message, advice.help, label)


def _not_utf8(text: bytes, error: UnicodeDecodeError, path: str) -> Diagnostic:
    line, column = Lines(decode(text[: error.start])).place(error.start)
    cure = "save the file as UTF-8"
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        cure += "; it looks like UTF-16"
    message = f"the byte 0x{text[error.start]:02X} is not UTF-8"
    return diagnostic("B101", message, Where(path, line=line, column=column), help=cure)
