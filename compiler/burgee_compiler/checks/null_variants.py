"""B701: a variant of value null is there to be served; one that is not says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Serve

__all__ = ["check_null_variants"]


def check_null_variants(view: FlagView) -> Iterator[Diagnostic]:
    """Report null variants that nothing serves."""
    nulls = [name for name, variant in view.variants.items() if variant.value is None]
    if not nulls:
        return
    served = set(_served(view))
    for name in nulls:
        if name not in served:
            yield view.finding_at_key(
                "B701",
                f'nothing serves "{name}", whose value is null',
                ("variants", name),
                help="serve it where the caller's default is meant, or remove it",
            )


def _served(view: FlagView) -> Iterator[str | None]:
    for _, part in view.parts:
        yield said(part, "off_variant")
        yield from (override.serve for override in said(part, "overrides") or ())
        default = said(part, "default")
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
    yield from serve.split or ()
