"""A new flag's file: off for everybody until somebody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from burgee_compiler.edit import Value, new_file
from burgee_compiler.model.kinds import is_identifier
from burgee_compiler.source import Node
from burgee_compiler.writes.changes import Writing
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["create_flag", "flag_path"]


def create_flag(
    writing: Writing,
    tenant: str,
    key: str,
    fields: Mapping[str, Value],
    variants: Mapping[str, Node | None] | None = None,
) -> str:
    """Write a new flag; return its path. Variants without values are texts equal to their names."""
    path = flag_path(tenant, key)
    if writing.read(path) is not None:
        raise WriteRefusedError(f"there is a flag {key} already: {path}", "take another key")
    made: dict[str, Value] = dict(fields)
    if variants:
        made["variants"] = _variants(variants)
    made.setdefault("default", _default(variants, str(fields.get("type", "boolean"))))
    writing.put(path, new_file(made, path))
    return path


def flag_path(tenant: str, key: str) -> str:
    """Return where the file of a flag lies; refused where the key cannot be one."""
    parts = key.split(".")
    if len(key) > 256 or not all(map(is_identifier, parts)):
        raise WriteRefusedError(
            f'"{key}" is no key of a flag',
            "use letters, digits, - and _, in parts with dots between, such as checkout.one-page",
        )
    return f"{tenant}/flags/{'/'.join(parts)}.yaml"


def _variants(variants: Mapping[str, Node | None]) -> Value:
    if all(value is None for value in variants.values()):
        return list(variants)
    return {name: {"value": name if value is None else value} for name, value in variants.items()}


def _default(variants: Mapping[str, Node | None] | None, kind: str) -> str:
    if not variants and kind != "boolean":
        raise WriteRefusedError(
            f"a flag of type {kind} needs its variants", "add --variant NAME=VALUE, twice or more"
        )
    return "off" if not variants or "off" in variants else next(iter(variants))
