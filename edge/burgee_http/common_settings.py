"""Settings that both servers have alike: what a request may take, and what is logged."""

import re
from collections.abc import Mapping
from typing import Any, Final

from burgee_http.limits import Limits
from burgee_http.settings import Setting, count, number

__all__ = ["PUBLIC_URL", "limit_settings", "log_settings", "read_limits", "stopping_settings"]

PUBLIC_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?")


def limit_settings(limits: Limits) -> tuple[Setting, ...]:
    """`limits` are the defaults."""
    return (
        count("body-bytes", limits.body_bytes, "The largest body (413).", 1024),
        count("head-bytes", limits.head_bytes, "The largest head (431).", 1024),
        count("head-fields", limits.head_fields, "The most header fields (431)."),
        number("head-seconds", limits.head_seconds, "Within which a head arrives (408)."),
        number("body-seconds", limits.body_seconds, "Within which a body arrives (408)."),
        number("keep-alive-seconds", limits.keep_alive_seconds, "How long idle connections stay."),
    )


def read_limits(values: Mapping[str, Any]) -> Limits:
    """The limits that the values of `limit_settings` say."""
    return Limits(
        head_bytes=values["head_bytes"],
        head_fields=values["head_fields"],
        head_seconds=values["head_seconds"],
        body_bytes=values["body_bytes"],
        body_seconds=values["body_seconds"],
        keep_alive_seconds=values["keep_alive_seconds"],
    )


def stopping_settings(server: str) -> tuple[Setting, ...]:
    """`server` is what it is called: "node"."""
    return (
        number(
            "grace-seconds",
            30.0,
            f"How long requests under way may take once the {server} stops.",
            0,
        ),
        number(
            "drain-seconds",
            1.0,
            "How long connections that are open are still answered, each for the last time, once "
            f"the {server} stops; part of the grace.",
            0,
        ),
    )


def log_settings() -> tuple[Setting, ...]:
    return (
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
