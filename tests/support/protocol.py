"""The OFREP protocol's own OpenAPI document, as a judge of single bodies."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

__all__ = ["protocol_validator"]

_FILE = Path(__file__).parents[1] / "e2e" / "data" / "ofrep-openapi.yaml"


@cache
def protocol_validator(schema: str) -> Draft202012Validator:
    """Return a validator of one schema.

    `oneOf` is read as `anyOf` (docs/adr/0007): as written, an answer with a value matches the
    branch of its type and the one without value too.
    """
    document = _any_of(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
    root = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return Draft202012Validator(root)


def _any_of(node: Any) -> Any:
    if isinstance(node, dict):
        return {"anyOf" if key == "oneOf" else key: _any_of(each) for key, each in node.items()}
    return [_any_of(each) for each in node] if isinstance(node, list) else node
