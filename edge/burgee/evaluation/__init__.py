"""Evaluation: prepare a tenant's flags once, then evaluate them many times.

Pure functions of a snapshot, a context and a clock: no I/O, no locks, never an exception.
"""

from __future__ import annotations

from burgee.evaluation.decide import decide as evaluate
from burgee.evaluation.flags import Flag
from burgee.evaluation.result import Result
from burgee.evaluation.tenant import TenantFlags
from burgee.evaluation.trace import Trace, explain

__all__ = ["Flag", "Result", "TenantFlags", "Trace", "evaluate", "explain"]
