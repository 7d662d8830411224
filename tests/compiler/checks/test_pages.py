"""Promise: the first example on a finding's page gives that finding, and the cure cures it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from support.checking import FLAG, check_files

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "diagnostics"
BESIDE = {
    "acme/flags/payments/v2.yaml": "default: off\n",
    "acme/flags/express-pay.yaml": "default: off\n",
    "acme/segments/beta-testers.yaml": "members: [u1]\n",
    "acme/segments/vip.members.csv": "u1\n",
}
ARMS = "variants: [classic, one-page, on, off]\n"
EXPERIMENT = "experiment: {status: running, control: off, layer: checkout}"
TEST = f"""\
rules:
  - name: placement-test
    {EXPERIMENT}
    serve: {{split: {{on: 1, off: 1}}}}
default: off
"""
Files = dict[str, str | bytes]


def flag(text: str) -> Files:
    return {FLAG: text}


def rules(text: str) -> Files:
    return {FLAG: f"default: off\nrules:\n{indent(text, '  ')}"}


def in_rule(text: str) -> Files:
    serve = (
        ""
        if "serve:" in text.replace("{serve", "")
        else "serve: {split: {classic: 1, one-page: 1}}\n"
    )
    body = indent(f"{serve}{text}", "    ")
    return {FLAG: f"{ARMS}default: off\nrules:\n  - name: placement-test\n{body}"}


def segment(text: str) -> Files:
    return {"acme/segments/vip.yaml": text}


def layers(text: str) -> Files:
    return {"acme/layers.yaml": text, "acme/flags/one-page.yaml": TEST}


def several(text: str) -> Files:
    parts = re.split(r"^# (\w+)\.yaml\n", text, flags=re.MULTILINE)
    folder = "segments" if "segment:" in text else "flags"
    return {
        f"acme/{folder}/{name}.yaml": body
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


KINDS: dict[Callable[[str], Files], str] = {
    flag: "B201 B202 B203 B204 B205 B206 B207 B208 B209 B211 B212 B213 B214 B216 B217 B301 B302 "
    "B303 B305 B308 B313 B314 B401 B402 B407 B701 B702",
    rules: "B406 B416",
    in_rule: "B408 B414 B417 B501 B502 B503 B505 B506 B507 B508 B510 B511 B512",
    segment: "B215 B310 B311 B312",
    layers: "B403 B404 B405 B415",
    several: "B306",
}
WHOLE = "B202 B205 B206 B207 B208 B209 B211 B212 B216 B301 B302 B303 B305 B308 B313"
CASES = [(code, kind) for kind, codes in KINDS.items() for code in codes.split()]


def examples(code: str) -> list[str]:
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def codes_in(files: Files) -> set[str]:
    return {each.code for each in check_files({**BESIDE, **files})}


@pytest.mark.parametrize(("code", "kind"), CASES, ids=[code for code, _ in CASES])
def test_example_and_cure(code: str, kind: Callable[[str], Files]) -> None:
    wrong, cured, *_ = examples(code)
    assert code in codes_in(kind(wrong))
    if kind is several:
        kind = layers
    if code != "B702":  # its cure shows the changed lines only
        assert code not in codes_in(kind(cured))


def test_the_cures_of_references_are_clean() -> None:
    """Beyond the finding itself, nothing else is wrong with what a page advises."""
    for code in WHOLE.split():
        found = codes_in(flag(examples(code)[1]))
        assert found <= {"B703"}, code
