"""What is served and to how many: outcomes, splits, and percentages that may move in time."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

from msgspec import Struct, field

from burgee_compiler.diagnostics import nearest
from burgee_compiler.model.decoder import BAD, Bad, Decoder, JsonSchema, Kind, describe
from burgee_compiler.model.kinds import INSTANT, VARIANT, WEIGHT, map_of, thousandths
from burgee_compiler.model.structs import struct_of
from burgee_compiler.source import Node, Plain, resolve_plain

__all__ = ["DEFAULT", "PERCENTAGE", "SERVE", "Default", "Moving", "Serve", "Split"]

Split = dict[str, Decimal]
"""Weights by variant, exact; in the order of the file."""

_POINT: Final = Kind(thousandths, lambda: {"type": "number", "minimum": 0, "maximum": 100})


class Moving(Struct, frozen=True):
    """A percentage that moves linearly; `from_` and `to` in thousandths of a percent."""

    from_: Annotated[int, _POINT, "The percentage before and at `start`."] = field(name="from")
    to: Annotated[int, _POINT, "The percentage at `end` and after."]
    start: Annotated[int, INSTANT, "When it begins to move."]
    end: Annotated[int, INSTANT, "When it has arrived."]


def _check_moving(decoder: Decoder, moving: Moving) -> bool:
    if moving.start < moving.end:
        return True
    decoder.fault(
        "B407", "a moving percentage ends before it starts", "write an `end` later than `start`"
    )
    return False


_MOVING: Final = struct_of(Moving, "a moving percentage", check=_check_moving)


def _read_percentage(decoder: Decoder, node: Node) -> int | Moving | Bad:
    return _MOVING.read(decoder, node) if isinstance(node, dict) else thousandths(decoder, node)


PERCENTAGE: Final = Kind(_read_percentage, lambda: {"anyOf": [_POINT.schema(), _MOVING.schema()]})


class Serve(Struct, frozen=True):
    """What is served: one variant, or a split."""

    variant: str | None = None
    split: Split | None = None


_WEIGHTS: Final = map_of(VARIANT, WEIGHT, "a mapping of variants to weights", least=1)


def _read_serve(decoder: Decoder, node: Node) -> Serve | Bad:
    if not isinstance(node, dict):
        name = VARIANT.read(decoder, node)
        return name if isinstance(name, Bad) else Serve(variant=name)
    if _only(decoder, node, ("split",), "what is served"):
        return BAD
    return _read_split(decoder, node)


def _read_split(decoder: Decoder, node: dict[str, Node]) -> Serve | Bad:
    if "split" not in node:
        hint = "write a variant's name, or `split: {A: 50, B: 50}`"
        if "percentage" in node:
            hint = "add `serve: VARIANT`: a percentage needs to know of what"
        return decoder.fault("B202", "nothing is served here", hint)
    weights: Split | Bad = decoder.read("split", _WEIGHTS, node["split"])
    if isinstance(weights, Bad):
        return BAD
    if not any(weights.values()):
        hint = "give one variant a weight above 0"
        return decoder.fault_at(("split",), "B401", "all weights are 0", hint)
    return Serve(split=weights)


def _weighs(node: Node) -> bool:
    return isinstance(node, Plain) and isinstance(resolve_plain(node), int | float)


def _only(decoder: Decoder, node: dict[str, Node], known: tuple[str, ...], what: str) -> bool:
    if node and not any(name in known for name in node) and all(map(_weighs, node.values())):
        weights = ", ".join(f"{name}: {weight}" for name, weight in node.items())
        hint = f"write {{split: {{{weights}}}}}"
        decoder.fault("B201", "weights stand here without `split`", hint)
        return True
    found = False
    for name in node:
        if name not in known:
            found = True
            near = nearest(name, known)
            hint = f'did you mean "{near}"?' if near else f"{what} takes: {', '.join(known)}"
            decoder.fault("B201", f'unknown field "{name}" in {what}', hint, key=str(name))
    return found


def _serve_schema() -> JsonSchema:
    split = {
        "type": "object",
        "properties": {"split": _WEIGHTS.schema()},
        "required": ["split"],
        "additionalProperties": False,
    }
    return {"anyOf": [VARIANT.schema(), split]}


SERVE: Final = Kind(_read_serve, _serve_schema)


class Default(Struct, frozen=True):
    """What is served where no rule answers; the percentage's rest gets the off variant."""

    serve: Serve
    percentage: int | Moving | None = None


def _read_default(decoder: Decoder, node: Node) -> Default | Bad:
    if not isinstance(node, dict):
        if isinstance(node, list):
            return decoder.fault(
                "B203",
                f"{decoder.name} must be a variant or a mapping, not {describe(node)}",
                "write a variant's name, or `{split: {A: 50, B: 50}}`",
            )
        serve = _read_serve(decoder, node)
        return serve if isinstance(serve, Bad) else Default(serve)
    if _only(decoder, node, ("serve", "percentage", "split"), "the default"):
        return BAD
    if "serve" in node and "split" in node:
        return decoder.fault(
            "B213", '"serve" and "split" stand side by side', "put the split into `serve`"
        )
    serve = (
        decoder.read("serve", SERVE, node["serve"])
        if "serve" in node
        else _read_split(decoder, node)
    )
    percentage: Any = None
    if "percentage" in node:
        percentage = decoder.read("percentage", PERCENTAGE, node["percentage"])
    return BAD if isinstance(serve, Bad) or percentage is BAD else Default(serve, percentage)


def _default_schema() -> JsonSchema:
    gated = {
        "type": "object",
        "properties": {"serve": SERVE.schema(), "percentage": PERCENTAGE.schema()},
        "required": ["serve"],
        "additionalProperties": False,
    }
    split = {
        "type": "object",
        "properties": {
            "split": _WEIGHTS.schema(),
            "percentage": PERCENTAGE.schema(),
        },
        "required": ["split"],
        "additionalProperties": False,
    }
    return {"anyOf": [VARIANT.schema(), split, gated]}


DEFAULT: Final = Kind(_read_default, _default_schema)
