"""The kinds that a change of a flag may be of: what a policy matches and a plan names."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

__all__ = ["CHANGE_KINDS", "ChangeKind"]

ChangeKind: TypeAlias = Literal[
    "kill",
    "restore",
    "ramp_up",
    "ramp_down",
    "retarget",
    "variants",
    "members",
    "override",
    "schedule",
    "metadata",
    "none",
]

CHANGE_KINDS: Final[tuple[ChangeKind, ...]] = get_args(ChangeKind)
