"""Which snapshot may take the place of which: the order never goes back."""

from __future__ import annotations

import re
from typing import Final

from burgee.client.known import Mark
from burgee.load import Refused
from burgee.versions import newer_compiler

__all__ = ["Order", "check_version"]

_VERSION: Final = re.compile(r"[0-9]{1,20}-[0-9a-f]{1,64}")


class Order:
    """The highest order seen, and the contents that were left behind at that order.

    Documents alone don't tell two builds of one commit apart. Where the compiler is known only a
    newer one may replace what was seen; else whatever was not left already, so that nodes of two
    kinds behind one address can't make a client go to and fro.
    """

    def __init__(
        self, highest: Mark | None = None, *, local: bool = False, any_order: bool = False
    ) -> None:
        self.highest = highest
        self._left: frozenset[str] = frozenset()
        self._local = local
        self._any_order = any_order

    def judge(self, mark: Mark) -> None:
        """Raise Refused where `mark` must not be taken."""
        if mark.sequence == 0 and not self._local and not self._any_order:
            raise Refused(
                "dirty",
                f"{mark.version} was built from an uncommitted tree; only a source on this machine "
                "may serve that, or any with any_order=True",
            )
        highest = self.highest
        if self._any_order or mark.sequence == 0 or highest is None:
            return
        if mark.order < highest.order:
            raise Refused(
                "older",
                f"{mark.version} (epoch {mark.epoch}) is older than {highest.version} (epoch "
                f"{highest.epoch}), which was seen before",
            )
        if mark.order == highest.order and self._conflicts(mark, highest):
            raise Refused("conflict", f"{mark.version} was seen before with another content")

    def take(self, mark: Mark) -> None:
        """Note that `mark` is held from now on."""
        highest = self.highest
        if highest is None or mark.order > highest.order:
            self._left = frozenset()
        elif mark.order < highest.order:
            return
        elif mark.digest != highest.digest:
            self._left |= {highest.digest}
        self.highest = mark

    def _conflicts(self, mark: Mark, highest: Mark) -> bool:
        if mark.digest == highest.digest:
            return False
        if mark.compiler is None or highest.compiler is None:
            return mark.digest in self._left
        return not newer_compiler(mark.compiler, highest.compiler)


def check_version(text: str) -> str:
    """Return a version as builds write them; Refused for anything else."""
    if not _VERSION.fullmatch(text):
        raise Refused("malformed", f"{text[:80]!r} is no version of a snapshot")
    return text
