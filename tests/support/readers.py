"""Conditions from what YAML would hold, for tests that need no whole repository."""

from __future__ import annotations

from typing import Any

import msgspec

from burgee_compiler.model.condition import CONDITION, Condition
from burgee_compiler.model.decoder import BAD, Decoder
from burgee_compiler.source import read_yaml
from support.yaml_text import yaml_text

__all__ = ["read_condition"]


def read_condition(written: Any) -> Condition:
    """Return a condition; `written` is its YAML text, or the data that the text holds."""
    text = written if isinstance(written, str) else yaml_text(written)
    node, found = read_yaml(text.encode("utf-8", "surrogatepass"), "condition.yaml")
    assert node is not None, found
    decoder = Decoder("condition.yaml", None)
    value = CONDITION.read(decoder, node)
    assert value is not BAD, [msgspec.to_builtins(each) for each in decoder.found]
    assert isinstance(value, Condition)
    return value
