"""Findings of small repositories, short enough for tables of cases."""

from __future__ import annotations

from collections.abc import Mapping

from burgee_compiler.checks import run_checks
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.load import load_repository
from support.memory_tree import MemoryTree

__all__ = ["ADVICE", "FLAG", "check_files", "codes_of", "short"]

ADVICE = frozenset(f"B{number}" for number in range(711, 728))
"""What static analysis says: of flags that are right and do little, as most in tests do."""

FLAG = "acme/flags/checkout.yaml"
_BURGEE = "environments: [staging, production]\n"


def check_files(
    files: Mapping[str, str | bytes], burgee: str = _BURGEE, *, advice: bool = False
) -> list[Diagnostic]:
    """Return all findings of files in a repository, of two environments if not told otherwise.

    Those of static analysis are left out unless `advice` asks for them.
    """
    repository = load_repository(MemoryTree({"burgee.yaml": burgee, **files}))
    found = [*repository.found, *run_checks(repository)]
    return [each for each in found if advice or each.code not in ADVICE]


def codes_of(flag: str) -> list[str]:
    """Return the sorted codes that a flag's text gives."""
    return sorted(each.code for each in check_files({FLAG: flag}))


def short(found: Diagnostic) -> str:
    """Return a finding as `B301 rules.0.when.segment`."""
    return f"{found.code} {'.'.join(map(str, found.where.path))}".rstrip()
