"""A tenant's flags, all prepared: by a thread, where that would hold up every other request."""

import asyncio
from functools import partial
from typing import Final

from burgee_edge.node import Visit
from burgee_edge.undisturbed import settle, undisturbed
from burgee_edge.view import Selection, TenantView
from burgee_http.errors import ApiError, TryAgain

__all__ = ["selected"]

_FEW: Final = 200  # so many are prepared in some 20 ms


def selected(visit: Visit) -> Selection:
    """Return all flags that the caller may see; TryAgain where most have yet to be prepared."""
    view, browser = visit.view, visit.browser
    if view.unprepared(browser=browser) > _FEW:
        error = ApiError(503, "preparing", "This node is still preparing these flags.")
        raise TryAgain(error, partial(asyncio.to_thread, _prepare, view, browser))
    return view.selection(browser=browser)


def _prepare(view: TenantView, browser: bool) -> None:
    with view.preparing, undisturbed():
        view.selection(browser=browser)
        settle()
