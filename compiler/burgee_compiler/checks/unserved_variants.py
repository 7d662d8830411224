"""B714: a flag that decides something serves each variant that it has to somebody."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.one_answer import decides, one_answer
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Default, Serve
from burgee_compiler.model.types import type_of

__all__ = ["check_unserved_variants"]


def check_unserved_variants(view: FlagView) -> Iterator[Diagnostic]:
    """Report variants that nothing serves, of flags that have rules or shares.

    Others are switches, whose variants are positions to choose from.
    """
    if view.flag.variants is None or not decides(view):
        return
    served = set(_served(view))
    if one_answer(view) is not None or not served <= {*view.variants, None, "off"}:
        return  # which is a finding, and may be the cause
    for name, variant in view.variants.items():
        if name not in served and variant.value is not None:
            yield view.finding_at_key(
                "B714",
                f'nothing serves the variant "{name}"',
                ("variants", name),
                help="serve it, or remove it once no app has it in its code",
            )


def _served(view: FlagView) -> Iterator[str | None]:
    if view.flag.off_variant is None and type_of(view.flag) == "boolean":
        yield "off"
    for _, part in view.parts:
        yield said(part, "off_variant")
        yield from (override.serve for override in said(part, "overrides") or ())
        default: Default | None = said(part, "default")
        if default is not None:
            yield from _names(default.serve)
    for _, part in view.rule_parts:
        serve, experiment = said(part, "serve"), said(part, "experiment")
        if serve is not None:
            yield from _names(serve)
        if experiment is not None:
            yield from (experiment.control, experiment.winner)


def _names(serve: Serve) -> Iterator[str | None]:
    yield serve.variant
    yield from (name for name, weight in (serve.split or {}).items() if weight)
