"""Being called in between, while waiting for what comes by itself."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

__all__ = ["first_of", "woken"]


async def woken(
    events: AsyncGenerator[object, None], wake: asyncio.Event
) -> AsyncGenerator[bool, None]:
    """Yield True for each of `events`, and False whenever `wake` is set, which is cleared.

    No event is waited for while a True is looked at, so `events` may be left then.
    """
    coming: asyncio.Future[object] | None = None
    called = asyncio.ensure_future(wake.wait())
    try:
        while True:
            if coming is None:
                coming = asyncio.ensure_future(anext(events))
            await asyncio.wait((coming, called), return_when=asyncio.FIRST_COMPLETED)
            if called.done():
                wake.clear()
                called = asyncio.ensure_future(wake.wait())
            came = coming.done()
            if came:
                try:
                    coming.result()
                except StopAsyncIteration:
                    return
                coming = None
            yield came
    finally:
        called.cancel()
        if coming is not None:
            coming.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await coming


async def first_of(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of these events is set, or the time is over."""
    waits = [asyncio.create_task(each.wait()) for each in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
