"""Promise: pages on other origins may ask by OFREP, and may read what its client has to read."""

from support.edge_process import EdgeProcess


def test_a_browsers_preflight_and_what_it_may_read(spec: EdgeProcess) -> None:
    """What a browser asks before a page's own request, and what it then lets the page see."""
    path, origin = "/ofrep/v1/evaluate/flags", "http://localhost:3000"
    wanted = ["content-type", "if-none-match", "authorization", "x-api-key", "x-tenant-id"]
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(wanted),
    }
    bare = EdgeProcess(spec.url, spec.pid)  # a preflight carries no credentials
    preflight = bare.send("OPTIONS", path, headers=asked)
    assert (preflight.status, preflight.body) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] in ("*", origin)
    assert "POST" in preflight.headers["access-control-allow-methods"]
    allowed = preflight.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert set(wanted) <= set(allowed)
    assert "access-control-allow-credentials" not in preflight.headers
    full = spec.send("POST", path, {}, {"Origin": origin})
    again = {"Origin": origin, "If-None-Match": full.headers["etag"]}
    answers = [
        full,
        spec.send("POST", path, {}, again),
        spec.send("POST", path, b"{", {"Origin": origin}),
        bare.send("POST", path, {}, {"Origin": origin}),
    ]
    assert [answer.status for answer in answers] == [200, 304, 400, 400]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] in ("*", origin)
        exposed = answer.headers["access-control-expose-headers"].lower()
        assert "etag" in exposed
        assert "retry-after" in exposed
