"""A FastAPI application: flags as dependencies, a page that not everybody has, all for the page's
own script."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI
from shop_flags import client
from starlette.requests import HTTPConnection

from burgee.web import Feature, UserFeature, get_all, install, require_feature


def who_asks(request: HTTPConnection) -> dict[str, Any]:
    """Return the context of a request; your own session or token says who it is."""
    headers = request.headers
    return {"targetingKey": headers.get("x-user"), "email": headers.get("x-email")}


app = FastAPI()
install(app, client, user=who_asks)

Limit = Annotated[int, Depends(Feature("search.suggestions-limit", 5))]
Checkout = Annotated[dict[str, int], Depends(UserFeature("checkout.one-page", {"steps": 3}))]


@app.get("/checkout")
def checkout(page: Checkout, limit: Limit) -> dict[str, int]:
    return {**page, "suggestions": limit}


@app.get("/passkeys", dependencies=[Depends(require_feature("accounts.passkeys"))])
def passkeys() -> str:
    return "no password needed"


@app.get("/flags.json")
def flags(values: Annotated[dict[str, Any], Depends(get_all)]) -> dict[str, Any]:
    return values
