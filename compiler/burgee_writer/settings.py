"""The settings of a writer: the source of its options, environment variables and docs."""

from typing import Final

from burgee_http.common_settings import limit_settings, log_settings, stopping_settings
from burgee_http.limits import Limits
from burgee_http.principal import LEAST_RATE
from burgee_http.settings import SettingsTable, count, flag, number, path, paths, text, texts

__all__ = ["TABLE"]

_REPOSITORY: Final = (
    text(
        "repo",
        "PATH-or-URL",
        "The git repository that is written to: a path, or a remote by file, ssh or https.",
    ),
    text("branch", "NAME", "The branch that is written to; left out: the repository's own HEAD."),
    text(
        "folder",
        "DIR",
        "The folder of the repository that `burgee.yaml` stands in; left out: the one that is "
        "named, or the top one.",
    ),
    path("repo-token-file", "FILE", "A token for the remote, by https."),
    number("remote-seconds", 30.0, "How long the remote may take to answer."),
    path(
        "state-dir",
        "DIR",
        "Where keys and what is worked out of the history are kept; left out: one for each "
        "repository, below the user's state folder (~/.local/state/burgee/writer).",
    ),
)

_COMMITS: Final = (
    path(
        "signing-key",
        "FILE",
        "An SSH key (Ed25519, without a passphrase) that commits are signed with; left out: one "
        "that is made in the state folder.",
    ),
    paths(
        "retired-key",
        "PUBFILE",
        "The public half of a key that commits were signed with earlier, or that another writer "
        "of the branch signs with: those commits count as a writer's.",
    ),
    text("committer-name", "NAME", "Who commits; the author is the caller.", "burgee writer"),
    text("committer-email", "ADDRESS", "The committer's address.", "writer@burgee.invalid"),
    text(
        "author-domain",
        "DOMAIN",
        "The domain of the author's address where the caller's name is no address.",
        "users.burgee.invalid",
    ),
)

_LISTENING: Final = (
    text("host", "HOST", "The address to listen on.", "127.0.0.1"),
    count("port", 8081, "The port to listen on; 0 takes a free one.", 0, 65535),
    text("public-url", "URL", "Where clients reach the writer, behind a gateway or proxy."),
    *stopping_settings("writer"),
)

_CALLERS: Final = (
    path("clients", "FILE", "Clients that may call, one a line; see `burgee client add`."),
    text("jwks", "FILE-or-URL", "Public keys of an identity provider, whose tokens are taken."),
    text("issuer", "TEXT", "The `iss` of the provider's tokens; needed with `--jwks`."),
    text("default-tenant", "TENANT", "The tenant of requests that name none."),
    flag("insecure", "Let everybody on this machine do everything; on loopback only."),
    texts(
        "cors-origin",
        "ORIGIN",
        "An origin whose pages may read answers, such as https://shop.example; * is all.",
    ),
    number(
        "rate",
        None,
        "Requests a second, on average, for each caller without a rate in the clients file.",
        LEAST_RATE,
    ),
)

_TOKENS: Final = (
    text(
        "token-issuer",
        "TEXT",
        "The `iss` of tokens that are made here; left out: the public URL, or where it listens.",
    ),
    count("token-seconds", 21_600, "How long a token that is made here is good.", 60, 86_400),
    count("token-key-days", 30, "How long one key signs tokens, before the next one does.", 1, 365),
)

_WEBHOOKS: Final = (
    texts("webhook-host", "HOST", "A host that changes may be told to; without any, none is."),
    flag("webhook-private", "Let webhooks go to private addresses."),
    path("webhook-secrets-file", "FILE", "The secrets that webhooks are signed with, by name."),
)

_BOUNDS: Final = (
    *limit_settings(Limits(body_bytes=1024 * 1024)),
    count("event-streams", 1000, "The most streams of events (503).", 0),
    number("event-keep-alive-seconds", 15.0, "How often a quiet stream gets a sign of life."),
)

_ALL: Final = (
    *_REPOSITORY,
    *_COMMITS,
    *_LISTENING,
    *_CALLERS,
    *_TOKENS,
    *_WEBHOOKS,
    *_BOUNDS,
    *log_settings(),
)

TABLE: Final = SettingsTable("BURGEE_WRITER_", _ALL)
