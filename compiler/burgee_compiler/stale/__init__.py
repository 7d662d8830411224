"""Flags and segments that could go: what `burgee stale` finds, and since when it is so."""

from burgee_compiler.stale.find import Found, Reason, Report, find_stale

__all__ = ["Found", "Reason", "Report", "find_stale"]
