"""Edits of YAML files as patches: text by marks, never dumped anew. Bytes in, bytes out."""

from burgee_compiler.edit.apply import apply_edits, new_file
from burgee_compiler.edit.edits import Edit, Insert, Path, Remove, Rename, Set, Value, to_node
from burgee_compiler.edit.order import Shape, shape_of
from burgee_compiler.edit.refusals import (
    AliasInTheWay,
    AlreadyThere,
    BadValue,
    NoSuchPlace,
    NotPatchable,
    Refused,
    Unreadable,
)

__all__ = [
    "AliasInTheWay",
    "AlreadyThere",
    "BadValue",
    "Edit",
    "Insert",
    "NoSuchPlace",
    "NotPatchable",
    "Path",
    "Refused",
    "Remove",
    "Rename",
    "Set",
    "Shape",
    "Unreadable",
    "Value",
    "apply_edits",
    "new_file",
    "shape_of",
    "to_node",
]
