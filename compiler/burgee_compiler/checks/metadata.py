"""B217: metadata keys that begin with `burgee.` are written by Burgee itself."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["check_metadata"]

_OURS = "burgee."


def check_metadata(view: FlagView) -> Iterator[Diagnostic]:
    """Report reserved metadata keys."""
    for path, part in view.parts:
        for name in said(part, "metadata") or ():
            if name.startswith(_OURS):
                yield view.finding_at_key(
                    "B217",
                    f'the metadata key "{name}" begins with "{_OURS}"',
                    (*path, "metadata", name),
                    help="choose another: Burgee hands out reason and rule under such keys",
                )
