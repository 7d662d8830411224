"""The snapshot in force, and which others may take its place."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog
from msgspec import Struct

from burgee.load import Refused, Snapshot
from burgee.versions import newer_compiler
from burgee_edge.served import Served

__all__ = ["REASONS", "Highest", "Holder", "Refusal"]

REASONS: Final = (
    "unreadable",
    "unreachable",
    "unauthenticated",
    "forbidden",
    "redirect",
    "oversized",
    "malformed",
    "digest",
    "format",
    "wrong_environment",
    "wrong_tenant",
    "unsigned",
    "signature",
    "older",
    "conflict",
    "dirty",
    "internal",
)
"""Every word by which refusals are counted."""

_log = structlog.get_logger("burgee.snapshot")


class Highest(Struct, frozen=True):
    """The snapshot of the highest order that this node has ever served."""

    epoch: int
    sequence: int
    digest: str
    compiler: str


class Refusal(Struct, frozen=True):
    """Why what the source holds is not served, and since when."""

    reason: str
    detail: str
    since: float


class Holder:
    """`current` is replaced in one assignment; whoever answers a request looks at it once.

    `local` sources may hold snapshots of uncommitted trees; with `any_order` whatever the source
    holds is taken, older ones too.
    """

    def __init__(
        self,
        *,
        local: bool = True,
        any_order: bool = False,
        highest: Highest | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.current: Served | None = None
        self.listeners: list[Callable[[Served], None]] = []  # told of each snapshot taken
        self.highest = highest
        self.reloads = 0
        self.refusals: Counter[str] = Counter(dict.fromkeys(REASONS, 0))
        self.last_refusal: tuple[str, float] | None = None
        self.refused: Refusal | None = None  # what the source holds now, where that is not served
        self._local = local
        self._any_order = any_order
        self._clock = clock

    def take(self, served: Served) -> None:
        """Serve a snapshot from now on; raises Refused where its order forbids it."""
        self._judge(served.snapshot)
        self._swap(served, "snapshot taken")

    def restore(self, served: Served) -> None:
        """Serve this node's own copy of what it served last."""
        self._swap(served, "local copy served, since the source gives nothing to serve")

    def settle(self) -> None:
        """Note that the source holds what is served."""
        if self.refused is not None:
            self.refused = None
            _log.info("the source is good again")

    def refuse(self, refusal: Refused) -> None:
        """Count and log what is not served; the present snapshot stays."""
        self.refusals[refusal.reason] += 1
        now = self._clock()
        self.last_refusal = refusal.reason, now
        self.refused = Refusal(refusal.reason, str(refusal), now)
        serving = None if self.current is None else self.current.snapshot.version
        _log.error(
            "snapshot refused", reason=refusal.reason, detail=str(refusal), still_serving=serving
        )

    def _swap(self, served: Served, told: str) -> None:
        served.since = self._clock()
        self.current = served
        self.reloads += 1
        snapshot = served.snapshot
        if self.highest is None or snapshot.order >= _order(self.highest):
            manifest = snapshot.manifest
            self.highest = Highest(*snapshot.order, snapshot.digest, manifest.compiler)
        for tell in self.listeners:
            tell(served)
        _log.info(
            told,
            version=snapshot.version,
            tenants=len(snapshot.tenants),
            flags=sum(map(len, snapshot.tenants.values())),
            held=served.held,
        )

    def _judge(self, snapshot: Snapshot) -> None:
        manifest, highest = snapshot.manifest, self.highest
        if manifest.sequence == 0 and not self._local:
            raise Refused("dirty", f"{manifest.version} was built from an uncommitted tree")
        if self._any_order or manifest.sequence == 0 or highest is None:
            return
        if snapshot.order < _order(highest):
            raise Refused(
                "older",
                f"{manifest.version} (epoch {manifest.epoch}) is older than sequence "
                f"{highest.sequence} of epoch {highest.epoch}, which was served before",
            )
        same = snapshot.order == _order(highest) and snapshot.digest != highest.digest
        if same and not newer_compiler(manifest.compiler, highest.compiler):
            raise Refused(
                "conflict",
                f"{manifest.version} was served before with another content, "
                "and this one is of no newer compiler",
            )


def _order(highest: Highest) -> tuple[int, int]:
    return highest.epoch, highest.sequence
