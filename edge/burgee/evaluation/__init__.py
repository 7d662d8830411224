"""Evaluation: prepare a tenant's flags once, then evaluate them many times.

Pure functions of a snapshot, a context and a clock: no I/O, no locks, never an exception.
"""

from __future__ import annotations

from burgee.evaluation.flags import Flag
from burgee.evaluation.result import Answer, Result
from burgee.evaluation.tenant import TenantFlags
from burgee.evaluation.trace import Trace, explain

__all__ = ["Answer", "Flag", "Result", "TenantFlags", "Trace", "explain"]
