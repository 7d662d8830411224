"""The same in Starlette: dependencies are called with the request, guards are decorators."""

from typing import Any

from shop_flags import client
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from burgee.web import Feature, UserFeature, get_all, install, require_feature

limit = Feature("search.suggestions-limit", 5)
one_page = UserFeature("checkout.one-page", {"steps": 3})


async def who_asks(request: HTTPConnection) -> dict[str, Any]:
    headers = request.headers
    return {"targetingKey": headers.get("x-user"), "email": headers.get("x-email")}


async def checkout(request: Request) -> Response:
    return JSONResponse({**await one_page(request), "suggestions": await limit(request)})


@require_feature("accounts.passkeys").endpoint
async def passkeys(request: Request) -> Response:
    return PlainTextResponse("no password needed")


async def flags(request: Request) -> Response:
    return JSONResponse(await get_all(request))


app = Starlette(
    routes=[
        Route("/checkout", checkout),
        Route("/passkeys", passkeys),
        Route("/flags.json", flags),
    ]
)
install(app, client, user=who_asks)
