"""The settings of an edge node: the source of its options, environment variables and docs."""

from typing import Final

from burgee_http.common_settings import limit_settings, log_settings, stopping_settings
from burgee_http.limits import Limits
from burgee_http.settings import (
    Setting,
    SettingsTable,
    count,
    flag,
    number,
    path,
    paths,
    text,
    texts,
)

__all__ = ["TABLE"]

_SERVED: Final = (
    text(
        "source",
        "DIR-or-URL",
        "Where snapshots are: what `burgee build --out` writes to, or `burgee publish`: a folder, "
        "https://…, s3://…, gs://…, az://…, or another node's https://NODE/v1/set.",
    ),
    path(
        "source-token-file",
        "FILE",
        "Holds the token that an https:// source asks for; read again when it changes.",
    ),
    text("environment", "NAME", "The one environment that this node serves."),
    paths(
        "trust",
        "PUBFILE",
        "A public key; with any, only snapshots signed by one of them are served.",
    ),
    flag(
        "allow-unsigned",
        "Take unsigned snapshots from a remote source; a local folder needs no such leave.",
    ),
    flag("any-order", "Take whatever the source holds, older snapshots too; for `burgee up`."),
    path("state-dir", "DIR", "Where a copy of what was served last is kept, to start from."),
    number("poll-seconds", 1.0, "How often to look at the source where nothing wakes the node."),
    texts(
        "wake",
        "URL",
        "Who says that there may be something new: redis://, rediss://, nats://, tls:// as "
        "`burgee publish --notify` has it.",
    ),
    Setting(
        name="wake-password",
        type=str,
        default=None,
        help="The password for `--wake`, where it needs one.",
        secret=True,
    ),
    number(
        "max-staleness",
        None,
        "Seconds without a sign of the source or its publisher after which /readyz says 503; an "
        "old snapshot unreadies no node where this is left out.",
    ),
    count(
        "max-document-bytes",
        256 * 1024 * 1024,
        "The longest document that is taken from a remote source.",
        1024,
    ),
)

_LISTENING: Final = (
    text("host", "HOST", "The address to listen on.", "127.0.0.1"),
    count("port", 8080, "The port to listen on; 0 takes a free one.", 0, 65535),
    count("workers", 1, "How many processes answer requests.", 1, 256),
    text(
        "admin-listen",
        "[HOST:]PORT",
        "Where figures by tenant, flag and variant are shown, without a token; on loopback where "
        "no host is named. Off where left out.",
    ),
    *stopping_settings("node"),
)

_CALLERS: Final = (
    path("clients", "FILE", "Clients that may call, one a line; see `burgee client add`."),
    text("jwks", "FILE-or-URL", "Public keys that JWTs are signed with."),
    text("issuer", "TEXT", "The `iss` that JWTs must name; needed with `--jwks`."),
    text("audience", "TEXT", "The `aud` that JWTs must name.", "edge"),
    path("hs256-secret-file", "FILE", "A shared secret for JWTs that may evaluate only."),
    text("default-tenant", "TENANT", "The tenant of requests that name none."),
    flag("insecure", "Let everybody on this machine do everything; on loopback only."),
    texts(
        "cors-origin",
        "ORIGIN",
        "An origin whose pages may read answers, such as https://shop.example; * is all.",
        ("*",),
    ),
)

_BOUNDS: Final = (
    *limit_settings(Limits()),
    count("cache-bytes", 8 * 1024 * 1024, "The most memory for answers kept, for each tenant.", 0),
)

_EXPOSURES: Final = (
    text(
        "exposures",
        "SINK",
        "Where it is written who was given which arm of an experiment: stdout, otlp, "
        "kafka://HOST:PORT/TOPIC, or MODULE:NAME of what makes a sink. Off where left out.",
    ),
    Setting(
        name="exposure-sample",
        type=float,
        default=1.0,
        help="The share of users whose exposures are written: all of a user's, or none.",
        minimum=0,
        maximum=1,
    ),
    flag("exposure-raw-users", "Write targeting keys as they are, not digests of them."),
)

_EVENTS: Final = (
    count(
        "event-streams",
        1000,
        "The most streams of events, of each of the two kinds and for each worker (503).",
        0,
    ),
    number("event-keep-alive-seconds", 15.0, "How often a quiet stream gets a sign of life."),
    path(
        "events-secret-file",
        "FILE",
        "A secret of at least 32 bytes, the same on all nodes of a fleet; with it OFREP's bulk "
        "answers offer an event stream.",
    ),
    text(
        "public-url",
        "URL",
        "Where clients reach the node, for event streams behind a gateway that adds a path.",
    ),
)

_ALL: Final = (*_SERVED, *_LISTENING, *_CALLERS, *_BOUNDS, *_EVENTS, *_EXPOSURES, *log_settings())

TABLE: Final = SettingsTable("BURGEE_EDGE_", _ALL)
