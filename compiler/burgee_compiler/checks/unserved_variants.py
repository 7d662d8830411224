"""B714: a flag that decides something serves each variant that it has to somebody."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.one_answer import decides, one_answer
from burgee_compiler.checks.variant_uses import variant_uses
from burgee_compiler.checks.views import FlagView
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.types import type_of

__all__ = ["check_unserved_variants"]


def check_unserved_variants(view: FlagView) -> Iterator[Diagnostic]:
    """Report variants that nothing serves, of flags that have rules or shares.

    Others are switches, whose variants are positions to choose from.
    """
    if view.flag.variants is None or not decides(view):
        return
    served = {use.name for use in variant_uses(view) if not use.to_nobody}
    if view.flag.off_variant is None and type_of(view.flag) == "boolean":
        served.add("off")
    if one_answer(view) is not None or not served <= {*view.variants, "off"}:
        return  # which is a finding, and may be the cause
    for name, variant in view.variants.items():
        if name not in served and variant.value is not None:
            yield view.finding_at_key(
                "B714",
                f'nothing serves the variant "{name}"',
                ("variants", name),
                help="serve it, or remove it once no app has it in its code",
            )
