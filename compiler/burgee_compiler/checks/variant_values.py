"""B211, B314: the values of a flag's variants all have its type, stated or inferred."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import said
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.types import json_type, type_of
from burgee_compiler.model.variants import Variant

__all__ = ["check_variant_values"]


def check_variant_values(view: FlagView) -> Iterator[Diagnostic]:
    """Report values of another type than the flag's, and flags whose type cannot be told."""
    flag = view.flag
    if flag.type is None:
        untold = _untold(view)
        if untold is not None:
            yield untold
            return
    wanted = type_of(flag)
    if flag.variants is None and wanted != "boolean":
        yield view.finding(
            "B211",
            f"the type is {wanted}, and without variants a flag has the booleans on and off",
            ("type",),
            help="add `variants:` with their values, or remove the type",
        )
        return
    for path, part in view.parts:
        variants: dict[str, Variant] = said(part, "variants") or {}
        for name, variant in variants.items():
            if not _fits(variant.value, wanted):
                yield view.finding(
                    "B211",
                    f'the value of "{name}" is {_described(variant.value)}, '
                    f"and the flag's type is {wanted}",
                    (*path, "variants", name, "value"),
                    help=_cure(variant.value, wanted, flag),
                )


def _untold(view: FlagView) -> Diagnostic | None:
    first: tuple[str, str] | None = None
    for name, variant in view.variants.items():
        kind = json_type(variant.value)
        if kind is None:
            continue
        kind = "number" if kind == "integer" else kind
        if first is None:
            first = name, kind
        elif kind != first[1]:
            label = Label(view.where(("variants", first[0], "value")), f"this is {_A[first[1]]}")
            return view.finding(
                "B314",
                f'the value of "{name}" is {_A[kind]}, and that of "{first[0]}" is {_A[first[1]]}',
                ("variants", name, "value"),
                labels=(label,),
                help="give all variants values of one type",
            )
    if first is not None:
        return None
    return view.finding_at_key(
        "B314",
        "all values are null, so the flag's type cannot be told",
        ("variants",),
        help="add `type:` with boolean, string, integer, number or object",
    )


_A = {
    "boolean": "a boolean",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object or a list",
}


def _fits(value: Any, wanted: str) -> bool:
    kind = json_type(value)
    return kind is None or kind == wanted or (kind == "integer" and wanted == "number")


def _described(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    kind = json_type(value)
    return f"the {kind} {value}" if kind in ("integer", "number") else _A[kind or "object"]


def _cure(value: Any, wanted: str, flag: Flag) -> str:
    if isinstance(value, str) and wanted == "boolean" and value.lower() in ("on", "off"):
        return f"write {'true' if value.lower() == 'on' else 'false'}: {value} is text in YAML 1.2"
    if isinstance(value, str) and wanted == "boolean" and value.lower() in ("yes", "no"):
        return f"write {'true' if value.lower() == 'yes' else 'false'}: {value} is text in YAML 1.2"
    if isinstance(value, str) and wanted in ("integer", "number", "boolean"):
        return f"write the {wanted} without quotes"
    if wanted == "integer" and isinstance(value, float):
        if value.is_integer():
            return f"write {int(value)}, or set `type: number`"
        return "write a whole number, or set `type: number`"
    if wanted == "string" and not isinstance(value, dict | list):
        return "put the value in quotes"
    if flag.type is None:
        return f"write {_A[wanted]}, as the base's variants have"
    return f"write {_A[wanted]}, or change the type"
