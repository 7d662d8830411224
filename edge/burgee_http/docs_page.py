"""`/openapi.json` and `/docs`: Swagger UI from an installed package, so without internet too."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.routing import Route
from swagger_ui_bundle import swagger_ui_path

from burgee_http.call import Call, Reply
from burgee_http.endpoint import route
from burgee_http.errors import from_status
from burgee_http.json_text import encode_json

__all__ = ["docs_routes"]

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Burgee API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Relative to /docs, so that it also works below a prefix that a proxy adds.
_START = b'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true});\n'
_ASSETS = {
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
}


def docs_routes(document: Callable[[], Mapping[str, object]]) -> list[Route]:
    """`document` gives the OpenAPI document; it is asked for once."""

    @cache
    def text() -> bytes:
        return encode_json(document())

    def openapi(call: Call) -> Reply:
        return Reply(200, text())

    return [
        route("/openapi.json", openapi),
        route("/docs", _page),
        route("/docs/{name}", _asset),
    ]


def _page(call: Call) -> Reply:
    kind = (b"content-type", b"text/html; charset=utf-8")
    return Reply(200, _PAGE, (kind, (b"content-security-policy", _POLICY)))


def _asset(call: Call) -> Reply:
    name = call.params["name"]
    if name == "start.js":
        return Reply(200, _START, ((b"content-type", _ASSETS["swagger-ui-bundle.js"]),))
    if name not in _ASSETS:
        raise from_status(404)
    headers = ((b"content-type", _ASSETS[name]), (b"cache-control", b"public, max-age=3600"))
    return Reply(200, _read(name), headers)


@cache
def _read(name: str) -> bytes:
    return (Path(str(swagger_ui_path)) / name).read_bytes()
