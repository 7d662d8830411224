"""Promise: every way of getting a file wrong gives the finding that is written down for it.

Each directory of tests/golden/invalid is a tiny flag repository with `expected.txt`: all findings
as text, with line, column and help. Where the output differs it is left as `expected.txt.actual`
beside it; with BURGEE_ACCEPT=1 it becomes the expected one. Those of tests/golden/valid have none.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burgee_compiler.diagnostics import CODES
from support.golden import EXPECTED, accepts, cases, findings, open_case

INVALID = cases("invalid")
ELSEWHERE = {
    "B104",  # a file of a mebibyte; test_limits.py writes one
    "B129",  # a file that may not be read; test_limits.py
    "B419",  # of a base, which a folder alone has not; test_locks_since.py
    "B420",  # likewise
    "B801",  # of the work tree, not of files; the build's tests
    *(f"B{number}" for number in range(901, 915)),  # of a change; plan/test_risks.py
}


@pytest.mark.parametrize("folder", INVALID, ids=lambda folder: folder.name)
def test_invalid(folder: Path) -> None:
    actual = findings(open_case(folder))
    expected = folder / EXPECTED
    left = expected.with_name(f"{EXPECTED}.actual")
    if expected.exists() and expected.read_text(encoding="utf-8") == actual:
        left.unlink(missing_ok=True)
        return
    if accepts():
        expected.write_text(actual, encoding="utf-8")
        left.unlink(missing_ok=True)
        return
    left.write_text(actual, encoding="utf-8")
    assert actual == expected.read_text(encoding="utf-8") if expected.exists() else ""


@pytest.mark.parametrize("folder", cases("valid"), ids=lambda folder: folder.name)
def test_valid(folder: Path) -> None:
    assert findings(open_case(folder)) == "no findings\n"


def expected_texts() -> dict[str, str]:
    return {each.name: (each / EXPECTED).read_text(encoding="utf-8") for each in INVALID}


def test_there_are_many() -> None:
    assert len(INVALID) >= 130


def test_each_says_something_and_how_to_mend_it() -> None:
    for name, text in expected_texts().items():
        found = len(re.findall(r"^(?:error|warning|note)\[", text, re.MULTILINE))
        helps = len(re.findall(r"^ *= help: ", text, re.MULTILINE))
        assert found, name
        assert helps == found, name


def test_every_code_is_shown() -> None:
    shown = {code for text in expected_texts().values() for code in re.findall(r"\[(B\d+)\]", text)}
    assert set(CODES) - shown == ELSEWHERE
