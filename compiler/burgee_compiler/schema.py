"""The JSON Schemas of all files: of what people write, and of what the compiler emits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import cleandoc
from typing import Any, Final

import msgspec

from burgee.snapshot.forms import (
    EnvironmentManifest,
    FlagForm,
    FlagsDocument,
    SegmentForm,
    SegmentsDocument,
    Signatures,
    SignedHeartbeat,
    TenantManifest,
)
from burgee_compiler.model.decoder import JsonSchema, Kind
from burgee_compiler.model.files import ATTRIBUTES, BURGEE, LAYERS, LOCK, SEGMENT, TENANT
from burgee_compiler.model.flag import FLAG
from burgee_compiler.model.structs import DEFINITIONS
from burgee_compiler.plan.report import Plan

__all__ = ["SCHEMAS", "schema_file", "schema_files", "schema_text"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/"


def _source(kind: Kind, title: str) -> Callable[[], JsonSchema]:
    """Return the maker of a YAML file's schema: its kind, with all that it refers to."""

    def make() -> JsonSchema:
        root = kind.schema()
        if "$ref" in root:
            root = DEFINITIONS[root["$ref"].removeprefix(_REFERENCE)]()
        return {"$schema": _DIALECT, "title": title, **root, "$defs": _definitions(root)}

    return make


def _definitions(root: JsonSchema) -> JsonSchema:
    """Return the named schemas that `root` refers to, also through each other."""
    found: dict[str, JsonSchema] = {}
    open_ = list(_references(root))
    while open_:
        name = open_.pop()
        if name not in found:
            found[name] = DEFINITIONS[name]()
            open_ += _references(found[name])
    return found


def _references(schema: Any) -> Iterator[str]:
    stack = [schema]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            reference = each.get("$ref")
            if isinstance(reference, str):
                yield reference.removeprefix(_REFERENCE)
            stack += each.values()
        elif isinstance(each, list):
            stack += each


def _emitted(form: type, title: str) -> Callable[[], JsonSchema]:
    """Return the maker of a JSON document's schema."""

    def make() -> JsonSchema:
        (root,), definitions = msgspec.json.schema_components(
            [form], ref_template=_REFERENCE + "{name}"
        )
        body = definitions.pop(root["$ref"].removeprefix(_REFERENCE))
        return {"$schema": _DIALECT, **body, "title": title, "$defs": definitions}

    return make


def _with_raw(document: type, field: str, raw: type, title: str) -> Callable[[], JsonSchema]:
    """Return the maker of a document's schema whose `field` holds raw forms by name.

    Readers decode those on first use, so the document's own type does not say what they are.
    """

    def make() -> JsonSchema:
        schema = _emitted(document, title)()
        (root,), definitions = msgspec.json.schema_components(
            [raw], ref_template=_REFERENCE + "{name}"
        )
        values = schema["properties"][field]
        if "prefixItems" in values["additionalProperties"]:
            values["additionalProperties"]["prefixItems"][-1] = root
        else:
            values["additionalProperties"] = root
        schema["$defs"] = definitions
        return schema

    return make


SCHEMAS: Final[dict[str, Callable[[], JsonSchema]]] = {
    "flag": _source(FLAG, "A flag of Burgee: TENANT/flags/….yaml"),
    "segment": _source(SEGMENT, "A segment of Burgee: TENANT/segments/….yaml"),
    "layers": _source(LAYERS, "Layers of Burgee: TENANT/layers.yaml"),
    "lock": _source(LOCK, "A lock of Burgee: TENANT/flags/….lock.yaml"),
    "attributes": _source(ATTRIBUTES, "Context attributes of Burgee: TENANT/attributes.yaml"),
    "tenant": _source(TENANT, "A tenant of Burgee: TENANT/tenant.yaml"),
    "burgee": _source(BURGEE, "A flag repository of Burgee: burgee.yaml"),
    "snapshot-flags": _with_raw(FlagsDocument, "flags", FlagForm, "flags-….json of a snapshot"),
    "snapshot-segments": _with_raw(
        SegmentsDocument, "segments", SegmentForm, "segments-….json of a snapshot"
    ),
    "tenant-manifest": _emitted(TenantManifest, "manifest-….json of a tenant"),
    "environment-manifest": _emitted(EnvironmentManifest, "manifest.json of an environment"),
    "signatures": _emitted(Signatures, "A detached signature: manifest-….sig"),
    "heartbeat": _emitted(SignedHeartbeat, "heartbeat.json of an environment"),
    "plan": _emitted(Plan, "What `burgee plan --json` prints"),
}
"""Makers of the schemas, by kind of file."""


def schema_text(kind: str) -> str:
    """Return one schema as it stands in its file; KeyError for an unknown kind."""
    made = msgspec.json.encode(_undented(_sorted_definitions(SCHEMAS[kind]())))
    return msgspec.json.format(made, indent=2).decode() + "\n"


def _undented(node: Any) -> Any:
    """Return a schema whose descriptions, which may be docstrings, have no margin.

    Python 3.13 takes it off by itself, earlier versions do not.
    """
    if isinstance(node, dict):
        return {
            name: cleandoc(value)
            if name == "description" and isinstance(value, str)
            else _undented(value)
            for name, value in node.items()
        }
    return [_undented(value) for value in node] if isinstance(node, list) else node


def schema_file(kind: str) -> str:
    """Return the name of a schema's file."""
    return f"{kind}.schema.json"


def schema_files() -> dict[str, str]:
    """Return the text of every schema's file, by its name."""
    return {schema_file(kind): schema_text(kind) for kind in SCHEMAS}


def _sorted_definitions(schema: JsonSchema) -> JsonSchema:
    """Return the schema with its definitions last, by name; none where there are none."""
    named = schema.pop("$defs")
    return {**schema, "$defs": dict(sorted(named.items()))} if named else schema
