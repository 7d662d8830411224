"""Keys fetched from a URL, refreshed in the background; old ones stay when a refresh fails."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

import structlog

from burgee_http.jwks import JwksError, KeySet, parse_jwks

__all__ = ["JwksUrl"]

_MAX_BYTES = 256 * 1024
_FIRST_RETRY_SECONDS = 5.0

_log = structlog.get_logger("burgee.jwks")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class JwksUrl:
    """`value` is the last good set of keys; `generation` grows whenever it changes."""

    def __init__(
        self,
        url: str,
        *,
        refresh_seconds: float = 300.0,
        least_gap_seconds: float = 60.0,
        timeout_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not url.startswith(("https://", "http://")):
            raise JwksError(f"{url}: not an http or https URL")
        self.url = url
        self.value = KeySet(())
        self.generation = 0
        self.reloads = 0
        self.refusals = 0
        self.refused = False  # it was not to be had, or no set of keys, when last asked
        self._text = b""
        self._refresh_seconds = refresh_seconds
        self._least_gap = least_gap_seconds
        self._timeout = timeout_seconds
        self._clock = clock
        self._asked = -float("inf")  # when a token last made us fetch
        self._fetching: asyncio.Task[None] | None = None
        # A thread of its own: a server that drips may hold it long after we have stopped waiting.
        self._thread = ThreadPoolExecutor(1, "burgee-jwks")

    def follow(self) -> bool:
        """Nothing to do per request: `run` follows the URL."""
        return False

    async def run(self) -> None:
        """Fetches now and then for as long as the server runs; sooner until it worked once."""
        while True:
            await self._fetch_once()
            wait = self._refresh_seconds if self.value.keys else _FIRST_RETRY_SECONDS
            await asyncio.sleep(min(wait, self._refresh_seconds))

    def may_ask(self) -> bool:
        """Whether a token with an unknown key is worth a wait now."""
        under_way = self._fetching is not None and not self._fetching.done()
        return under_way or self._clock() - self._asked >= self._least_gap

    async def ask(self) -> None:
        """Fetches because a token names an unknown key: at most once per gap, shared by all."""
        if self._fetching is None or self._fetching.done():
            if self._clock() - self._asked < self._least_gap:
                return
            self._asked = self._clock()
        await self._fetch_once()

    async def _fetch_once(self) -> None:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._refresh())
        await asyncio.shield(self._fetching)

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(2 * self._timeout):
                loop = asyncio.get_running_loop()
                text = await loop.run_in_executor(self._thread, _download, self.url, self._timeout)
            keys = self.value if text == self._text else parse_jwks(text)
        except (OSError, HTTPException, JwksError) as error:
            self.refusals += 1
            self.refused = True
            _log.error("keys could not be refreshed, the last good ones stay", error=repr(error))
            return
        self.reloads += 1
        self.refused = False
        if keys is not self.value:
            self._text, self.value = text, keys
            self.generation += 1


def _download(url: str, timeout: float) -> bytes:
    deadline = time.monotonic() + timeout
    opener = urllib.request.build_opener(_NoRedirects())
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - checked
    text = b""
    with opener.open(request, timeout=timeout) as response:
        while chunk := response.read1(_MAX_BYTES):
            text += chunk
            if len(text) > _MAX_BYTES:
                raise JwksError(f"more than {_MAX_BYTES} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not complete within {timeout} s")
    return text
