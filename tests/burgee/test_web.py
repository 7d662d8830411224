"""Promise: the helpers mean the same in Starlette and in FastAPI, and a browser learns only what it
may."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from burgee import Client
from burgee.web import AllFeatures, Feature, UserFeature, get_all, install, require_feature
from support.edge import ACME
from support.snapshots import write_environment

service = Feature("integer", 0)
targeted = UserFeature("targeted", False)
shut = require_feature("targeted")
elsewhere = require_feature("targeted", redirect_url="/old")
tell_all = AllFeatures(client_side=False, tags=["web"])


def user(request: HTTPConnection) -> dict[str, Any]:
    return {"targetingKey": "u1", "plan": request.headers.get("x-plan")}


async def later(request: HTTPConnection) -> dict[str, Any]:
    return user(request)


def starlette_app() -> Starlette:
    async def page(request: Request) -> Response:
        return JSONResponse([await service(request), await targeted(request)])

    @shut.endpoint
    async def new(request: Request) -> Response:
        return PlainTextResponse("new")

    @shut.endpoint
    def threaded(request: Request) -> Response:
        return PlainTextResponse("new")

    @elsewhere.endpoint
    async def moved(request: Request) -> Response:
        return PlainTextResponse("new")

    async def flags(request: Request) -> Response:
        return JSONResponse(await get_all(request))

    async def web(request: Request) -> Response:
        return JSONResponse(await tell_all(request))

    return Starlette(
        routes=[
            Route("/page", page),
            Route("/new", new),
            Route("/threaded", threaded),
            Route("/moved", moved, methods=["GET", "POST"]),
            Route("/flags", flags),
            Route("/web", web),
        ]
    )


def fastapi_app() -> FastAPI:
    app = FastAPI()

    @app.get("/page")
    async def page(
        one: Annotated[int, Depends(service)], two: Annotated[bool, Depends(targeted)]
    ) -> list[Any]:
        return [one, two]

    @app.get("/new", dependencies=[Depends(shut)])
    async def new() -> str:
        return "new"

    @app.get("/threaded")
    @shut.endpoint
    def threaded(request: Request) -> str:
        return "new"

    @app.get("/moved", dependencies=[Depends(elsewhere)])
    @app.post("/moved", include_in_schema=False, dependencies=[Depends(elsewhere)])
    def moved() -> str:
        return "new"

    @app.get("/flags")
    async def flags(values: Annotated[dict[str, Any], Depends(get_all)]) -> dict[str, Any]:
        return values

    @app.get("/web")
    def web(values: Annotated[dict[str, Any], Depends(tell_all)]) -> dict[str, Any]:
        return values

    return app


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    write_environment(tmp_path, {"acme": ACME})
    with Client(tmp_path, tenant="acme") as found:
        yield found


@pytest.fixture(params=[starlette_app, fastapi_app], ids=["starlette", "fastapi"])
def app(request: pytest.FixtureRequest) -> Starlette:
    make: Callable[[], Starlette] = request.param
    return make()


@pytest.fixture(params=[user, later], ids=["function", "coroutine"])
def browser(request: pytest.FixtureRequest, app: Starlette, client: Client) -> Iterator[TestClient]:
    install(app, client, user=request.param)
    with TestClient(app, follow_redirects=False) as found:
        yield found


def test_features_of_the_service_and_of_the_user(browser: TestClient) -> None:
    assert browser.get("/page").json() == [10, False]
    assert browser.get("/page", headers={"X-Plan": "pro"}).json() == [10, True]


@pytest.mark.parametrize("path", ["/new", "/threaded"])
def test_a_page_that_is_not_for_everybody(browser: TestClient, path: str) -> None:
    refused = browser.get(path)
    assert refused.status_code == 404
    assert refused.headers["cache-control"] == "no-store"
    assert "new" in browser.get(path, headers={"X-Plan": "pro"}).text


def test_others_are_sent_elsewhere(browser: TestClient) -> None:
    for method, status in (("GET", 307), ("POST", 303)):
        refused = browser.request(method, "/moved")
        assert (refused.status_code, refused.headers["location"]) == (status, "/old")
        assert refused.headers["cache-control"] == "no-store"
        assert browser.request(method, "/moved", headers={"X-Plan": "pro"}).status_code == 200


def test_a_front_end_gets_what_browsers_may_see(browser: TestClient) -> None:
    assert browser.get("/flags").json() == {"integer": 10, "pinned": False}
    assert browser.get("/flags?client_side=false&keys=x").json() == {"integer": 10, "pinned": False}
    assert browser.get("/web", headers={"X-Plan": "pro"}).json() == {"targeted": True}


def test_without_a_user_and_with_a_context(app: Starlette, client: Client) -> None:
    install(app, client, context={"plan": "pro"})
    with TestClient(app) as browser:
        assert browser.get("/page").json() == [10, True]
    install(app, client, context={"plan": "pro"}, user=lambda request: {"plan": "free"})
    with TestClient(app) as browser:
        assert browser.get("/page").json() == [10, False], "what the user says wins"


def test_an_application_without_flags_says_what_is_missing(app: Starlette) -> None:
    with TestClient(app) as browser, pytest.raises(RuntimeError, match=r"burgee\.web\.install"):
        browser.get("/page")


def test_a_dependencys_own_user(client: Client) -> None:
    feature = UserFeature("targeted", False, user=lambda request: {"plan": "pro"})

    async def page(request: Request) -> Response:
        return JSONResponse(await feature(request))

    app = Starlette(routes=[Route("/", page)])
    install(app, client)
    with TestClient(app) as browser:
        assert browser.get("/").json() is True


def test_another_status(client: Client) -> None:
    @require_feature("targeted", 403).endpoint
    async def page(request: Request) -> Response:
        return PlainTextResponse("new")

    app = Starlette(routes=[Route("/", page)])
    install(app, client, user=user)
    with TestClient(app) as browser:
        assert browser.get("/").status_code == 403


def test_an_endpoint_has_to_take_the_request() -> None:
    with pytest.raises(TypeError, match=r"page\(\) takes no `request`.*dependencies"):

        @shut.endpoint
        async def page() -> None: ...


def test_a_websocket_is_guarded_too(client: Client) -> None:
    @shut.endpoint
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("new")
        await websocket.close()

    app = Starlette(routes=[WebSocketRoute("/", talk)])
    install(app, client, user=user)
    with TestClient(app) as browser:
        with browser.websocket_connect("/", headers={"X-Plan": "pro"}) as socket:
            assert socket.receive_text() == "new"
        with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/"):
            pass


def test_openapi_shows_no_parameter(client: Client) -> None:
    paths = fastapi_app().openapi()["paths"]
    assert all("parameters" not in method for path in paths.values() for method in path.values())
