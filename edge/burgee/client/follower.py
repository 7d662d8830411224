"""The thread that does all I/O of a client: looks at the source, loads, and hands over."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from burgee.client.board import Board
from burgee.client.known import Held, Mark, Trouble, Unavailable
from burgee.client.order import Order
from burgee.client.source import Source
from burgee.evaluation import TenantFlags
from burgee.load import Refused, load_tenant, named_documents

if TYPE_CHECKING:
    from burgee.client.kept import KeptCopy

__all__ = ["Follower", "MakeKept"]

MakeKept: TypeAlias = "Callable[[str], KeptCopy | None]"
"""Takes an environment, which may be known only once the source was asked."""

_TRIES: Final = 3
_FIRST_PAUSE: Final = 0.5
_TORN: Final = frozenset({"unreadable", "digest"})
"""What a snapshot looks like that was swapped while it was read."""

_log = logging.getLogger("burgee.client")


class Follower:
    """Brings what the source holds onto the board, until closed."""

    def __init__(
        self,
        source: Source,
        tenant: str,
        board: Board,
        order: Order,
        make_kept: MakeKept,
    ) -> None:
        self._source = source
        self._tenant = tenant
        self._board = board
        self._order = order
        self._make_kept = make_kept
        self._kept: KeptCopy | None = None
        self._kept_tried = False
        self._stop = False
        self._wake = threading.Event()
        self._called = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start following."""
        for name, target in (("burgee", self._run), ("burgee-events", self._listen)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self, timeout: float) -> None:
        """Stop; waits for the threads, so that no listener is called afterwards."""
        self._stop = True
        self._source.interrupt()
        self._wake.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def again(self) -> Follower:
        """Return a follower for a forked process, that goes on from what the board holds."""
        return Follower(
            self._source.again(), self._tenant, self._board, self._order, self._make_kept
        )

    def _run(self) -> None:
        failures = 0
        while not self._stop:
            pause = self._attempt(failures)
            failures = 0 if self._board.trouble is None else failures + 1
            self._board.looked.set()
            self._board.tell_state()
            self._wake.wait(pause)
            self._wake.clear()
            if self._called:
                self._called = False
                self._wake.wait(random.uniform(0, 0.2))  # noqa: S311  a fleet's apps, not all at once
        self._source.close()

    def _listen(self) -> None:
        try:
            self._source.follow(self._call)
        except Exception:  # noqa: BLE001  the polling goes on
            _log.exception("listening to events failed; looking now and then goes on")

    def _call(self) -> None:
        self._called = True
        self._wake.set()

    def _attempt(self, failures: int) -> float:
        """Look once; return how long to wait before the next time."""
        source, board = self._source, self._board
        wait: float | None = None
        try:
            self._open_kept()
            self._look()
            return source.poll_seconds * random.uniform(0.9, 1.1)  # noqa: S311
        except Refused as refusal:
            if self._stop:
                return 0.0
            wait = refusal.retry_after if isinstance(refusal, Unavailable) else None
            board.refuse(Trouble(refusal.reason, str(refusal)))
        except Exception as error:  # noqa: BLE001  what is held is evaluated still
            _log.exception("looking for flags failed")
            board.refuse(Trouble("internal", f"{type(error).__name__}: {error}"))
        longest = min(source.slowest_seconds, _FIRST_PAUSE * 2.0 ** min(failures, 16))
        return max(wait or 0.0, random.uniform(longest / 2, longest))  # noqa: S311

    def _open_kept(self) -> None:
        """Take the copy on disk, once and before the source is asked, if it can be named."""
        if self._kept is not None or self._kept_tried:
            return
        kept = self._make_kept(self._source.environment())
        self._kept_tried = True
        if kept is None:
            return
        try:
            kept.open()
        except OSError as error:
            _log.warning("no copy can be kept on disk: %s", error)
            return
        self._kept = kept
        mark = kept.mark()
        if mark is None or self._board.held is not None:
            return
        self._order.take(mark)
        try:
            held = kept.load(mark)
        except Refused as refusal:
            _log.warning("the copy on disk cannot be used: %s", refusal)
            return
        self._board.take(held, frozenset(), confirmed=False)

    def _look(self) -> None:
        for tries in range(_TRIES):
            held = self._board.held
            mark = self._source.look(None if held is None else held.mark)
            if held is not None and held.mark.digest == mark.digest:
                self._order.take(mark)
                self._board.confirm(mark)
                if mark.order > held.mark.order:
                    self._save()  # so that nothing between the two is taken after a restart
                return
            self._order.judge(mark)
            try:
                new = self._load(mark, held)
            except Refused as refusal:
                if refusal.reason not in _TORN or tries == _TRIES - 1:
                    raise
                continue
            self._take(new, held)
            return

    def _load(self, mark: Mark, held: Held | None) -> Held:
        taken: dict[str, bytes] = {}
        before: Mapping[str, bytes] = {} if held is None else held.documents

        def read(path: str) -> bytes:
            taken[path] = before[path] if path in before else self._source.read(path)
            return taken[path]

        previous = None if held is None else held.flags
        environment = self._source.environment()
        manifest, flags = load_tenant(read, environment, self._tenant, mark.digest, previous)
        named = named_documents(self._tenant, mark.digest, manifest)
        # What was taken over from the flags before was not read again.
        documents = {path: taken[path] if path in taken else before[path] for path in named}
        return Held(mark, flags, manifest, documents)

    def _take(self, new: Held, old: Held | None) -> None:
        if self._stop:
            return
        self._order.take(new.mark)
        changed = frozenset[str]() if old is None else changed_keys(old.flags, new.flags)
        self._board.take(new, changed, confirmed=True)
        _log.info("flags taken: %s, %d flags", new.mark.version, len(new.flags))
        self._save()

    def _save(self) -> None:
        held = self._board.held
        if self._kept is not None and held is not None:
            self._kept.save(held, self._source.signature(held.mark))


def changed_keys(old: TenantFlags, new: TenantFlags) -> frozenset[str]:
    """Return the keys of flags that are new, gone, or of another closure."""
    before, now = _entries_apart(old, new), _entries_apart(new, old)
    return frozenset(
        key
        for key in before.keys() | now.keys()
        if key not in before or key not in now or before[key] != now[key]
    )


def _entries_apart(flags: TenantFlags, other: TenantFlags) -> dict[str, str]:
    """Return digests by key of the flags that do not stand in a document of both."""
    mine, theirs = flags.documents, other.documents
    if mine is None or theirs is None:
        return {key: flags.digest(key) for key in flags.keys()}  # noqa: SIM118  no dict
    return {
        key: entry[0]
        for name, part in mine.parts.items()
        if name not in theirs.parts
        for key, entry in part.items()
    }
