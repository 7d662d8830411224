"""Promise: the first example on a page of static analysis gives its finding; the cure gives none.

A page that needs several files names each in a comment above it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burgee_compiler.build import check
from burgee_compiler.load import load_repository
from support.checking import ADVICE, FLAG
from support.memory_tree import MemoryTree

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "diagnostics"
NOW = 1_793_491_200_000_000  # 2026-11-01
BURGEE = "environments: [staging, production]\n"


def files_of(example: str) -> dict[str, str | bytes]:
    parts = re.split(r"^# (\S+\.yaml)\n", example, flags=re.MULTILINE)
    named = zip(parts[1::2], parts[2::2], strict=True)
    files: dict[str, str | bytes] = {f"acme/{path}": text for path, text in named}
    if parts[0]:
        files[FLAG] = parts[0]
    used = [f"{{segment: {name[14:-5]}}}" for name in files if name.startswith("acme/segments/")]
    if used and not any(name.startswith("acme/flags/") for name in files):
        when = ", ".join(used)
        files[FLAG] = f"rules: [{{name: r, when: [{when}], serve: on}}]\ndefault: off\n"
    return files


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_example_and_cure(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    wrong, cured = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found(wrong) == {code} | ({"B716"} if code == "B726" else set())
    assert found(cured) == set()


def found(example: str) -> set[str]:
    tree = MemoryTree({"burgee.yaml": BURGEE, **files_of(example)})
    return {each.code for each in check(load_repository(tree), NOW)}
