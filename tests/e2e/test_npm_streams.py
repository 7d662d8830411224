"""Promise: a page that uses OpenFeature's web provider hears of a change by the event stream, and
has the new values, without asking again and again.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest

from support.edge import clients_file
from support.edge_process import edge_process
from support.node_packages import installed_packages, run_node
from support.snapshots import TenantParts, flag, write_environment

pytestmark = pytest.mark.npm

_HERE = Path(__file__).parent / "node"
_BULK = "/ofrep/v1/evaluate/flags"

Json = dict[str, Any]


@pytest.fixture(scope="module")
def packages() -> Path:
    return installed_packages(_HERE)


def _parts(ranking: str) -> TenantParts:
    variants = {"new": "new", "old": "old"}
    return TenantParts(
        {
            "checkout": flag("on", client_side=True),
            "ranking": flag(ranking, variants, client_side=True),
        }
    )


def _prepared(tmp_path: Path) -> tuple[Path, Json]:
    """A source whose next version is all there but for the manifest, and the step that moves it."""
    dist, later = tmp_path / "dist", tmp_path / "later"
    write_environment(dist, {"acme": _parts("old")}, sequence=1)
    write_environment(later, {"acme": _parts("new")}, sequence=2)
    shutil.copytree(later / "production" / "acme", dist / "production" / "acme", dirs_exist_ok=True)
    manifests = [folder / "production" / "manifest.json" for folder in (later, dist)]
    return dist, {"do": "publish", "from": str(manifests[0]), "to": str(manifests[1])}


def test_a_change_reaches_a_page_by_the_stream(packages: Path, tmp_path: Path) -> None:
    dist, publish = _prepared(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("a secret of no fewer than thirty-two bytes")
    clients = clients_file(tmp_path, page={"browser": True})
    arguments = ("--clients", str(clients), "--events-secret-file", str(secret))
    ask = {"do": "ask", "kind": "string", "key": "ranking", "fallback": "x"}
    start = {"do": "start", "context": {"targetingKey": "u-1"}}
    steps = [start, ask, {"do": "settle"}, publish, ask]
    with edge_process(dist, *arguments) as node:
        given = {"url": node.url, "headers": {"x-api-key": "key-of-page"}, "streams": True}
        found = run_node(packages, _HERE / "web.mjs", {**given, "steps": steps})
    started, old, settled, published, new = found
    assert (started["status"], old["details"]["value"]) == ("READY", "old")
    assert settled["opened"] == ["/ofrep/v1/events"]
    asked = [*started["requests"], *old["requests"], *settled["requests"]]
    assert [each["status"] for each in asked] == [200, 304]  # the stream opens with an event
    assert asked[1]["flagConfigEtag"] is not None
    (request,) = published["requests"]
    assert (request["path"], request["status"]) == (_BULK, 200)
    assert request["flagConfigEtag"] != asked[1]["flagConfigEtag"]
    assert request["ifNoneMatch"] == asked[0]["etag"]
    assert published["events"] == [{"type": "changed", "flags": ["ranking"]}]
    assert (new["details"]["value"], new["requests"]) == ("new", [])


def test_a_page_asks_but_once_where_there_is_no_room(packages: Path, tmp_path: Path) -> None:
    """It would ask every second for ever, were it offered a stream that it cannot have."""
    dist, _ = _prepared(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("a secret of no fewer than thirty-two bytes")
    with edge_process(dist, "--events-secret-file", str(secret), "--event-streams", "0") as node:
        given = {"url": node.url, "headers": {"x-tenant-id": "acme"}, "streams": True}
        start = {"do": "start", "context": {}}
        (started,) = run_node(packages, _HERE / "web.mjs", {**given, "steps": [start]})
    assert (started["status"], len(started["requests"])) == ("READY", 1)
