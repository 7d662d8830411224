"""Risks of a change: what a reviewer should not have to find out alone, each with a code."""

from __future__ import annotations

from burgee_compiler.plan.risks.find import find_risks, layer_risks

__all__ = ["find_risks", "layer_risks"]
