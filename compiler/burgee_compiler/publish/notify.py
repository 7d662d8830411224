"""Calling nodes: Redis or NATS say that there is something to look at."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from burgee.snapshot.canonical import canonical

__all__ = ["PASSWORD", "Notifier", "channel_of", "notifiers"]

PASSWORD: Final = "BURGEE_NOTIFY_PASSWORD"  # noqa: S105  the name of a variable
_WITHIN: Final = 5.0

Send = Callable[[str, str | None, str, bytes], None]


class Notifier:
    """One server that hands calls on; `place` is what messages call it."""

    def __init__(self, url: str, password: str | None = None) -> None:
        """ValueError, which does not repeat the URL, where it is none that can be called."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"--notify is no URL: {error}") from None
        if parts.scheme not in _SENDERS or not parts.hostname:
            known = ", ".join(f"{each}://" for each in _SENDERS)
            raise ValueError(f"--notify takes {known} and a host")
        if parts.password is not None:
            raise ValueError(
                "--notify holds a password, which every process of this machine can see: give it "
                f"in {PASSWORD}"
            )
        self.place = f"{parts.scheme}://{parts.hostname}" + ("" if port is None else f":{port}")
        self._url = url
        self._password = password
        self._send = _SENDERS[parts.scheme]

    def __call__(self, environment: str, version: str, digest: str) -> None:
        """Say that an environment has something new; OSError where nobody can be told, within
        some seconds.
        """
        said = {"digest": digest, "environment": environment, "version": version}
        try:
            self._send(self._url, self._password, channel_of(environment), canonical(said))
        except Exception as error:  # whatever a client library may raise
            first = str(error).partition("\n")[0] or type(error).__name__
            raise OSError(f"{self.place}: {first}") from error


def channel_of(environment: str) -> str:
    """Return the channel, or subject, that nodes of an environment listen to."""
    return f"burgee.{environment}"


def notifiers(urls: tuple[str, ...]) -> Callable[[str, str, str], None] | None:
    """Return what calls all of these, None where there are none.

    It raises OSError that names each that could not be told, once all were tried.
    """
    made = [Notifier(each, os.environ.get(PASSWORD) or None) for each in urls]
    if not made:
        return None

    def call(environment: str, version: str, digest: str) -> None:
        problems: list[str] = []
        for each in made:
            try:
                each(environment, version, digest)
            except OSError as error:
                problems.append(str(error))
        if problems:
            raise OSError("; ".join(problems))

    return call


def _redis(url: str, password: str | None, channel: str, data: bytes) -> None:
    from redis import Redis  # noqa: PLC0415  not every publisher calls one
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    options: dict[str, Any] = {} if password is None else {"password": password}
    with Redis.from_url(
        url,
        socket_timeout=_WITHIN,
        socket_connect_timeout=_WITHIN,
        retry=Retry(NoBackoff(), 1),
        **options,
    ) as client:
        client.publish(channel, data)


def _nats(url: str, password: str | None, channel: str, data: bytes) -> None:
    asyncio.run(asyncio.wait_for(_nats_sent(url, password, channel, data), 2 * _WITHIN))


async def _nats_sent(url: str, password: str | None, channel: str, data: bytes) -> None:
    import nats  # noqa: PLC0415
    from nats.errors import NoServersError  # noqa: PLC0415

    told: list[Exception] = []

    async def tell(error: Exception) -> None:
        told.append(error)

    options: dict[str, Any] = {} if password is None else {"password": password}
    try:
        client = await nats.connect(
            url,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # of its own tries to connect
            reconnect_time_wait=0,
            connect_timeout=round(_WITHIN),
            error_cb=tell,
            **options,
        )
    except NoServersError as error:
        raise (told or [error])[-1] from error
    try:
        await client.publish(channel, data)
        await client.flush(round(_WITHIN))
    finally:
        await client.close()


_SENDERS: Final[dict[str, Send]] = {"redis": _redis, "rediss": _redis, "nats": _nats, "tls": _nats}
