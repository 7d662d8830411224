"""The settings of an edge node: the source of its options, environment variables and docs."""

from pathlib import Path
from typing import Final

from burgee_http.limits import Limits
from burgee_http.settings import Setting, SettingsTable

__all__ = ["TABLE"]

_LIMITS: Final = Limits()


def _flag(name: str, help: str) -> Setting:
    return Setting(name=name, type=bool, default=False, help=help)


def _text(name: str, metavar: str, help: str, default: str | None = None) -> Setting:
    return Setting(name=name, type=str, default=default, metavar=metavar, help=help)


def _path(name: str, metavar: str, help: str) -> Setting:
    return Setting(name=name, type=Path, default=None, metavar=metavar, help=help)


def _number(name: str, default: float, help: str, least: float = 0.01) -> Setting:
    return Setting(name=name, type=float, default=default, minimum=least, help=help)


def _count(name: str, default: int, help: str, least: int = 1, most: int | None = None) -> Setting:
    return Setting(name=name, type=int, default=default, minimum=least, maximum=most, help=help)


_SERVED: Final = (
    _text(
        "source",
        "DIR",
        "What `burgee build --out` writes to; it is followed for as long as the node runs.",
    ),
    _text("environment", "NAME", "The one environment that this node serves."),
    Setting(
        name="trust",
        type=Path,
        default=(),
        many=True,
        metavar="PUBFILE",
        help="A public key; with any, only snapshots signed by one of them are served.",
    ),
    _flag(
        "allow-unsigned",
        "Take unsigned snapshots from a remote source; a local folder needs no such leave.",
    ),
    _flag("any-order", "Take whatever the source holds, older snapshots too; for `burgee up`."),
    _path("state-dir", "DIR", "Where a copy of what was served last is kept, to start from."),
    _number("poll-seconds", 1.0, "How often to look at the source where no file event comes."),
)

_LISTENING: Final = (
    _text("host", "HOST", "The address to listen on.", "127.0.0.1"),
    _count("port", 8080, "The port to listen on; 0 takes a free one.", 0, 65535),
    _count("workers", 1, "How many processes answer requests.", 1, 256),
    _text(
        "admin-listen",
        "[HOST:]PORT",
        "Where figures by tenant, flag and variant are shown, without a token; on loopback where "
        "no host is named. Off where left out.",
    ),
    _number("grace-seconds", 30.0, "How long requests under way may take once the node stops.", 0),
    _number(
        "drain-seconds",
        1.0,
        "How long connections that are open are still answered, each for the last time, once the "
        "node stops; part of the grace.",
        0,
    ),
)

_CALLERS: Final = (
    _path("clients", "FILE", "Clients that may call, one a line; see `burgee client add`."),
    _text("jwks", "FILE-or-URL", "Public keys that JWTs are signed with."),
    _text("issuer", "TEXT", "The `iss` that JWTs must name; needed with `--jwks`."),
    _text("audience", "TEXT", "The `aud` that JWTs must name.", "edge"),
    _path("hs256-secret-file", "FILE", "A shared secret for JWTs that may evaluate only."),
    _text("default-tenant", "TENANT", "The tenant of requests that name none."),
    _flag("insecure", "Let everybody on this machine do everything; on loopback only."),
    Setting(
        name="cors-origin",
        type=str,
        default=("*",),
        many=True,
        metavar="ORIGIN",
        help="An origin whose pages may read answers, such as https://shop.example; * is all.",
    ),
)

_BOUNDS: Final = (
    _count("body-bytes", _LIMITS.body_bytes, "The largest body (413).", 1024),
    _count("head-bytes", _LIMITS.head_bytes, "The largest head (431).", 1024),
    _count("head-fields", _LIMITS.head_fields, "The most header fields (431)."),
    _number("head-seconds", _LIMITS.head_seconds, "Within which a head arrives (408)."),
    _number("body-seconds", _LIMITS.body_seconds, "Within which a body arrives (408)."),
    _number("keep-alive-seconds", _LIMITS.keep_alive_seconds, "How long idle connections stay."),
    _count("cache-bytes", 8 * 1024 * 1024, "The most memory for answers kept, for each tenant.", 0),
)

_EVENTS: Final = (
    _count(
        "event-streams",
        1000,
        "The most streams of events, of each of the two kinds and for each worker (503).",
        0,
    ),
    _number("event-keep-alive-seconds", 15.0, "How often a quiet stream gets a sign of life."),
    _path(
        "events-secret-file",
        "FILE",
        "A secret of at least 32 bytes, the same on all nodes of a fleet; with it OFREP's bulk "
        "answers offer an event stream.",
    ),
    _text(
        "public-url",
        "URL",
        "Where clients reach the node, for event streams behind a gateway that adds a path.",
    ),
)

_LOGS: Final = (
    Setting(
        name="log-level",
        type=str,
        default="info",
        choices=("debug", "info", "warning", "error"),
        help="What is logged.",
    ),
    Setting(
        name="access-log-sample",
        type=float,
        default=1.0,
        minimum=0,
        maximum=1,
        help="The share of requests that get a line; failures always do.",
    ),
)

_ALL: Final = (*_SERVED, *_LISTENING, *_CALLERS, *_BOUNDS, *_EVENTS, *_LOGS)

TABLE: Final = SettingsTable("BURGEE_EDGE_", _ALL)
