"""For an app's tests: flags pinned within a `with`, and a client that needs no snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Final

from burgee.client.client import Client
from burgee.client.overrides import override

__all__ = ["Flags", "flags", "override", "static_client"]


class Flags:
    """Pins flags, for every client and provider of the process.

    `override` lasts for a `with`, `set` until `reset`.
    """

    def __init__(self) -> None:
        self._set = ExitStack()

    def override(
        self, flags: Mapping[str, Any], *, everywhere: bool = False
    ) -> AbstractContextManager[None]:
        """Pin flags to a variant's name or to a value; other flags are evaluated as ever.

        It holds in this thread and task and in what they start by way of asyncio, Starlette's
        thread pool and its TestClient. With `everywhere` it holds in all threads, also in those
        that an app started by itself. An inner one wins over those around it. None pins a flag to
        the caller's default.
        """
        return override(flags, everywhere=everywhere)

    def set(self, key: str, to: Any) -> None:
        """Pin a flag in all threads until `reset`, which the fixture does at a test's end."""
        self._set.enter_context(override({key: to}, everywhere=True))

    def reset(self) -> None:
        """Undo what was `set`."""
        self._set.close()


flags: Final = Flags()
"""What tests without pytest's fixture use."""


def static_client(defaults: Mapping[str, Any] | None = None, tenant: str = "test") -> Client:
    """Return a client without a source: it knows `defaults` and what is pinned."""
    return Client(None, tenant=tenant, defaults=defaults)
