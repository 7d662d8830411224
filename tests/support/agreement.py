"""Holding the product's answer against the slow evaluator's, field by field."""

from __future__ import annotations

import json
from typing import Any

from burgee.evaluation import Result
from support.slow_evaluator import SlowResult

__all__ = ["FIELDS", "assert_same"]

FIELDS = (
    "variant",
    "reason",
    "openfeature_reason",
    "rule",
    "experiment",
    "layer",
    "bucket",
    "metadata",
)


def assert_same(fast: Result, slow: SlowResult) -> None:
    """Fail with both answers where any field differs; 1 and 1.0 are different values."""
    for field in FIELDS:
        assert getattr(fast, field) == getattr(slow, field), (field, fast, slow)
    assert _text(fast.value) == _text(slow.value), ("value", fast, slow)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
