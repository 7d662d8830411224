"""Where the follower writes and everybody reads: each attribute is replaced in one assignment."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from burgee.client.known import FATAL, Change, Held, Mark, State, Status, Trouble

__all__ = ["Board"]

_log: Final = logging.getLogger("burgee.client")


class Board:
    """What is held, and how the source does. Only the follower's thread calls what writes."""

    def __init__(self, stale_after: float, *, alone: bool = False) -> None:
        self.held: Held | None = None
        self.trouble: Trouble | None = None
        self.checked: float | None = None  # on the monotonic clock
        self.closed = False
        self.ready = threading.Event()
        self.looked = threading.Event()
        self.on_change: tuple[Callable[[Change], object], ...] = ()
        self.on_state: tuple[Callable[[State], object], ...] = ()
        self._stale_after = stale_after
        self._alone = alone  # without a source there is nothing to wait for
        self._told: Status = "not_ready"

    def state(self) -> State:
        """Return how things stand at this moment."""
        held, checked, trouble = self.held, self.checked, self.trouble
        age = None if checked is None else time.monotonic() - checked
        if held is None:
            return State(self._unready(trouble), age=age, trouble=trouble)
        mark = held.mark
        return State(self._status(age), mark.version, mark.order, age, trouble)

    def status(self) -> Status:
        """Return the one word of it, for the path of every evaluation."""
        if self.held is None:
            return self._unready(self.trouble)
        return self._status(None if self.checked is None else time.monotonic() - self.checked)

    def take(self, held: Held, changed: frozenset[str], *, confirmed: bool) -> None:
        """Hold a snapshot from now on; a kept copy is not `confirmed` by the source."""
        first = self.held is None
        self.held = held
        if confirmed:
            self.confirm(held.mark)
        self.ready.set()
        self.tell_state()
        if not first:
            change = Change(held.mark.version, changed)
            for listener in self.on_change:
                _call(listener, change)

    def confirm(self, mark: Mark) -> None:
        """Note that the source holds what is held, perhaps under a later version."""
        held = self.held
        if held is not None and mark != held.mark and mark.order >= held.mark.order:
            self.held = Held(mark, held.flags, held.manifest, held.documents)
        if self.trouble is not None:
            _log.info("the source of flags is good again")
            self.trouble = None
        self.checked = time.monotonic()

    def refuse(self, trouble: Trouble) -> None:
        """Note why nothing new is held; said once, until it is another trouble."""
        if trouble != self.trouble:
            held = self.held
            still = "nothing yet" if held is None else held.mark.version
            _log.warning(
                "flags not taken (%s): %s; evaluating %s", trouble.reason, trouble.detail, still
            )
            self.trouble = trouble

    def tell_state(self) -> None:
        """Tell those who listen, if the status is not what they were told last."""
        state = self.state()
        if state.status != self._told:
            self._told = state.status
            for listener in self.on_state:
                _call(listener, state)

    def after_fork(self) -> None:
        """Make anew what another thread may have held while the process was forked."""
        ready, looked = self.ready.is_set(), self.looked.is_set()
        self.ready, self.looked = threading.Event(), threading.Event()
        if ready:
            self.ready.set()
        if looked:
            self.looked.set()

    def _unready(self, trouble: Trouble | None) -> Status:
        if self.closed:
            return "closed"
        if self._alone:
            return "ready"
        return "fatal" if trouble is not None and trouble.reason in FATAL else "not_ready"

    def _status(self, age: float | None) -> Status:
        if self.closed:
            return "closed"
        return "ready" if age is not None and age <= self._stale_after else "stale"


def _call(listener: Callable[..., object], told: object) -> None:
    try:
        listener(told)
    except Exception:  # noqa: BLE001  the app's own, and the flags are followed still
        _log.exception("a listener of the app's failed")
