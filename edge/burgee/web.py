"""Flags of a request, for Starlette and FastAPI: dependencies, a guard, and all for a front end."""

# No `from __future__ import annotations`: FastAPI reads the annotations of callable objects as they
# stand, and knows a request by its class.

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, Generic, TypeVar, cast

from msgspec import Struct
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from burgee.client.client import Client

__all__ = ["AllFeatures", "Feature", "UserFeature", "get_all", "install", "require_feature"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Context = Mapping[str, Any]
UserOf = Callable[[HTTPConnection], Context | Awaitable[Context]]
"""Returns the context of who asks, such as {"targetingKey": …}; may be a coroutine function."""

_NOBODY: Final[Context] = {}
_ASKING: Final = ("request", "websocket")
_FOR_ONE: Final = {"Cache-Control": "no-store"}  # what one user may not see, another may


class _Installed(Struct, frozen=True):
    client: Client
    context: Context
    user: UserOf | None


def install(
    app: Starlette, client: Client, *, user: UserOf | None = None, context: Context = _NOBODY
) -> None:
    """Say which client an application's flags come from.

    `user` tells who asks; `context` is added to every question, and what `user` says wins.
    """
    app.state.burgee = _Installed(client, context, user)


class Feature(Generic[T]):
    """A dependency: what a flag serves, whoever asks. In Starlette: `await feature(request)`."""

    def __init__(self, key: str, default: T) -> None:
        self.key = key
        self.default = default

    async def __call__(self, request: HTTPConnection) -> T:
        """Return the value; the default where nothing else can be had."""
        installed = _installed(request)
        return installed.client.evaluate(self.key, installed.context, self.default)


class UserFeature(Generic[T]):
    """A dependency: what a flag serves to the user who asks.

    `user` says who that is, where it is not the one of `install`.
    """

    def __init__(self, key: str, default: T, *, user: UserOf | None = None) -> None:
        self.key = key
        self.default = default
        self.user = user

    async def __call__(self, request: HTTPConnection) -> T:
        """Return the value; the default where nothing else can be had."""
        installed = _installed(request)
        context = await _context(installed, request, self.user)
        return installed.client.evaluate(self.key, context, self.default)


class _Guard:
    def __init__(
        self, flag: str, status_code: int, redirect_url: str | None, user: UserOf | None
    ) -> None:
        self._flag = UserFeature(flag, False, user=user)
        self._status_code = status_code
        self._redirect_url = redirect_url

    async def __call__(self, request: HTTPConnection) -> None:
        if await self._flag(request):
            return
        if self._redirect_url is None:
            raise HTTPException(self._status_code, headers=_FOR_ONE)
        # See Other makes a GET of whatever was sent to the page that is not there.
        get = request.scope.get("method", "GET") in ("GET", "HEAD")
        headers = {**_FOR_ONE, "Location": self._redirect_url}
        raise HTTPException(307 if get else 303, headers=headers)

    def endpoint(self, function: F) -> F:
        """Return an endpoint that is there only where the flag is on; a decorator."""
        signature = inspect.signature(function)
        name = next((name for name in _ASKING if name in signature.parameters), None)
        if name is None:
            raise TypeError(
                f"{function.__qualname__}() takes no `request` that tells who asks: give it one, "
                "or in FastAPI say dependencies=[Depends(require_feature(…))]"
            )

        @functools.wraps(function)
        async def guarded(*args: Any, **named: Any) -> Any:
            await self(signature.bind(*args, **named).arguments[name])
            if inspect.iscoroutinefunction(function):
                return await function(*args, **named)
            return await run_in_threadpool(function, *args, **named)

        return cast(F, guarded)


def require_feature(
    flag: str,
    status_code: int = 404,
    redirect_url: str | None = None,
    *,
    user: UserOf | None = None,
) -> _Guard:
    """Return a guard that lets only those in to whom a boolean flag serves true.

    FastAPI: `dependencies=[Depends(require_feature("new-page"))]`. Starlette:
    `@require_feature("new-page").endpoint`, over a function that takes `request`. Others get
    `status_code`, or are sent to `redirect_url`.
    """
    return _Guard(flag, status_code, redirect_url, user)


class AllFeatures:
    """A dependency: the values of all flags for the user who asks, for a front end to start with.

    Only flags with `client_side: true`, unless told otherwise. One whose answer is the caller's
    default is left out, so that the front end's own default counts.
    """

    def __init__(
        self,
        *,
        client_side: bool = True,
        tags: Collection[str] = (),
        user: UserOf | None = None,
    ) -> None:
        self._client_side = client_side
        self._tags = tags
        self._user = user

    async def __call__(self, request: HTTPConnection) -> dict[str, Any]:
        """Return values by key."""
        installed = _installed(request)
        context = await _context(installed, request, self._user)
        found = installed.client.all(context, client_side=self._client_side, tags=self._tags)
        return {key: details.value for key, details in found.items() if details.origin == "flag"}


get_all: Final = AllFeatures()
"""`AllFeatures` as it is by itself: `await get_all(request)`, or `Depends(get_all)`."""


def _installed(request: HTTPConnection) -> _Installed:
    found = getattr(request.app.state, "burgee", None)
    if not isinstance(found, _Installed):
        raise RuntimeError(
            "this application has no flags: call burgee.web.install(app, client) where it is made"
        )
    return found


async def _context(installed: _Installed, request: HTTPConnection, user: UserOf | None) -> Context:
    tell = installed.user if user is None else user
    if tell is None:
        return installed.context
    told = tell(request)
    context = await told if inspect.isawaitable(told) else told
    return {**installed.context, **context} if installed.context else context
