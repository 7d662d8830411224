"""Clients of a forked process: a child has none of its parent's threads, so it gets its own."""

from __future__ import annotations

import logging
import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["revive_after_fork"]


class _Revived(Protocol):
    def revive(self) -> None: ...


_log = logging.getLogger("burgee.client")
_clients: WeakSet[_Revived] = WeakSet()


def revive_after_fork(client: _Revived) -> None:
    """Have `client.revive()` called in every process that is forked off, right away."""
    _clients.add(client)


def _revive_all() -> None:
    for client in list(_clients):
        try:
            client.revive()
        except Exception:  # noqa: BLE001  the child evaluates what is held
            _log.exception("flags are not followed in this process")


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_revive_all)
