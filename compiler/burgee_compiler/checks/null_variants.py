"""B701: a variant of value null is there to be served; one that is not says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.variant_uses import variant_uses
from burgee_compiler.checks.views import FlagView
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["check_null_variants"]


def check_null_variants(view: FlagView) -> Iterator[Diagnostic]:
    """Report null variants that nothing serves."""
    nulls = [name for name, variant in view.variants.items() if variant.value is None]
    if not nulls:
        return
    served = {use.name for use in variant_uses(view)}
    for name in nulls:
        if name not in served:
            yield view.finding_at_key(
                "B701",
                f'nothing serves "{name}", whose value is null',
                ("variants", name),
                help="serve it where the caller's default is meant, or remove it",
            )
