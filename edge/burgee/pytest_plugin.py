"""The fixture `flags`, which pytest finds by itself wherever burgee is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from burgee.testing import Flags

__all__ = ["flags"]


@pytest.fixture
def flags() -> Iterator[Flags]:
    """Pin flags: `with flags.override({"checkout.one-page": "on"}):`, or `flags.set(…)`."""
    from burgee.testing import Flags  # noqa: PLC0415  every run of pytest loads this file

    found = Flags()
    yield found
    found.reset()
