"""Outcomes of tests as JUnit XML, the form that CI systems read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from burgee_cli.failure_text import Failed
from burgee_compiler.build import Tested
from burgee_compiler.diagnostics import Located
from burgee_compiler.diagnostics.safe import printable
from burgee_compiler.flag_tests import TestOutcome

__all__ = ["findings_junit", "junit"]

_NO_XML: Final = re.compile("[\\ufffe\\uffff]")
"""What is no character in XML 1.0, besides those that `printable` escapes."""


def junit(tested: Iterable[Tested], failed: Mapping[int, Failed]) -> bytes:
    """Return a suite for each tenant and environment; `failed` by the id of an outcome."""
    root = Element("testsuites", name="burgee test")
    for each in tested:
        suite = _suite(root, f"{each.files.name}/{each.forms.environment}", each.outcomes)
        names = _distinct(each.outcomes)
        for outcome, name in zip(each.outcomes, names, strict=True):
            case = SubElement(suite, "testcase", classname=_said(outcome.subject), name=name)
            case.set("file", _said(_file(each, outcome)))
            case.set("time", "0")
            found = outcome.found
            if found is not None:
                # A test that could not be run is an error, as JUnit tells the two apart.
                kind = "failure" if found.code == "B601" else "error"
                detail = SubElement(case, kind, type=found.code, message=_said(found.message))
                told = failed.get(id(outcome))
                help = f"help: {found.help}" if found.help else ""
                detail.text = _lines("" if told is None else told.text, help)
    return _written(root)


def findings_junit(located: Sequence[Located]) -> bytes:
    """Return one suite of what `check` found, for when no test could be run."""
    root = Element("testsuites", name="burgee test")
    suite = SubElement(root, "testsuite", name="burgee check", tests=str(len(located)))
    _count(suite, failures=0, errors=len(located))
    for each in located:
        found = each.diagnostic
        line = "" if each.spot.span is None else f":{each.spot.span.line}"
        name = f"{found.code} {each.spot.file}{line}"
        case = SubElement(suite, "testcase", classname="burgee.check", name=_said(name))
        case.set("file", _said(each.spot.file))
        case.set("time", "0")
        detail = SubElement(case, "error", type=found.code, message=_said(found.message))
        detail.text = _lines(f"help: {found.help}" if found.help else "")
    return _written(root)


def _suite(root: Element, name: str, outcomes: Sequence[TestOutcome]) -> Element:
    suite = SubElement(root, "testsuite", name=_said(name), tests=str(len(outcomes)))
    codes = [each.found.code for each in outcomes if each.found is not None]
    failures = codes.count("B601")
    _count(suite, failures=failures, errors=len(codes) - failures)
    return suite


def _count(suite: Element, *, failures: int, errors: int) -> None:
    for name, number in (("failures", failures), ("errors", errors), ("skipped", 0), ("time", 0)):
        suite.set(name, str(number))


def _written(root: Element) -> bytes:
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", "0")
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _distinct(outcomes: Sequence[TestOutcome]) -> list[str]:
    """Return the tests' names; CI takes two of one flag with one name for one test."""
    counted = Counter((each.subject, each.name) for each in outcomes)
    return [
        _said(
            f"{each.name} ({each.index + 1})" if counted[each.subject, each.name] > 1 else each.name
        )
        for each in outcomes
    ]


def _file(tested: Tested, outcome: TestOutcome) -> str:
    name = outcome.subject.partition("/")[2]
    files = tested.files
    return files.segments[name[1:]].path if name.startswith("@") else files.flags[name].path


def _lines(*texts: str) -> str:
    return "\n".join(_said(line) for text in texts if text for line in text.splitlines())


def _said(text: str) -> str:
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", printable(text))
