"""One tenant as this node serves it: its flags, and which of them a caller may see."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from threading import Lock
from typing import Any, Final

from burgee.evaluation import Flag, Result, TenantFlags
from burgee.evaluation.footprint import Footprint
from burgee.evaluation.result import failed
from burgee.evaluation.run import Run
from burgee.evaluation.scope import Function
from burgee.evaluation.tenant import UNPREPARABLE
from burgee.snapshot.canonical import canonical
from burgee_edge.cache import ResponseCache

__all__ = ["Selection", "TenantView", "empty_view"]

_Found = Sequence[tuple[str, Flag | None]]
"""Flags by key, in order; None where one cannot be prepared."""

_MOST_KNOWN: Final = 2048
_LONGEST_KNOWN: Final = 512

_Known = tuple[int, bytes, bytes]
"""A stretch of time, the form of the answer, and its key."""


class Selection:
    """Some flags of a tenant, in the order of their keys, and what their answers depend on."""

    __slots__ = ("_decide", "_known", "digest", "flags", "footprint", "keys")

    def __init__(self, flags: TenantFlags, found: _Found, footprint: Footprint, named: Any) -> None:
        """Take some flags, what they read, and what tells them from all others."""
        self.keys = tuple([key for key, _ in found])
        self.flags = flags
        self._decide = tuple([_broken(key) if flag is None else flag.decide for key, flag in found])
        self.footprint = footprint
        self.digest = sha256(canonical([flags.tenant, named])).digest()
        self._known: dict[bytes, _Known] = {}

    @classmethod
    def whole(cls, environment: str, flags: TenantFlags) -> "Selection":
        """Return all flags; with ten thousand, each further look at all of them costs a reload."""
        found = flags.all()
        if flags.documents is None:
            return cls.some(environment, flags, found)
        # The documents hold the digest of every flag, so theirs say as much.
        named = [environment, sorted(flags.documents.parts)]
        footprint = Footprint([flag for _, flag in found if flag is not None])
        return cls(flags, found, footprint, named)

    @classmethod
    def some(cls, environment: str, flags: TenantFlags, found: _Found) -> "Selection":
        """Return a few flags."""
        keys = [key for key, _ in found]
        named = [environment, [[key, flags.digest(key)] for key in keys]]
        return cls(flags, found, Footprint.of(flags, keys), named)

    def evaluate(self, context: dict[str, object], now: int) -> list[Result]:
        """Return what these flags serve; what they depend on in common is decided once."""
        run = Run(self.flags)
        return [decide(context, now, run) for decide in self._decide]

    def recall(self, kind: bytes, body: bytes, now: int) -> bytes | None:
        """Return the key that the same body led to in this stretch of time: what is polled comes
        in the same bytes, and need not be read to be known.
        """
        known = self._known.get(body)
        if known is None or known[0] != self.footprint.stretch(now) or known[1] != kind:
            return None
        return known[2]

    def remember(self, kind: bytes, body: bytes, now: int, key: bytes) -> None:
        """Keep the key that a body leads to; large bodies are not kept, nor many."""
        stretch = self.footprint.stretch(now)
        if stretch is None or len(body) > _LONGEST_KNOWN:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[body] = stretch, kind, key


def _broken(key: str) -> Function:
    """Return what decides a flag that cannot be prepared."""
    broken = failed(key, "error")
    return lambda context, now, run: broken


class TenantView:
    """A tenant's flags under one manifest; `config_etag` is the digest of that."""

    def __init__(
        self,
        environment: str,
        flags: TenantFlags,
        attributes: dict[str, str],
        config_etag: str,
        cache: ResponseCache | None,
    ) -> None:
        self.tenant = flags.tenant
        self.flags = flags
        self.attributes = attributes
        self.config_etag = config_etag
        self.cache = cache
        self._environment = environment
        self.preparing = Lock()
        """Held by the thread that prepares all flags; others wait for it and find them there."""
        self._selections: dict[bool, Selection] = {}
        self._singles: dict[str, Selection] = {}

    def flag(self, key: str, *, browser: bool) -> Flag | None:
        """Return a flag that the caller may see; ValueError where it cannot be prepared."""
        try:
            flag = self.flags.get(key)
        except UNPREPARABLE as error:
            if browser:
                return None  # whether it may be seen is not known
            raise ValueError(str(error)) from error
        return None if flag is None or (browser and not flag.client_side) else flag

    def shows(self, key: str, *, browser: bool) -> bool:
        """Whether there is such a flag and the caller may see it; it may still be broken."""
        try:
            return self.flag(key, browser=browser) is not None
        except ValueError:
            return True

    def tags(self, key: str) -> tuple[str, ...]:
        """Return a flag's tags."""
        try:
            flag = self.flag(key, browser=False)
        except ValueError:
            return ()
        return () if flag is None else flag.tags

    def evaluate(self, key: str, context: dict[str, object], now: int, *, browser: bool) -> Result:
        """Return what one flag serves; one that may not be seen is not found."""
        if not browser:
            return self.flags.evaluate(key, context, now)
        try:
            flag = self.flag(key, browser=browser)
        except ValueError:
            return failed(key, "error")
        if flag is None:
            return failed(key, "flag_not_found")
        return self.flags.decide(flag, context, now)

    def evaluate_all(
        self, keys: Iterable[str], context: dict[str, object], now: int
    ) -> list[Result]:
        """Return what these flags serve; what they depend on in common is decided once."""
        run = Run(self.flags)
        results: list[Result] = []
        for key in keys:
            try:
                flag = self.flags.get(key)
            except UNPREPARABLE:
                results.append(failed(key, "error"))
                continue
            if flag is not None:
                results.append(flag.decide(context, now, run))
        return results

    def selection(self, *, browser: bool) -> Selection:
        """Return all flags that the caller may see."""
        found = self._selections.get(browser)
        if found is None:
            if browser:
                seen = [(key, flag) for key, flag in self.flags.all() if flag and flag.client_side]
                found = Selection.some(self._environment, self.flags, seen)
            else:
                found = Selection.whole(self._environment, self.flags)
            self._selections[browser] = found
        return found

    def unprepared(self, *, browser: bool) -> int:
        """Return how many flags a first look at all of them would have to prepare."""
        return 0 if browser in self._selections else self.flags.unprepared

    def single(self, key: str) -> Selection:
        """Return one flag that is there."""
        found = self._singles.get(key)
        if found is None:
            try:
                flag = self.flags.get(key)
            except UNPREPARABLE:
                flag = None
            found = Selection.some(self._environment, self.flags, [(key, flag)])
            self._singles[key] = found
        return found

    def selected(self) -> list[bool]:
        """Return for which kinds of callers all flags have been prepared."""
        return list(self._selections)

    def prepare_as(self, previous: "TenantView") -> None:
        """Prepare what the previous view was asked for, so that no request waits for it."""
        for browser in previous.selected():
            self.selection(browser=browser)


def empty_view(environment: str, tenant: str) -> TenantView:
    """Return a tenant without flags: what one that is not in the set looks like."""
    nothing: dict[str, object] = {}
    flags = TenantFlags(tenant, {}, {}, nothing.__getitem__)
    return TenantView(environment, flags, {}, "", None)
