"""Publishing each new commit, for as long as the process lives: no failure ends it."""

from __future__ import annotations

import math
import random
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Final, Protocol

from msgspec import Struct, structs

from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.publish.attempt import Attempt, attempt
from burgee_compiler.publish.figures import Figures
from burgee_compiler.publish.followed import Followed, RepositoryAway
from burgee_compiler.publish.heartbeat import HEARTBEAT, heartbeat
from burgee_compiler.publish.keys import KeyFiles, KeyTrouble
from burgee_compiler.publish.publish import How
from burgee_compiler.publish.published import read_published
from burgee_compiler.publish.target import Target, TargetError
from burgee_compiler.trees import UnknownRevision

__all__ = ["Log", "Watch", "Watched"]

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
_PRUNE_EVERY: Final = 3_600.0


class _Backoff:
    """How long to wait after so many failures: a random part of a span that doubles."""

    def __init__(self) -> None:
        self.failures = 0

    def wait(self) -> float:
        span = min(_FIRST_WAIT * 2.0 ** min(self.failures - 1, 10), _LONGEST_WAIT)
        return random.uniform(span / 2, span)  # noqa: S311


class Log(Protocol):
    """Takes what happened: a level, a sentence, and fields."""

    def __call__(self, level: str, message: str, **fields: Any) -> None: ...


class Watched(Struct, frozen=True):
    """What is watched, how often it is looked at, and where it is published; seconds."""

    repository: Followed
    target: Target
    keys: KeyFiles
    environments: tuple[str, ...] = ()
    interval: float = 5.0
    heartbeat_seconds: float = 30.0


class _Ended(Exception):
    """We were told to end while we waited."""


class Watch:
    """Looks for the newest commit, publishes it, and tells that it lives."""

    def __init__(
        self, watched: Watched, how: How, log: Log, figures: Figures, stop: threading.Event
    ) -> None:
        self._watched = watched
        # Tries of its own are few: the watch itself tries again.
        retry = structs.replace(how.retry, tries=3, pause=self._pause)
        self._how = structs.replace(how, retry=retry)
        self._log = log
        self._figures = figures
        self._stop = stop
        self._changed = threading.Event()
        self._done: str | None = None
        """The commit that needs nothing more."""
        self._in_force: dict[str, EnvironmentBuild] = {}
        self._sound: set[str] = set()
        """Environments whose newest commit is in force as far as we know."""
        self._tried: str | None = None
        """The commit that failed: tried again at `_retry_at`, a newer one at once."""
        self._retry_at = 0.0
        self._told: object = None
        self._trying = _Backoff()
        self._asking = _Backoff()
        self._pruned = -_PRUNE_EVERY

    def run(self) -> None:
        """Publish until told to stop; whatever goes wrong is told and tried again."""
        with_events = threading.Thread(
            target=self._watched.repository.call_on_change,
            args=(self._changed.set, self._stop),
            daemon=True,
        )
        with_events.start()
        next_look = next_beat = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            if self._changed.is_set() or now >= next_look:
                self._changed.clear()
                next_look = time.monotonic() + self._look()
            if now >= next_beat and self._sound:
                self._guarded(self._beat)
                next_beat = time.monotonic() + self._watched.heartbeat_seconds
            until = min(next_look, next_beat) if self._sound else next_look
            self._rest(until - time.monotonic())
        with_events.join(2.0)

    def wake(self) -> None:
        """Look at once; also called when `stop` was set."""
        self._changed.set()

    def _rest(self, seconds: float) -> None:
        if not self._stop.is_set():
            self._changed.wait(max(seconds, 0.0))

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise _Ended

    def _look(self) -> float:
        """Publish the newest commit; return in how many seconds to look again."""
        if not self._guarded(self._publish_newest):
            self._sound.clear()
        if self._asking.failures:
            return self._asking.wait()
        again = max(self._retry_at - time.monotonic(), 0.0) if self._tried else math.inf
        return min(self._watched.interval, again)

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Do something; return whether it could be done, and tell where not."""
        try:
            action()
        except _Ended:
            return True
        except (RepositoryAway, UnknownRevision) as error:
            self._fail("repository", str(error))
        except KeyTrouble as error:
            self._fail("key", str(error))
        except TargetError as error:
            self._fail(error.reason, str(error), help=error.help)
        except Exception as error:  # noqa: BLE001  a bug is no reason to publish nothing any more
            self._fail("bug", f"a bug in burgee: {error!r}", trace=traceback.format_exc())
        else:
            return True
        return False

    def _fail(self, reason: str, message: str, **fields: Any) -> None:
        self._figures.failed(reason)
        again = {name: each for name, each in fields.items() if each}
        self._log("error", message, reason=reason, **again)

    def _publish_newest(self) -> None:
        watched = self._watched
        self._asking.failures += 1
        tip = watched.repository.tip()
        self._asking.failures = 0
        self._figures.looked()
        if tip == self._done:
            self._sound = set(self._in_force)
            return
        if tip != self._tried:
            self._trying.failures = 0
        elif time.monotonic() < self._retry_at:
            return
        self._tried = tip
        try:
            self._publish(tip)
        finally:
            if self._tried is not None:
                self._trying.failures += 1
                self._retry_at = time.monotonic() + self._trying.wait()

    def _publish(self, tip: str) -> None:
        """Publish a commit; where nothing went wrong there is nothing left to try."""
        watched = self._watched
        keys = watched.keys.read()
        how = self._how
        if time.monotonic() - self._pruned < _PRUNE_EVERY:
            how = structs.replace(how, keep=None)
        begun = time.monotonic()
        made = attempt(
            watched.repository.root,
            tip,
            watched.target,
            watched.environments,
            keys,
            how,
            self._in_force,
        )
        if how.keep is not None and made.outcomes:
            self._pruned = time.monotonic()
        self._tell(made, time.monotonic() - begun)
        self._in_force.update(made.builds)
        self._sound = set(made.builds)
        if not made.troubles:
            self._in_force = dict(made.builds)
            self._done, self._tried = tip, None

    def _tell(self, made: Attempt, took: float) -> None:
        errors = [each for each in made.found if each.severity == "error"]
        if errors and made.commit != self._told:
            self._log(
                "error",
                "what does not build stays as it was",
                commit=made.commit,
                findings=[
                    f"{each.where.file}: {each.code}: {each.message}" for each in errors[:20]
                ],
                count=len(errors),
            )
        self._told = made.commit
        for each in made.outcomes:
            if each.result == "refused":
                continue
            held = {tenant: sorted(keys) for tenant, keys in each.held.items()}
            new = each.result == "published"
            self._figures.in_force(
                each.environment, sum(map(len, held.values())), made.committed if new else None
            )
            self._log(
                "warning" if held else "info",
                "published" if new else "published already",
                environment=each.environment,
                version=each.version,
                digest=each.digest,
                commit=made.commit,
                **({"held": held} if held else {}),
                **({"notes": each.notes} if each.notes else {}),
                files=len(each.uploads),
                pruned=each.pruned,
                seconds=round(took, 3),
            )
        for trouble in made.troubles:
            place = {"environment": trouble.environment} if trouble.environment else {}
            self._fail(
                trouble.reason, trouble.message, commit=made.commit, help=trouble.help, **place
            )

    def _beat(self) -> None:
        """Write that we live where the newest commit is in force; look again where it is not."""
        keys = self._watched.keys.read()
        for environment in sorted(self._sound):
            build = self._in_force[environment]
            there = read_published(self._watched.target, environment, self._how.retry)
            if there is None or there.digest != build.digest:
                self._log("warning", "another manifest is in force", environment=environment)
                self._done = None
                self.wake()
                continue
            now = time.time_ns() // 1_000
            data = heartbeat(environment, build.digest, now, keys.of(environment))
            path = f"{environment}/{HEARTBEAT}"
            self._how.retry.call(lambda p=path, d=data: self._watched.target.write(p, d))  # type: ignore[misc]
            self._figures.beat(environment)
