"""B302: flags that prerequisites and conditions name exist."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.flag import Require

__all__ = ["check_unknown_flags", "flags_named"]


def flags_named(view: FlagView) -> Iterator[tuple[Path, Require | Condition]]:
    """Yield the prerequisites and conditions of a flag that name another."""
    for path, part in view.parts:
        for index, need in enumerate(said(part, "requires") or ()):
            yield (*path, "requires", index), need
    for path, condition in view.conditions:
        if condition.flag is not None:
            yield path, condition


def check_unknown_flags(view: FlagView) -> Iterator[Diagnostic]:
    """Report flags that do not exist."""
    known = view.tenant.files.flags
    for path, need in flags_named(view):
        if need.flag is not None and need.flag not in known:
            file = f"{view.tenant.name}/flags/{need.flag.replace('.', '/')}.yaml"
            yield view.finding(
                "B302",
                f'there is no flag "{need.flag}"',
                (*path, "flag"),
                help=view.tenant.flag_hints.help(need.flag, f"define it in {file}"),
            )
