"""The schemas of flags and segments as calls send them: those of the YAML files."""

from __future__ import annotations

from typing import Any, Final

from burgee_compiler.schema import SCHEMAS
from burgee_writer.openapi_shapes import KEY, Json, nullable, ref

__all__ = ["definitions"]

_OF_RULE: Final = ("serve", "percentage", "when", "starts", "ends", "by", "seed")
_FIELDS: Final = (
    "The fields of the file. null takes one away; `key`, where it is sent, is that of the path."
)


def definitions() -> Json:
    """Return the schemas by their names in the document."""
    found: Json = {}
    for kind in ("flag", "segment"):
        schema = _renamed(SCHEMAS[kind]())
        found |= {_name(name): each for name, each in schema["$defs"].items()}
        found |= _of(kind.capitalize(), schema["properties"])
    rule, experiment = found["Rule"]["properties"], found["Experiment"]["properties"]
    fields = {**experiment, **{name: rule[name] for name in _OF_RULE}}
    found["ExperimentFields"] = {
        **_nullable(fields),
        "description": "Fields of the experiment, and of its rule. `winner` alone concludes it.",
    }
    return found


def _of(name: str, properties: Json) -> Json:
    keyed = {"key": KEY, **properties}
    fields = _nullable(properties)
    fields["properties"]["key"] = KEY
    return {
        f"{name}Fields": {**fields, "description": _FIELDS},
        f"{name}Upsert": {**fields, "required": ["key"]},
        f"{name}AsItStands": {
            "type": "object",
            "properties": keyed,
            "required": ["key"],
            "description": "As the file has it, which may be sent back.",
        },
    }


def _nullable(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": {name: nullable(each) for name, each in properties.items()},
        "additionalProperties": False,
    }


def _renamed(node: Any) -> Any:
    """Return a schema whose references lead to components."""
    if isinstance(node, dict):
        return {
            name: ref(_name(each.removeprefix("#/$defs/")))["$ref"]
            if name == "$ref"
            else _renamed(each)
            for name, each in node.items()
        }
    return [_renamed(each) for each in node] if isinstance(node, list) else node


def _name(name: str) -> str:
    return "".join(each.capitalize() for each in name.split("_"))
