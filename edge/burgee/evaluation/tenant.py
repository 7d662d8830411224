"""One tenant's flags in one environment, each prepared when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from burgee.evaluation.conditions import Segment
from burgee.evaluation.flags import Flag
from burgee.evaluation.result import Result, failed
from burgee.evaluation.run import Run, Slots
from burgee.snapshot.documents import TenantDocuments
from burgee.snapshot.forms import SegmentForm

__all__ = ["UNPREPARABLE", "TenantFlags"]

_SEGMENT: Final = msgspec.json.Decoder(SegmentForm)
_DEEP: Final = 24
"""Chains of flags longer than this are decided from their far end, not by recursion."""

UNPREPARABLE: Final = (ValueError, LookupError, TypeError)
"""What preparing a form raises that is none that can be evaluated."""
Members = Any
"""What holds 16-byte digests: a frozenset, or a document of sorted ones."""


class TenantFlags:
    """Flags by key. Preparing is lazy and idempotent, so threads may share one."""

    def __init__(
        self,
        tenant: str,
        entries: Mapping[str, tuple[str, msgspec.Raw]],
        segments: Mapping[str, msgspec.Raw],
        members: Callable[[str], Members],
    ) -> None:
        """Take raw entries as the documents hold them; `members` finds a document by digest."""
        self.tenant = tenant
        self._entries = entries
        self._segments = segments
        self._members = members
        self._prepared: dict[str, Flag] = {}
        self._sorted: list[str] | None = None
        self._prepared_segments: dict[str, Segment] = {}
        self._chains: dict[str, tuple[str, ...]] = {}
        self.documents: TenantDocuments | None = None
        """What these flags were read from, for whoever reads the next ones."""

    def keys(self) -> list[str]:
        """Return the keys of all flags, sorted."""
        if self._sorted is None:
            self._sorted = sorted(self._entries)
        return list(self._sorted)

    def all(self) -> list[tuple[str, Flag | None]]:
        """Return all flags by key, sorted; None where one cannot be prepared."""
        for key in self._entries.keys() - self._prepared.keys():
            with suppress(*UNPREPARABLE):
                self.get(key)
        prepared = self._prepared
        return [(key, prepared.get(key)) for key in self.keys()]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def digest(self, key: str) -> str:
        """Return the digest of a flag's closure; KeyError where there is no such flag."""
        return self._entries[key][0]

    def get(self, key: str) -> Flag | None:
        """Return a prepared flag, None where there is none.

        Raises ValueError (msgspec's included) where the entry is no form that can be prepared.
        """
        flag = self._prepared.get(key)
        if flag is None and key in self._entries:
            raw = self._entries[key][1]
            flag = self._prepared[key] = Flag(key, raw, self.tenant, self.segment)
        return flag

    def evaluate(
        self, key: str, context: Mapping[str, Any], now: int, slots: Slots | None = None
    ) -> Result:
        """Return what the flag `key` serves to `context` at `now` (microseconds since 1970).

        It never raises for a JSON context: an unknown flag and one that cannot be prepared are
        results too.
        """
        try:
            flag = self._prepared[key]
        except KeyError:
            found = self._find(key)
            if isinstance(found, Result):
                return found
            flag = found
        if slots is None and not flag.depends_on:
            result: Result = flag.decide(context, now, None)
            return result
        return flag.choose(context, now, Run(self, slots))

    def decide(self, flag: Flag, context: Mapping[str, Any], now: int) -> Result:
        """Return what one of these flags serves."""
        result: Result = flag.decide(context, now, Run(self) if flag.depends_on else None)
        return result

    def _find(self, key: str) -> Flag | Result:
        try:
            flag = self.get(key)
        except UNPREPARABLE:
            return failed(key, "error")
        return failed(key, "flag_not_found") if flag is None else flag

    def segment(self, digest: str) -> Segment:
        """Return a prepared segment; ValueError where there is none or it is not well formed."""
        segment = self._prepared_segments.get(digest)
        if segment is None:
            if digest not in self._segments:
                raise ValueError(f"no segment {digest}")
            form = _SEGMENT.decode(self._segments[digest])
            segment = Segment(
                form,
                self.tenant,
                self.segment,
                self._list(form.members, form.members_document),
                self._list(form.excluded, form.excluded_document),
            )
            self._prepared_segments[digest] = segment
        return segment

    def served(self, key: str, context: Mapping[str, Any], now: int, run: Run) -> str | None:
        """Return the variant that another flag serves within this evaluation, None on an error."""
        flag = self._prepared.get(key)
        if flag is not None and flag.constant is not None:
            return flag.constant.variant  # a constant prerequisite costs this look-up
        memo = run.memo
        if key not in memo:
            inner = run if run.recorder is None else run.unrecorded()
            for each in self._far_end_first(key):
                if each not in memo:
                    memo[each] = None  # a cycle in a bad snapshot ends here
                    memo[each] = self._decide(each, context, now, inner)
        result = memo[key]
        return None if result is None or result.is_error else result.variant

    def _decide(self, key: str, context: Mapping[str, Any], now: int, run: Run) -> Result | None:
        try:
            flag = self.get(key)
        except UNPREPARABLE:
            return None
        return None if flag is None else flag.choose(context, now, run)

    def _far_end_first(self, key: str) -> tuple[str, ...]:
        chain = self._chains.get(key)
        if chain is None:
            order, depth = self._order(key)
            chain = order if depth > _DEEP else (key,)
            self._chains[key] = chain
        return chain

    def _order(self, key: str) -> tuple[tuple[str, ...], int]:
        """Return `key` and all it depends on, dependencies first, and the longest chain."""
        depth: dict[str, int] = {}
        open_: set[str] = set()
        stack: list[tuple[str, bool]] = [(key, False)]
        while stack:
            current, done = stack.pop()
            if done:
                below = self._depends_on(current)
                depth[current] = 1 + max((depth.get(each, 0) for each in below), default=0)
            elif current not in depth and current not in open_:
                open_.add(current)
                stack.append((current, True))
                stack.extend((each, False) for each in sorted(self._depends_on(current)))
        return tuple(depth), max(depth.values())

    def _depends_on(self, key: str) -> frozenset[str]:
        try:
            flag = self.get(key)
        except UNPREPARABLE:
            return frozenset()
        return frozenset() if flag is None else flag.depends_on

    def _list(self, inline: str, document: str | None) -> Members:
        if document is not None:
            return self._members(document)
        data = bytes.fromhex(inline)
        return frozenset(data[start : start + 16] for start in range(0, len(data), 16))

    def take_over(self, other: TenantFlags) -> None:
        """Adopt what is prepared there and the same here, so that it is not prepared again.

        The digest of a flag covers all that its answers depend on, a segment's its content.
        """
        if self.tenant != other.tenant:
            return
        self._prepared = dict(other._prepared)
        gone = 0
        for key in _suspects(self.documents, other.documents, other._entries):
            entry = self._entries.get(key)
            gone += entry is None
            if entry is None or entry[0] != other._entries[key][0]:
                self._prepared.pop(key, None)
        if not gone and len(self._entries) == len(other._entries):
            self._sorted = other._sorted  # the same keys: none went, so none came
        self._prepared_segments = {
            name: segment
            for name, segment in list(other._prepared_segments.items())
            if name in self._segments
        }


def _suspects(
    new: TenantDocuments | None, old: TenantDocuments | None, keys: Iterable[str]
) -> Iterable[str]:
    """Return the keys that may stand for another flag now: those of documents that are gone."""
    if new is None or old is None:
        return keys
    return [key for name, part in old.parts.items() if name not in new.parts for key in part]
