"""Conditions: one struct, of which one of several fields says what kind of condition it is."""

from __future__ import annotations

from itertools import takewhile
from typing import Any, Final

from msgspec import Struct

from burgee_compiler.diagnostics import nearest
from burgee_compiler.model.condition_schema import condition_schema
from burgee_compiler.model.decoder import BAD, Bad, Decoder, Kind, describe
from burgee_compiler.model.foreign import FOREIGN_OPERATORS
from burgee_compiler.model.kinds import BOOLEAN, FLAG_KEY, PATH, VARIANT, list_of
from burgee_compiler.model.operands import FOLDABLE, OPERANDS
from burgee_compiler.model.structs import defined
from burgee_compiler.source import Node

__all__ = ["CONDITION", "MAX_DEPTH", "Condition"]

MAX_DEPTH: Final = 16
_KINDS: Final = ("all", "any", "not", "segment", "flag", "attribute")
_FIELDS: Final = (*_KINDS, "serves", "ignore_case", *OPERANDS)
_SERVES: Final = list_of(VARIANT, least=1, unique=True)


class Condition(Struct, frozen=True, kw_only=True):
    """A condition as it was written; `tests` maps operators to constants, times in microseconds.

    A list, wherever a condition may stand, is read as `all` of it.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = None
    segment: str | None = None
    flag: str | None = None
    serves: tuple[str, ...] = ()
    attribute: str | None = None
    tests: dict[str, Any] = {}
    ignore_case: bool = False


def _read(decoder: Decoder, node: Node) -> Condition | Bad:
    return _read_at(decoder, node, 0)


def _read_at(decoder: Decoder, node: Node, depth: int) -> Condition | Bad:
    if depth > MAX_DEPTH:
        return decoder.fault(
            "B509",
            f"conditions are nested more than {MAX_DEPTH} deep",
            "move the inner ones into a segment and name it here",
        )
    if isinstance(node, list):
        with decoder.at("all"):
            parts = _read_parts(decoder, node, depth)
        return parts if isinstance(parts, Bad) else Condition(all=parts)
    if not isinstance(node, dict):
        return decoder.fault(
            "B203",
            f"a condition must be a mapping or a list of them, not {describe(node)}",
            "write it as {attribute: NAME, eq: VALUE}, {segment: NAME} or a list of such",
        )
    kinds: list[str] = [kind for kind in _KINDS if kind in node]
    if len(kinds) != 1:
        return _not_one_kind(decoder, node, kinds)
    kind = kinds[0]
    if kind == "attribute":
        return _read_attribute(decoder, node)
    if _has_strangers(decoder, node, (kind, "serves") if kind == "flag" else (kind,)):
        return BAD
    return _read_kind(decoder, node, kind, depth)


def _read_kind(decoder: Decoder, node: dict[str, Node], kind: str, depth: int) -> Condition | Bad:
    child = node[kind]
    if kind == "segment":
        name = decoder.read(kind, IDENTIFIER_PATH, child)
        return BAD if name is BAD else Condition(segment=name)
    if kind == "flag":
        return _read_flag(decoder, node)
    with decoder.at(kind):
        if kind == "not":
            inner = _read_at(decoder, child, depth + 1)
            return inner if isinstance(inner, Bad) else Condition(not_=inner)
        if not isinstance(child, list):
            return decoder.fault(
                "B203",
                f'"{kind}" must be a list of conditions, not {describe(child)}',
                f"write it as {kind}: [{{…}}, {{…}}]",
            )
        parts = _read_parts(decoder, child, depth)
        if isinstance(parts, Bad):
            return BAD
        return Condition(all=parts) if kind == "all" else Condition(any=parts)


def _read_parts(decoder: Decoder, nodes: list[Node], depth: int) -> tuple[Condition, ...] | Bad:
    if not nodes:
        return decoder.fault(
            "B507",
            "an empty list of conditions",
            "write a condition in it, or remove it to mean everyone",
        )
    parts: list[Condition] = []
    for index, node in enumerate(nodes):
        with decoder.at(index):
            part = _read_at(decoder, node, depth + 1)
        if not isinstance(part, Bad):
            parts.append(part)
    return tuple(parts) if len(parts) == len(nodes) else BAD


def _read_flag(decoder: Decoder, node: dict[str, Node]) -> Condition | Bad:
    key = decoder.read("flag", FLAG_KEY, node["flag"])
    if "serves" not in node:
        return decoder.fault(
            "B202", 'a condition on a flag needs "serves"', "add `serves: [on]`, its variants"
        )
    serves = decoder.read("serves", _SERVES, node["serves"])
    return BAD if key is BAD or serves is BAD else Condition(flag=key, serves=serves)


def _read_attribute(decoder: Decoder, node: dict[str, Node]) -> Condition | Bad:
    if _has_strangers(decoder, node, ("attribute", "ignore_case", *OPERANDS)):
        return BAD
    path = decoder.read("attribute", PATH, node["attribute"])
    folded = (
        decoder.read("ignore_case", BOOLEAN, node["ignore_case"])
        if "ignore_case" in node
        else False
    )
    tests: dict[str, Any] = {}
    good = path is not BAD and folded is not BAD
    for name, child in node.items():
        if name in OPERANDS:
            value = decoder.read(str(name), OPERANDS[name], child)
            good = good and value is not BAD
            tests[str(name)] = value
    if not tests and good:
        return decoder.fault(
            "B507",
            f'the condition on "{path}" has no operator',
            "add one, such as `eq: VALUE`, `in: [A, B]` or `exists: true`",
        )
    if good and folded and not FOLDABLE.intersection(tests):
        return decoder.fault(
            "B511",
            "ignore_case stands where no operator compares text",
            f"remove it; it goes with {', '.join(sorted(FOLDABLE))}",
        )
    if good and tests.get("exists") is False and len(tests) > 1:
        return decoder.fault(
            "B512",
            "exists: false stands with other operators, which a missing attribute never satisfies",
            "keep one of the two",
        )
    return Condition(attribute=path, tests=tests, ignore_case=folded) if good else BAD


def _has_strangers(decoder: Decoder, node: dict[str, Node], known: tuple[str, ...]) -> bool:
    found = False
    cut = _cut_list(node)
    if cut is not None:
        decoder.fault("B510", *cut[1:], key=cut[0])
        return True
    for name in node:
        if name in known:
            continue
        found = True
        if name in _FIELDS:
            decoder.fault(
                "B508",
                f'"{name}" cannot stand in this condition',
                "write two conditions, as a list (all of) or under `any:`",
                key=str(name),
            )
        else:
            near = nearest(name, known)
            hint = f'did you mean "{near}"?' if near else f"it takes: {', '.join(known)}"
            hint = FOREIGN_OPERATORS.get(name.lower(), hint)
            decoder.fault("B510", f'unknown operator or field "{name}"', hint, key=str(name))
    return found


def _cut_list(node: dict[str, Node]) -> tuple[str, str, str] | None:
    """Find `{in: DE, FR}`, which YAML reads as {in: DE, FR: nothing}: where, what and cure."""
    names = list(node)
    for index, name in enumerate(names):
        if name not in OPERANDS or isinstance(node[name], dict | list):
            continue
        more = list(takewhile(lambda each: each not in _FIELDS, names[index + 1 :]))
        if more and all(node[each] == "" for each in more):
            listed = ", ".join([str(node[name]), *more])
            return more[0], f'"{more[0]}" is no part of the list', f"write {name}: [{listed}]"
    return None


def _not_one_kind(decoder: Decoder, node: dict[str, Node], kinds: list[str]) -> Bad:
    if len(kinds) > 1:
        return decoder.fault(
            "B508",
            f"a condition cannot be {' and '.join(kinds)} at once",
            "write them as a list, which means all of them, or under `any:`",
        )
    if not node:
        return decoder.fault(
            "B507", "an empty condition", "write what it asks, or remove it to mean everyone"
        )
    strangers = _has_strangers(decoder, node, _FIELDS)
    return (
        BAD
        if strangers
        else decoder.fault(
            "B508",
            "a condition that names no attribute, segment or flag",
            "begin it with `attribute:`, `segment:`, `flag:`, `all:`, `any:` or `not:`",
        )
    )


def _read_dotted(decoder: Decoder, node: Node) -> Any:
    return FLAG_KEY.read(decoder, node)


IDENTIFIER_PATH: Final = Kind(_read_dotted, FLAG_KEY.schema)
"""A segment's name: like a flag's key, its path below segments/ with dots for slashes."""


_REFERENCE: Final = defined("condition", condition_schema)
CONDITION: Final = Kind(_read, lambda: _REFERENCE)
