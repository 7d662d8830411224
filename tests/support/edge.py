"""An edge node over a folder of hand-made snapshots: in process, or handlers alone."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from burgee.load import read_folder
from burgee.snapshot.forms import ConditionForm, GateForm, OutcomeForm
from burgee_edge.app import Surroundings, make_app
from burgee_edge.cache import CacheCounts, ResponseCache
from burgee_edge.events_hub import Hub
from burgee_edge.figures import Figures
from burgee_edge.freshness import Freshness
from burgee_edge.holder import Holder
from burgee_edge.node import Node, now_micros
from burgee_edge.options import read_options
from burgee_edge.serve import build
from burgee_edge.served import make_served
from burgee_edge.settings import TABLE
from burgee_http.application import Application
from burgee_http.call import Call
from burgee_http.logs import AccessLog
from burgee_http.metrics import Cell, Metrics
from burgee_http.settings import read_settings
from burgee_http.tenancy import Gate
from support.snapshots import TenantParts, flag, override, rule, split, write_environment
from support.wire import Answer, ask, running

__all__ = ["ACME", "GLOBEX", "Edge", "call", "clients_file", "handlers", "running_edge"]

ACME = TenantParts(
    {
        "gone": flag(variants={"none": None, "on": True}, default="none"),
        "half": flag(OutcomeForm(split=split("half", 50, 50)), metadata={"team": "growth"}),
        "integer": flag(variants={"ten": 10, "two": 2}, default="ten", client_side=True),
        "killed": flag("on", state="off", off="off"),
        "killed-none": flag("on", state="off"),
        "list": flag(variants={"few": [1, "two"]}, default="few"),
        "number": flag(variants={"half": 0.5, "one": 1.0, "zero": 0.0}, default="one"),
        "object": flag(variants={"a": {"steps": 3, "x": {"y": [1.0]}}}, default="a"),
        "pinned": flag("off", overrides=(override("acme", "vip", 1),), client_side=True),
        "ramp": flag(
            rules=(
                rule(
                    "pro",
                    when=ConditionForm(attribute="plan", tests={"eq": "pro"}),
                    gate=GateForm(salt="ramp:gate:pro", ranges=((0, 50_000),)),
                ),
            )
        ),
        "string.nested": flag(variants={"hi": "hi", "höflich": "grüß dich"}, default="hi"),
        "targeted": flag(
            rules=(rule("pro", when=ConditionForm(attribute="plan", tests={"eq": "pro"})),),
            tags=("web",),
            metadata={"team": "growth", "tier": 2, "ratio": 0.5, "beta": True},
        ),
        "zero": flag(variants={"non-zero": 1, "zero": 0}, default="zero"),
    },
    attributes={
        "age": "integer",
        "beta": "boolean",
        "cart.total": "number",
        "extra": "object",
        "joined": "time",
        "roles": "list",
    },
)
GLOBEX = TenantParts(
    {
        "secret": flag(variants={"deal": "acquire initech"}, default="deal"),
        "targeted": flag("on"),
    },
    held={"secret": "abcdef0"},
)


class Edge(Struct, frozen=True):
    """A running node; `admin` is the application of its admin listener."""

    port: int
    admin: Application | None
    source: Path

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """Ask with a JSON body; a `str` goes as it stands."""
        text = body if isinstance(body, str) else json.dumps({} if body is None else body)
        return self.ask("POST", path, text.encode(), **headers)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask without a body."""
        return self.ask("GET", path, None, **headers)

    def ask(self, method: str, path: str, body: bytes | None, **headers: str) -> Answer:
        """Header names have `_` for `-`; the tenant is acme unless one is named."""
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if "X_Tenant_ID" not in headers:
            named["X-Tenant-ID"] = "acme"
        return ask(self.port, method, path, named, body)

    def metric(self, name: str) -> float:
        """Return one metric by its name, labels and all."""
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        raise LookupError(name)


@contextmanager
def running_edge(source: Path, **settings: Any) -> Iterator[Edge]:
    """Run a node over `<source>/production` as `burgee edge` would, insecure unless told so."""
    given: dict[str, Any] = {
        "source": source,
        "environment": "production",
        "access_log_sample": 0,
        "insecure": "clients" not in settings,
        "poll_seconds": 0.2,
        **settings,
    }
    listeners = build(read_options(read_settings(TABLE, given, {})))
    admin = listeners[1].app if len(listeners) > 1 else None
    first = listeners[0]
    with running(first.app, first.limits, stopping=first.stopping) as port:
        assert admin is None or isinstance(admin, Application)
        yield Edge(port, admin, source)


def clients_file(folder: Path, **clients: Mapping[str, Any]) -> Path:
    """Write a clients file; the key of the client `name` is `key-of-name`."""
    listed = [
        {
            "name": name,
            "sha256": hashlib.sha256(f"key-of-{name}".encode()).hexdigest(),
            "scopes": ["evaluate"],
            "tenants": ["acme"],
            **given,
        }
        for name, given in clients.items()
    ]
    path = folder / "clients.json"
    path.write_text(json.dumps({"clients": listed}))
    return path


def handlers(
    folder: Path,
    tenants: Mapping[str, TenantParts],
    clock: Callable[[], int] = now_micros,
    **manifest: Any,
) -> tuple[Node, Application]:
    """A node that serves these tenants, without a server, a source or tokens."""
    write_environment(folder, tenants, **manifest)
    figures = Figures()
    counts = CacheCounts(Cell(), Cell())
    served = make_served(
        read_folder(folder / "production"),
        "production",
        None,
        lambda: ResponseCache(1 << 20, counts, figures.settle),
    )
    holder, hub = Holder(), Hub()
    holder.listeners.append(hub.swapped)
    holder.take(served)
    node = Node("production", holder, Gate(None, default_tenant="acme"), figures, clock, hub)
    metrics = Metrics(process=False)
    around = Surroundings(
        metrics=metrics,
        render=metrics.render,
        access_log=AccessLog(0.0),
        freshness=Freshness(),
    )
    return node, make_app(node, around)


def call(body: object = None, query: str = "", **headers: str) -> Call:
    """A request as handlers see it."""
    named = {name.replace("_", "-").lower().encode(): v.encode() for name, v in headers.items()}
    text = b"" if body is None else json.dumps(body).encode()
    return Call("POST", "/", query.encode(), named, "r1", text)
