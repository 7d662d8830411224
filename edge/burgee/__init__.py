"""Burgee in an app: evaluates feature flags from a compiled snapshot, in process."""

from __future__ import annotations

from burgee.evaluation import Result, TenantFlags, Trace
from burgee.load import Refused, Snapshot, load_environment, read_folder

__all__ = [
    "Refused",
    "Result",
    "Snapshot",
    "TenantFlags",
    "Trace",
    "load_environment",
    "read_folder",
]
