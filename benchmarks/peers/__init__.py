"""Other systems' evaluators, each behind the same few methods, one file each.

Contexts are made before the clock starts, in whatever type a peer wants them; that favours those
that need a type of their own. The loops stand in each adapter, so that nobody pays for a wrapper.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from benchmarks._flags import Definition, User

__all__ = ["BASE", "FLOOR", "OURS", "PEERS", "Peer", "make_peer"]

OURS: Final = "burgee"
BASE: Final = "eppo"
FLOOR: Final = "closures"
PEERS: Final = (
    "eppo",
    "eppo_details",
    "statsig",
    "statsig_details",
    "growthbook",
    "launchdarkly",
    "flagd",
    "yggdrasil",
    "featurevisor",
    "optimizely",
    "posthog",
    "flagsmith",
)


class Peer(ABC):
    """One evaluator. `title` is its row's name, `distribution` what it is installed from."""

    title: ClassVar[str]
    distribution: ClassVar[str]
    note: ClassVar[str] = ""

    @abstractmethod
    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Return the flags as the file or answer that this system reads."""

    @abstractmethod
    def load(self, data: bytes) -> None:
        """Read the configuration; the next call may evaluate."""

    @abstractmethod
    def context(self, user: User) -> Any:
        """Return the user as this system takes it."""

    @abstractmethod
    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value served, by the very call that `run` makes."""

    @abstractmethod
    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """Evaluate one flag for each context."""

    @abstractmethod
    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """Evaluate all flags for each context."""

    def close(self) -> None:  # noqa: B027  most have nothing to stop
        """Stop whatever runs beside."""


def make_peer(name: str) -> Peer:
    """Return the adapter of that module; ImportError where its library is not installed."""
    adapter: type[Peer] = importlib.import_module(f"benchmarks.peers.{name}").Adapter
    return adapter()
