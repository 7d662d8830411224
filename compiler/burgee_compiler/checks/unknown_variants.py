"""B303: every variant that is served, expected or asked for is one that the flag has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from burgee_compiler.checks.hints import listed
from burgee_compiler.checks.unknown_flags import flags_named
from burgee_compiler.checks.variant_uses import VariantUse, variant_uses
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic, nearest
from burgee_compiler.model.flag_test import CALLERS_DEFAULT
from burgee_compiler.model.types import variants_of
from burgee_compiler.model.variants import Variant

__all__ = ["check_unknown_variants"]


def check_unknown_variants(view: FlagView) -> Iterator[Diagnostic]:
    """Report variants that the flag, or the other flag that is asked about, does not have."""
    for use in (*variant_uses(view), *_expected(view)):
        if use.name not in view.variants:
            whose = "the flag"
            yield _finding(view, use, whose, view.variants, view.flag.variants is None)
    for path, need in flags_named(view):
        other = view.tenant.files.flags.get(need.flag or "")
        if other is None or other.flag is None:
            continue
        theirs = variants_of(other.flag)
        for index, name in enumerate(need.serves):
            if name not in theirs:
                use = VariantUse((*path, "serves", index), name)
                left_out = other.flag.variants is None
                yield _finding(view, use, f'the flag "{other.name}"', theirs, left_out)


def _finding(
    view: FlagView, use: VariantUse, whose: str, known: Mapping[str, Variant], left_out: bool
) -> Diagnostic:
    near = nearest(use.name, known)
    cure = f'did you mean "{near}"?' if near else f"{whose} has: {listed(known)}"
    valued = next((name for name, variant in known.items() if _is_value(variant, use.name)), None)
    if valued is not None:
        cure = f'did you mean "{valued}", whose value is {use.name}?'
    elif left_out and near is None:
        cure = f"{whose} names no variants, so it has on (true) and off (false)"
    where = view.finding if use.part == "value" else view.finding_at_key
    return where("B303", f'{whose} has no variant "{use.name}"', use.path, help=cure)


def _is_value(variant: Variant, text: str) -> bool:
    """Return whether someone wrote a variant's value for its name."""
    value = variant.value
    if isinstance(value, str):
        return value == text
    return isinstance(value, int | float) and str(value).lower() == text.lower()


def _expected(view: FlagView) -> Iterator[VariantUse]:
    for index, test in enumerate(view.flag.tests):
        path = ("tests", index, "expect")
        variant = said(test.expect, "variant")
        if variant is not None:
            yield VariantUse((*path, "variant"), variant)
        for name in said(test.expect, "shares") or ():
            if name != CALLERS_DEFAULT:
                yield VariantUse((*path, "shares", name), name, "key")
