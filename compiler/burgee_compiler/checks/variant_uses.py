"""Every place in a flag that names a variant to be served, whichever part of it that is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.model.distribution import Serve

__all__ = ["VariantUse", "variant_uses"]


class VariantUse(Struct, frozen=True):
    """A variant's name where it is used; `to_nobody` where its weight in a split is 0."""

    path: Path
    name: str
    part: Literal["value", "key"] = "value"
    to_nobody: bool = False


def variant_uses(view: FlagView) -> Iterator[VariantUse]:
    """Yield each use but those in tests."""
    for path, part in view.parts:
        off = said(part, "off_variant")
        if off is not None:
            yield VariantUse((*path, "off_variant"), off)
        for index, override in enumerate(said(part, "overrides") or ()):
            yield VariantUse((*path, "overrides", index, "serve"), override.serve)
        default = said(part, "default")
        if default is not None:
            yield from _served((*path, "default", "serve"), default.serve)
    for path, part in view.rule_parts:
        serve = said(part, "serve")
        if serve is not None:
            yield from _served((*path, "serve"), serve)
        experiment = said(part, "experiment")
        if experiment is not None:
            yield VariantUse((*path, "experiment", "control"), experiment.control)
            if experiment.winner is not None:
                yield VariantUse((*path, "experiment", "winner"), experiment.winner)


def _served(path: Path, serve: Serve) -> Iterator[VariantUse]:
    if serve.variant is not None:
        yield VariantUse(path, serve.variant)
    for name, weight in (serve.split or {}).items():
        yield VariantUse((*path, "split", name), name, "key", to_nobody=not weight)
