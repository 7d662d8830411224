"""B719, B720, B721: conditions ask for attributes as attributes.yaml declares them, if it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from burgee.paths import TARGETING_KEY, canonical_path
from burgee.versions import parse_version
from burgee_compiler.analysis import never_asks
from burgee_compiler.checks.hints import listed
from burgee_compiler.checks.views import FlagView, SegmentView
from burgee_compiler.checks.walk import Path, said
from burgee_compiler.diagnostics import Diagnostic, nearest
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Attribute
from burgee_compiler.model.types import json_type

__all__ = ["check_declared_attributes", "misfits"]

View = FlagView | SegmentView
_LISTED: Final = ("eq", "neq", "in", "nin")
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "string": ("string",),
    "number": ("integer", "number"),
    "integer": ("integer", "number"),
    "boolean": ("boolean",),
    "time": ("string", "integer", "number"),
    "semver": ("string",),
}


def check_declared_attributes(view: View) -> Iterator[Diagnostic]:
    """Report attributes that are not declared, and what can hold of no declared value."""
    if not view.tenant.files.attributes:
        return
    for path, condition in view.conditions:
        if condition.attribute is not None:
            yield from _undeclared(view, condition.attribute, (*path, "attribute"))
            yield from misfits(view, path, condition)
    parts = [*view.parts, *(view.rule_parts if isinstance(view, FlagView) else ())]
    for path, part in parts:
        by: str | None = said(part, "by")
        if by is not None:
            yield from _undeclared(view, by, (*path, "by"))


def _undeclared(view: View, name: str, path: Path) -> Iterator[Diagnostic]:
    if canonical_path(name) == TARGETING_KEY or view.tenant.declares(name):
        return
    file = f"{view.tenant.name}/attributes.yaml"
    near = view.tenant.near_attribute(name)
    yield view.finding(
        "B719",
        f'the attribute "{name}" is not declared',
        path,
        help=f'did you mean "{near}"?' if near else f"declare it in {file}, with its type",
    )


def misfits(view: View, path: Path, condition: Condition) -> Iterator[Diagnostic]:
    """Report what a condition asks of a declared attribute and no value of it satisfies."""
    if condition.attribute is None:
        return
    attribute = view.tenant.files.attributes.get(condition.attribute)
    if attribute is None:
        return
    for operator, constant in condition.tests.items():
        if operator in _LISTED and attribute.type in _KINDS:
            values = constant if isinstance(constant, list) else [constant]
            for index, value in enumerate(values):
                place = (index,) if isinstance(constant, list) else ()
                yield from _value(view, (*path, operator, *place), condition, attribute, value)
        elif never_asks(condition, operator, view.tenant.domains):
            yield view.finding_at_key(
                "B721",
                f"{operator} never holds of {condition.attribute}, {_declared(attribute)}",
                (*path, operator),
                help=_cure(operator, attribute),
            )


def _value(
    view: View, path: Path, condition: Condition, attribute: Attribute, value: Any
) -> Iterator[Diagnostic]:
    name = condition.attribute
    problem = _problem(attribute, value)
    if problem is not None:
        yield view.finding(
            "B721", f"{name} is never {problem}: it is {_declared(attribute)}", path,
            help=_quoting(attribute, value),
        )  # fmt: skip
    elif attribute.enum and not _is_listed(attribute, value, condition.ignore_case):
        words = [str(each) for each in attribute.enum]
        near = nearest(str(value), words)
        yield view.finding(
            "B720",
            f'"{value}" is no value that attributes.yaml lists for {name}',
            path,
            help=f'did you mean "{near}"?' if near else f"it lists: {listed(words)}",
        )


def _problem(attribute: Attribute, value: Any) -> str | None:
    """Return what a value is that no value of the declared type equals; None where one may."""
    kind = json_type(value)
    if kind not in _KINDS[attribute.type]:
        shown = {True: "true", False: "false"}.get(value, value) if kind == "boolean" else value
        return f'the text "{value}"' if kind == "string" else f"the {kind} {shown}"
    if attribute.type == "integer" and value != value // 1:
        return f"the number {value}"
    if attribute.type == "semver" and parse_version(value) is None:
        return f'"{value}", which is no version'
    return None


def _is_listed(attribute: Attribute, value: Any, folds: bool) -> bool:
    if folds and isinstance(value, str):
        return any(
            isinstance(each, str) and each.lower() == value.lower() for each in attribute.enum
        )
    return any(each == value and json_type(each) is not None for each in attribute.enum)


def _declared(attribute: Attribute) -> str:
    values = f", one of {listed(map(str, attribute.enum))}" if attribute.enum else ""
    return f"declared as {attribute.type}{values}"


def _cure(operator: str, attribute: Attribute) -> str:
    if attribute.type == "list" and operator in _LISTED:
        return "use `contains` to ask what a list holds"
    return "use an operator that goes with the type, or mend the type in attributes.yaml"


def _quoting(attribute: Attribute, value: Any) -> str:
    if attribute.type == "boolean" and value in ("true", "false"):
        return f"write {value} without quotes"
    if attribute.type in ("string", "semver") and not isinstance(value, str):
        return "put it in quotes, or mend the type in attributes.yaml"
    return "mend the value, or the type in attributes.yaml"
