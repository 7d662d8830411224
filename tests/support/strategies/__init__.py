"""Random repositories that use every feature, and contexts and clocks that hit them."""

from __future__ import annotations

from support.strategies.edits import edited
from support.strategies.repositories import TENANT, RandomRepository, repositories
from support.strategies.scenes import Scenes, clocks, contexts, scenes
from support.strategies.universe import ENVIRONMENTS

__all__ = [
    "ENVIRONMENTS",
    "TENANT",
    "RandomRepository",
    "Scenes",
    "clocks",
    "contexts",
    "edited",
    "repositories",
    "scenes",
]
