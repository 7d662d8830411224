"""The client of an app: evaluates in process, from a snapshot that a thread of its own follows."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

from burgee.client.board import Board
from burgee.client.context import Context, plain_context
from burgee.client.decide import choose, decide, find_flag
from burgee.client.follower import Follower
from burgee.client.forks import revive_after_fork
from burgee.client.known import Change, Details, Exposed, Exposure, Held, State
from burgee.client.opening import Opening, open_source, read_trust
from burgee.client.order import Order
from burgee.client.overrides import pinned
from burgee.client.values import MISFIT, Accept, fresh, like
from burgee.evaluation import Result
from burgee.evaluation.result import failed

if TYPE_CHECKING:
    import ssl

    from burgee.client.http import Token
    from burgee.client.kept import KeptCopy

__all__ = ["Client"]

T = TypeVar("T")

_log: Final = logging.getLogger("burgee.client")
_JOIN_SECONDS: Final = 2.0


class Client:
    """Flags of one tenant, for all threads of a process and for processes forked off it.

    `source` is the folder that `burgee build --out` writes to, the URL of an edge node, or None
    for a client that knows only `defaults` and what tests pin. Asking it never blocks, takes no
    lock, does no I/O and raises nothing; all else is done by threads of its own.
    """

    def __init__(  # noqa: PLR0913  each is a thing that an app may have to say
        self,
        source: str | os.PathLike[str] | None,
        *,
        tenant: str,
        environment: str | None = None,
        token: Token | None = None,
        trust: Sequence[str | os.PathLike[str]] = (),
        allow_unsigned: bool = False,
        any_order: bool = False,
        defaults: Mapping[str, Any] | None = None,
        exposures: Exposed | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        poll_seconds: float | None = None,
        stale_after: float | None = None,
        start_wait: float = 5.0,
        events: bool = True,
        timeout: float = 10.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Start following the source, and wait until it was asked once, `start_wait` at most.

        ValueError, OSError or ImportError where the arguments cannot be meant; a source that is
        down is none of these.
        """
        self._defaults = dict(defaults or {})
        self._exposures = exposures
        self._failed: set[str] = set()
        self._follower: Follower | None = None
        self._finalizer: weakref.finalize[..., Client] | None = None
        self._name = f"{source!s}, tenant {tenant}"
        if source is None:
            self._board = Board(float("inf"), alone=True)
            return
        how = Opening(
            tenant, environment, token, allow_unsigned, poll_seconds, events, timeout, ssl_context
        )
        keys = read_trust(trust)
        opened = open_source(source, how, keys)
        self._board = Board(
            max(60.0, 3 * opened.poll_seconds) if stale_after is None else stale_after
        )
        order = Order(local=opened.local, any_order=any_order)
        kept = None if cache_dir is None else Path(cache_dir).absolute()

        def keep(named: str) -> KeptCopy | None:
            if kept is None:
                return None
            from burgee.client.kept import KeptCopy  # noqa: PLC0415  few apps keep a copy

            return KeptCopy(kept, named, tenant, keys)

        self._follow(Follower(opened, tenant, self._board, order, keep))
        revive_after_fork(self)
        if start_wait > 0:
            self._board.looked.wait(start_wait)

    def __repr__(self) -> str:
        return f"<Client of {self._name}: {self._board.status()}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @overload
    def evaluate(self, key: str, context: Context | None = None) -> Any: ...
    @overload
    def evaluate(self, key: str, context: Context | None, default: None) -> Any: ...
    @overload
    def evaluate(self, key: str, context: Context | None = None, *, default: T) -> T: ...
    @overload
    def evaluate(self, key: str, context: Context | None, default: T) -> T: ...
    def evaluate(self, key: str, context: Context | None = None, default: Any = None) -> Any:
        """Return what a flag serves to a user; the default where nothing else can be had.

        Only a value of the default's type is returned: any for None. A flag that the snapshot
        does not hold gives its configured default first.
        """
        held = self._board.held
        if held is not None and not pinned:
            # What nearly every call comes to; all else is told apart, and told, in `resolve`.
            try:
                result = held.flags.evaluate(key, plain_context(context), time_ns() // 1000)
                answer = result.answer
                if answer.value is not None and (
                    self._exposures is None or answer.reason != "experiment_assigned"
                ):
                    value = like(default)(answer.value)
                    if value is not MISFIT:
                        return value
            except Exception as error:  # noqa: BLE001  never an error because of us
                self._tell_once(key, error)
        return self.details(key, context, default).value

    def details(self, key: str, context: Context | None = None, default: Any = None) -> Details:
        """Return what `evaluate` does, with how it came about."""
        details = self.resolve(key, context, like(default))
        return details if details.origin != "default" else _with_default(details, default)

    def resolve(self, key: str, context: Context | None, accept: Accept) -> Details:
        """Return a decision whose value `accept` takes; None where it is the caller's default.

        For integrations: `accept` returns the value in the type that is wanted, or MISFIT.
        """
        held = self._board.held
        now = time_ns() // 1000
        try:
            result = decide(held, key, context, now)
            value, origin, problem = choose(
                result, accept, self._defaults, ready=held is not None or self._follower is None
            )
        except Exception as error:  # noqa: BLE001  never an error because of us
            self._tell_once(key, error)
            result = failed(key, "error")
            value, origin, problem = MISFIT, "default", "error"
        if result.reason == "experiment_assigned" and origin == "flag" and self._exposures:
            self._expose(result, context, held, now)
        version = None if held is None else held.mark.version
        shown = None if value is MISFIT else value
        return Details(key, shown, result, origin, problem, version, self._board.status())

    def all(
        self,
        context: Context | None = None,
        *,
        client_side: bool = False,
        tags: Collection[str] = (),
    ) -> dict[str, Details]:
        """Return decisions on all flags by key; of those with one of `tags`, where some are named.

        With `client_side`, of those flags alone that browsers may see. None of it is an exposure,
        since nobody was shown anything yet.
        """
        held = self._board.held
        now = time_ns() // 1000
        status = self._board.status()
        found: dict[str, Details] = {}
        if held is None:
            return found
        try:
            plain = plain_context(context)
            for key in held.flags.keys():  # noqa: SIM118  no dict, and sorted
                if _selected(held, key, client_side, tags):
                    result = decide(held, key, plain, now)
                    value, origin, problem = choose(result, fresh, {}, ready=True)
                    shown = None if value is MISFIT else value
                    version = held.mark.version
                    found[key] = Details(key, shown, result, origin, problem, version, status)
        except Exception as error:  # noqa: BLE001  never an error because of us
            self._tell_once("*", error)
        return found

    @property
    def state(self) -> State:
        """How the client stands at this moment."""
        return self._board.state()

    def ready(self, timeout: float | None = 0.0) -> bool:
        """Return whether there is a snapshot; waits for one, for ever where `timeout` is None."""
        if self._follower is None:
            return not self._board.closed
        return self._board.ready.wait(timeout)

    def on_change(self, listener: Callable[[Change], object]) -> Callable[[], None]:
        """Have `listener` called when another snapshot takes the place of one; returns the undoing.

        It is called by the client's own thread: what takes long there holds up the next snapshot.
        """
        board = self._board
        board.on_change = (*board.on_change, listener)
        return lambda: setattr(board, "on_change", _without(board.on_change, listener))

    def on_state(self, listener: Callable[[State], object]) -> Callable[[], None]:
        """Have `listener` called when the status becomes another one; returns the undoing."""
        board = self._board
        board.on_state = (*board.on_state, listener)
        return lambda: setattr(board, "on_state", _without(board.on_state, listener))

    def close(self) -> None:
        """Stop following. What is held is evaluated still."""
        self._board.closed = True
        if self._follower is not None:
            self._follower.close(_JOIN_SECONDS)

    def _follow(self, follower: Follower) -> None:
        self._follower = follower
        follower.start()
        # One that is dropped without being closed must not be followed for ever.
        self._finalizer = weakref.finalize(self, follower.close, 0.0)

    def revive(self) -> None:
        """Go on in a process that was forked off; it is called there by itself."""
        self._board.after_fork()
        if self._finalizer is not None:
            self._finalizer.detach()  # its follower's locks may be held by a thread that is no more
        if self._follower is not None and not self._board.closed:
            self._follow(self._follower.again())

    def _expose(self, result: Result, context: Context | None, held: Held | None, now: int) -> None:
        if self._exposures is None or held is None or result.experiment is None:
            return
        plain = plain_context(context)
        exposure = Exposure(
            result.flag_key,
            result.variant,
            result.rule,
            result.experiment,
            result.layer,
            result.bucket,
            plain.get("targetingKey"),
            plain,
            held.mark.version,
            now,
        )
        try:
            self._exposures(exposure)
        except Exception as error:  # noqa: BLE001  the app's own
            self._tell_once(result.flag_key, error)

    def _tell_once(self, key: object, error: Exception) -> None:
        text = f"{key!r:.300} {type(error).__name__}"
        if text not in self._failed and len(self._failed) < 1000:
            self._failed.add(text)
            _log.error("evaluating %.300r failed, which is said once", key, exc_info=error)


def _with_default(details: Details, default: Any) -> Details:
    return Details(
        details.key,
        default,
        details.result,
        "default",
        details.problem,
        details.version,
        details.status,
    )


def _selected(held: Held, key: str, client_side: bool, tags: Collection[str]) -> bool:
    flag = find_flag(held, key)
    if flag is None:
        return not client_side and not tags
    if client_side and not flag.client_side:
        return False
    return not tags or any(tag in tags for tag in flag.tags)


def _without(listeners: tuple[Any, ...], gone: object) -> tuple[Any, ...]:
    return tuple(each for each in listeners if each is not gone)
