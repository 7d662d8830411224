"""Webhooks under test: changes out of a list, settings that are hasty, signatures checked apart."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from burgee_writer.webhooks.change import Change, Entity, Rewritten, Target
from burgee_writer.webhooks.deliver import Webhooks
from burgee_writer.webhooks.settings import WebhookSecret, WebhookSettings
from support.scripted_server import Asked
from support.waiting import until

__all__ = ["SECRET", "ListedChanges", "change", "hasty", "is_signed", "running"]

SECRET = "a secret of the tests, long enough"
ALL = ("flag", "segment", "layers", "attributes", "tenant", "repository")


class ListedChanges:
    """Changes of a branch that a test makes up; each has a commit of its own."""

    def __init__(self) -> None:
        self.commits: list[Change] = []
        self.first: str | None = "0" * 40
        self.away: Callable[[str], object] | None = None
        """Told each time that the branch is asked for, where it is not there."""

    def tip(self) -> str | None:
        if self.away is not None:
            self.away("missed")
            return None
        return self.commits[-1].commit if self.commits else self.first

    def since(self, commit: str | None, until: str) -> Iterable[Change]:
        line = [self.first, *(each.commit for each in self.commits)]
        if commit not in line:
            raise Rewritten(commit)
        return self.commits[line.index(commit) : line.index(until)]

    def add(self, *urls: str, **fields: Any) -> Change:
        """Make the next change, which is told to these addresses."""
        made = change(len(self.commits) + 1, *urls, **fields)
        self.commits.append(made)
        return made


def change(number: int, *urls: str, **fields: Any) -> Change:
    """A change of a flag of acme's."""
    made: dict[str, Any] = {
        "commit": f"{number:040x}",
        "previous_commit": f"{number - 1:040x}",
        "tenant": "acme",
        "time": 1_790_000_000_000_000 + number,
        "entities": (Entity("flag", "checkout"),),
        "actor": "ann",
        "targets": tuple(Target(url, "hooks", ALL) for url in urls),
        **fields,
    }
    return Change(**made)


def hasty(**fields: Any) -> WebhookSettings:
    """Settings with short delays, for receivers on this machine."""
    secrets = {"hooks": WebhookSecret("hooks", ("acme",), (SECRET,))}
    made: dict[str, Any] = {
        "hosts": ("127.0.0.1:*", "localhost:*"),
        "secrets": lambda: secrets,
        "allow_private": True,
        "first_delay_seconds": 0.02,
        "delay_factor": 1.5,
        "poll_seconds": 0.05,
        "total_seconds": 5.0,
        **fields,
    }
    return WebhookSettings(**made)


@contextmanager
def running(
    folder: Path, changes: Any, settings: WebhookSettings | None = None, **more: Any
) -> Iterator[Webhooks]:
    """Webhooks that have begun, and deliver until the block ends."""
    hooks = Webhooks(settings or hasty(), folder, changes=changes, **more)
    hooks.start()
    try:
        until(lambda: hooks._store.leads and hooks._store.ledger.begun, "it has begun")
        yield hooks
    finally:
        hooks.stop()


def is_signed(asked: Asked, secret: str = SECRET) -> bool:
    """Check a call as its receiver would, by what the guide says and nothing of ours."""
    fields = [part.split("=", 1) for part in asked.headers["burgee-signature"].split(",")]
    time = next(value for name, value in fields if name == "t")
    signed = time.encode() + b"." + asked.body
    made = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(made, value) for name, value in fields if name == "v1")
