"""Following a source: looks when told to, loads off the event loop, swaps or refuses."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress

import structlog

from burgee.load import Read, Refused
from burgee.signatures import Trust, signature_path
from burgee.snapshot.canonical import digest
from burgee_edge.cache import ResponseCache
from burgee_edge.freshness import Freshness
from burgee_edge.holder import Holder
from burgee_edge.last_good import LastGood
from burgee_edge.member_files import MemberFiles
from burgee_edge.pulse import Pulse
from burgee_edge.served import Served, make_served
from burgee_edge.sources.source import MANIFEST, Source
from burgee_edge.undisturbed import settle, undisturbed

__all__ = ["Follower"]

_TRIES = 3
# Refused for what the manifest says; whatever else arrives beside it changes nothing.
_FINAL = frozenset({"older", "conflict", "dirty", "wrong_environment", "format"})

_log = structlog.get_logger("burgee.source")


class Follower:
    """Brings what the source holds into the holder. A refusal is counted once, however often the
    source is looked at, until something else is found there. Of several processes that follow
    one source, one `keeps` the local copy.
    """

    def __init__(  # noqa: PLR0913  (what a node is put together from)
        self,
        source: Source,
        holder: Holder,
        environment: str,
        make_cache: Callable[[], ResponseCache],
        *,
        trust: Trust | None = None,
        last_good: LastGood | None = None,
        keeps: bool = True,
        member_files: MemberFiles | None = None,
        max_staleness: float | None = None,
    ) -> None:
        self.wake = asyncio.Event()  # set it, and the source is looked at
        self._pulse = Pulse(source, environment, trust)
        self.freshness = Freshness(self._pulse, max_staleness)
        self._source = source
        self._holder = holder
        self._environment = environment
        self._make_cache = make_cache
        self._trust = trust
        self._last_good = last_good
        self._keeps = keeps
        self._member_files = member_files if last_good is None else last_good.member_files
        self._seen = ""  # the digest of the manifest that was last read
        self._refused: tuple[str, str] | None = None
        self._final: tuple[Refused, str] | None = None

    def start(self) -> None:
        """Look once, before anything is served; else the copy of what was served last.

        A source elsewhere may be slow to say that it is not there: the copy comes first, and the
        source is looked at as soon as the node listens.
        """
        if not self._source.local and self._restored():
            self.wake.set()
            return
        found = self._look_beside()
        self._settle(found)
        if self._holder.current is None:
            self._restored()
        elif isinstance(found, Served):
            self._save(found)

    def _restored(self) -> bool:
        """Serve the local copy, if there is one that may be served."""
        if self._last_good is None or not self._last_good.there:
            return False
        try:
            self._holder.restore(self._last_good.load(self._make_cache))
        except Refused as refusal:
            _log.warning("the local copy cannot be served", detail=str(refusal))
            return False
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever there may be something new, until `stop` is set."""
        async with aclosing(self._source.changes(stop, self.wake)) as changes:
            async for _ in changes:
                try:
                    await self.check()
                except Exception:  # noqa: BLE001  the source is still followed
                    _log.exception("looking at the source failed")

    def interrupt(self) -> None:
        """End what waits for the source, so that nothing holds up the end of the process."""
        self._source.interrupt()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    async def check(self) -> None:
        """Look now."""
        found = await asyncio.to_thread(self._look_beside)
        self._settle(found)
        if isinstance(found, Served) and found is self._holder.current:
            await asyncio.to_thread(self._save, found)

    def _look_beside(self) -> Served | Refused | None:
        with undisturbed():
            found = self._look()
            if not isinstance(found, Refused):
                self._pulse.look()
        if isinstance(found, Served):
            settle()
        return found

    def _settle(self, found: Served | Refused | None) -> None:
        self.freshness.looked()
        if isinstance(found, Served):
            try:
                self._holder.take(found)
                self._good()
                return
            except Refused as refusal:
                self._refuse(Refused(refusal.reason, str(refusal)), found.snapshot.digest)
        elif isinstance(found, Refused):
            self._refuse(found, self._seen)
        else:
            self._good()

    def _good(self) -> None:
        self._refused = None
        self.freshness.confirmed()
        self._holder.settle()

    def _refuse(self, refusal: Refused, seen: str) -> None:
        if self._refused != (refusal.reason, seen):
            self._refused = refusal.reason, seen
            self._final = (refusal, seen) if refusal.reason in _FINAL else None
            self._holder.refuse(refusal)

    def _look(self) -> Served | Refused | None:
        """Return what is new, None where it is what is served already."""
        current = self._holder.current
        tries = 0
        while True:
            tries += 1
            try:
                manifest = self._read_manifest()
                if current is not None and current.snapshot.digest == self._seen:
                    return None
                if self._final is not None and self._final[1] == self._seen:
                    return self._final[0]
                return self._load(manifest, current)
            except Refused as refusal:
                # Swapped while it was read? Then what was read together never belonged together.
                if tries >= _TRIES or not self._moved_on():
                    # One that was not raised: a trace would hold on to what is served now.
                    return Refused(refusal.reason, str(refusal))
            except Exception as error:  # noqa: BLE001  the present one is served
                _log.exception("a snapshot could not be loaded")
                return Refused("internal", f"{type(error).__name__}: {error}")

    def _read_manifest(self) -> bytes:
        self._seen = ""
        try:
            manifest = self._source.read(MANIFEST)
        except OSError as error:
            detail = f"{self._source.place}/{MANIFEST} cannot be read: {error.strerror or error}"
            detail += self._source.others()
            raise Refused("unreadable", detail) from error
        self._seen = digest(manifest)
        return manifest

    def _moved_on(self) -> bool:
        try:
            return digest(self._source.read(MANIFEST)) != self._seen
        except (OSError, Refused):
            return False

    def _load(self, manifest: bytes, current: Served | None) -> Served:
        read = _with(self._source.read, {MANIFEST: manifest})
        if self._trust is not None:
            path = signature_path(manifest)
            with suppress(OSError):  # what was checked is what is served and kept
                read = _with(read, {path: self._source.read(path)})
            self._trust.check(read, manifest)
        return make_served(read, self._environment, current, self._make_cache, self._member_files)

    def _save(self, served: Served) -> None:
        if not self._keeps:
            return
        if self._last_good is not None:
            self._last_good.save(served, self._holder.highest)
        elif self._member_files is not None:
            self._member_files.keep({*served.documents, *served.older})


def _with(read: Read, known: Mapping[str, bytes]) -> Read:
    """Return a reader that gives some files as they were when they were looked at."""
    return lambda path: known[path] if path in known else read(path)
