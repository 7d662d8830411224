"""A second evaluator: slow, obvious, written from the design alone, reading the model.

It shares no code with the product's evaluation, resolution or allocation, so that where the two
agree on any repository and context, both read the design the same way.
"""

from __future__ import annotations

from support.slow_evaluator.evaluate import Pinned, SlowResult, slow_evaluate

__all__ = ["Pinned", "SlowResult", "slow_evaluate"]
