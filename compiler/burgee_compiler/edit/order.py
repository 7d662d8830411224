"""In which order the fields of each kind of file are written, and which sort of place a path is."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from burgee_compiler.edit.edits import Path

__all__ = ["PLACES", "Place", "Shape", "place_at", "rank_in", "shape_of"]

Shape: TypeAlias = Literal[
    "flag", "segment", "layers", "lock", "attributes", "tenant", "burgee", "free"
]
"""What a file holds; `free` is any YAML."""


class Place(Struct, frozen=True):
    """A mapping of the format: its fields in order, and what the values of some of them are.

    `*` before a name: a list or mapping of such places.
    """

    fields: tuple[str, ...] = ()
    into: dict[str, str] = {}
    each: str = ""
    """Where any key or index leads, in a place without fields."""


def _fields(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CONDITION = Place(
    _fields(
        "all any not segment flag serves attribute eq neq in nin gt gte lt lte contains startswith "
        "endswith regex semver_eq semver_gt semver_gte semver_lt semver_lte before after "
        "within_last older_than cidr exists ignore_case"
    ),
    {"all": "*condition", "any": "*condition", "not": "condition"},
    each="condition",
)
PLACES: Final[dict[str, Place]] = {
    "flag": Place(
        _fields(
            "name description owner tags kind expires type client_side metadata state variants "
            "off_variant by seed overrides requires rules default schedule environments tests"
        ),
        {
            "metadata": "*free",
            "variants": "*variant",
            "overrides": "*override",
            "requires": "*require",
            "rules": "*rule",
            "default": "default",
            "schedule": "*flag_step",
            "environments": "*flag",
            "tests": "*test",
        },
    ),
    "variant": Place(_fields("value description")),
    "override": Place(_fields("user serve reason expires")),
    "require": Place(_fields("flag serves")),
    "rule": Place(
        _fields(
            "name description when percentage schedule starts ends by seed was experiment serve "
            "environments"
        ),
        {
            "when": "condition",
            "percentage": "moving",
            "schedule": "*rule_step",
            "experiment": "experiment",
            "serve": "serve",
            "environments": "*rule",
        },
    ),
    "default": Place(_fields("serve split percentage"), {"serve": "serve", "percentage": "moving"}),
    "serve": Place(_fields("split")),
    "moving": Place(_fields("from to start end")),
    "experiment": Place(_fields("status winner hypothesis layer control events")),
    "flag_step": Place(_fields("at set"), {"set": "flag"}),
    "rule_step": Place(_fields("at set"), {"set": "rule"}),
    "condition": _CONDITION,
    "test": Place(_fields("it at environment bucket context expect"), {"expect": "expect"}),
    "expect": Place(_fields("variant value reason rule experiment member shares")),
    "segment": Place(
        _fields("description when members members_file excluded by environments tests"),
        {"when": "condition", "environments": "*segment", "tests": "*test"},
    ),
    "layers": Place(each="layer"),
    "layer": Place(_fields("description by holdout slots")),
    "lock": Place(_fields("tables"), {"tables": "*lock_table"}),
    "lock_table": Place(_fields("table environments at weights ranges")),
    "attributes": Place(each="attribute"),
    "attribute": Place(_fields("type enum description")),
    "tenant": Place(_fields("name description owners contacts webhooks"), {"webhooks": "*webhook"}),
    "webhook": Place(_fields("url secret entities")),
    "burgee": Place(
        _fields("environments epoch levels policy plan stale"), {"policy": "*policy_line"}
    ),
    "policy_line": Place(_fields("environments tenants flag_kind change class then")),
    "free": Place(),
}


def place_at(shape: Shape, path: Path) -> str:
    """Return the name of the place that a path leads to in a file; `free` where none is known."""
    name = str(shape)
    for step in path:
        if name.startswith("*"):
            name = name[1:]
            continue
        place = PLACES[name]
        if step in place.into:
            name = place.into[str(step)]
        elif isinstance(step, int) or not place.fields:
            name = place.each or "free"
        else:
            name = "free"
    return name


def rank_in(shape: Shape, path: Path, key: str) -> int | None:
    """Return a field's place in the order of the mapping at `path`, None where there is none."""
    name = place_at(shape, path)
    fields = () if name.startswith("*") else PLACES[name].fields
    return fields.index(key) if key in fields else None


def shape_of(file: str) -> Shape:
    """Return what a file of a flag repository holds, by its path."""
    parts = file.split("/")
    if file == "burgee.yaml":
        return "burgee"
    if len(parts) == 2 and parts[1] in ("layers.yaml", "attributes.yaml", "tenant.yaml"):
        return parts[1].removesuffix(".yaml")  # type: ignore[return-value]
    if len(parts) > 2 and parts[1] == "segments":
        return "segment"
    if len(parts) > 2 and parts[1] == "flags":
        return "lock" if file.endswith(".lock.yaml") else "flag"
    return "free"
