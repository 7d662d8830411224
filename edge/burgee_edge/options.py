"""From settings to checked options: everything that can be wrong with them, at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from burgee.client.http import read_address
from burgee_edge.exposures.opening import check_sink
from burgee_edge.sources.opening import SCHEMES
from burgee_edge.sources.wake_url import WakeUrl, read_wake_url
from burgee_http.common_settings import PUBLIC_URL, read_limits
from burgee_http.insecure import is_loopback
from burgee_http.limits import Limits
from burgee_http.principal import TENANT
from burgee_http.settings import SettingsError

__all__ = ["Options", "read_options"]


class Options(Struct, frozen=True, kw_only=True):
    """The settings of a node, whole and consistent."""

    source: str
    source_token_file: Path | None
    environment: str
    trust: tuple[Path, ...]
    any_order: bool
    state_dir: Path | None
    poll_seconds: float
    wake: tuple[WakeUrl, ...]
    wake_password: str | None
    max_staleness: float | None
    max_document_bytes: int
    host: str
    port: int
    workers: int
    admin: tuple[str, int] | None
    grace_seconds: float
    clients: Path | None
    jwks: str | None
    issuer: str | None
    audience: str
    hs256_secret_file: Path | None
    default_tenant: str | None
    insecure: bool
    cors_origins: tuple[str, ...]
    cache_bytes: int
    log_level: str
    access_log_sample: float
    event_streams: int
    event_keep_alive_seconds: float
    events_secret_file: Path | None
    public_url: str | None
    exposures: str | None
    exposure_sample: float
    exposure_raw_users: bool
    drain_seconds: float
    limits: Limits


def read_options(values: Mapping[str, Any]) -> Options:
    """Return the options; raises SettingsError with every problem."""
    admin, bad_admin = _admin(values["admin_listen"])
    wake, bad_wake = _wake(values["wake"])
    problems = [
        *_served(values),
        *_callers(values),
        *bad_admin,
        *bad_wake,
        *_events(values),
        *_exposures(values),
    ]
    if problems:
        raise SettingsError(problems)
    other = {"wake", "admin", "cors_origins", "public_url", "limits"}
    same = set(Options.__struct_fields__) - other
    return Options(
        **{name: values[name] for name in same},
        admin=admin,
        wake=wake,
        cors_origins=values["cors_origin"],
        public_url=values["public_url"] and values["public_url"].rstrip("/"),
        limits=read_limits(values),
    )


def _served(values: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    source, environment = values["source"], values["environment"]
    if not source:
        problems.append("--source is needed: the folder or the URL that snapshots are at")
    elif "://" in source:
        problems += _remote(source, values)
    elif values["source_token_file"]:
        problems.append("--source-token-file is for a source at an https:// URL")
    elif Path(source).exists() and not Path(source).is_dir():
        problems.append(f"--source {source} is no folder")
    if not environment:
        problems.append("--environment is needed: the one that this node serves")
    elif not TENANT.fullmatch(environment.encode("utf-8", "replace")):
        problems.append(f"--environment {environment!r} is no name of an environment")
    return problems


def _remote(source: str, values: Mapping[str, Any]) -> list[str]:
    scheme = source.partition("://")[0]
    problems: list[str] = []
    if scheme not in SCHEMES:
        known = ", ".join(f"{each}://" for each in SCHEMES)
        return [f"--source {scheme}://…: a node reads from a folder, or from {known}"]
    if not values["trust"] and not values["allow_unsigned"]:
        problems.append(
            "a remote source needs --trust with the publisher's public key, or --allow-unsigned to "
            "serve whatever is there"
        )
    if scheme not in ("http", "https"):
        if values["source_token_file"]:
            problems.append(
                f"--source-token-file is for http(s)://; {scheme}:// takes its credentials from "
                "the environment, as the store's own tools do"
            )
        return problems
    try:
        address = read_address(source)
    except ValueError as error:
        return [*problems, f"--source: {error}"]
    if values["source_token_file"] and address.scheme == "http" and not address.loopback:
        problems.append("--source-token-file would send the token in clear: name an https:// URL")
    return problems


def _wake(given: Sequence[str]) -> tuple[tuple[WakeUrl, ...], list[str]]:
    found: list[WakeUrl] = []
    problems: list[str] = []
    for each in given:
        try:
            found.append(read_wake_url(each))
        except ValueError as error:
            problems.append(f"--wake: {error}")
    return tuple(found), problems


def _callers(values: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    doors = [name for name in ("clients", "jwks", "hs256_secret_file") if values[name]]
    if values["insecure"]:
        if doors:
            named = ", ".join(f"--{door.replace('_', '-')}" for door in doors)
            problems.append(f"--insecure lets everybody in; it cannot stand beside {named}")
        if not is_loopback(values["host"]):
            problems.append(f"--insecure is for loopback only, not for --host {values['host']}")
    elif not doors:
        problems.append(
            "nobody could be let in: give --clients, --jwks or --hs256-secret-file, or for trying "
            "things out on this machine --insecure"
        )
    if values["jwks"] and not values["issuer"]:
        problems.append("--jwks needs --issuer: who makes the tokens")
    tenant = values["default_tenant"]
    if tenant is not None and not TENANT.fullmatch(tenant.encode("utf-8", "replace")):
        problems.append(f"--default-tenant {tenant!r} is no name of a tenant")
    return problems


def _events(values: Mapping[str, Any]) -> list[str]:
    url = values["public_url"]
    if not url:
        return []
    if not PUBLIC_URL.fullmatch(url):
        return [f"--public-url {url!r} is not http(s)://HOST[:PORT][/PATH]"]
    if not values["events_secret_file"]:
        return ["--public-url needs --events-secret-file: it is for the event streams alone"]
    return []


def _exposures(values: Mapping[str, Any]) -> list[str]:
    problem = check_sink(values["exposures"]) if values["exposures"] else None
    return [] if problem is None else [problem]


def _admin(given: str | None) -> tuple[tuple[str, int] | None, list[str]]:
    if not given:
        return None, []
    host, _, port = given.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        return None, [f"--admin-listen {given!r} is not [HOST:]PORT"]
    return (host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)), []
