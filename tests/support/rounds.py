"""How much of what takes long a run of the tests does: HYPOTHESIS_PROFILE=nightly does it all."""

from __future__ import annotations

import os
from typing import TypeVar

__all__ = ["rounds"]

T = TypeVar("T")


def rounds(quick: T, nightly: T) -> T:
    """Return `quick` in an ordinary run of the tests, else `nightly`."""
    return nightly if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else quick
