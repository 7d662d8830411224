"""From settings to checked options: everything that can be wrong with them, at once."""

import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import pygit2
from msgspec import Struct

from burgee_compiler.cache.place import state_folder
from burgee_http.common_settings import PUBLIC_URL, read_limits
from burgee_http.insecure import is_loopback
from burgee_http.limits import Limits
from burgee_http.principal import TENANT, Rate, rate_of
from burgee_http.settings import SettingsError

__all__ = ["Options", "read_options"]

_SCHEMES: Final = ("file", "git", "http", "https", "ssh")
_BY_SSH: Final = re.compile(r"[^-/:][^/:]*:[^:].*")  # host:path; `ext::…` would run a program
_DOMAIN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f<>]")  # what would end a name or address in a commit


class Options(Struct, frozen=True, kw_only=True):
    """The settings of a writer, whole and consistent."""

    repo: str
    branch: str | None
    folder: str | None
    repo_token_file: Path | None
    remote_seconds: float
    state_dir: Path
    signing_key: Path | None
    retired_keys: tuple[Path, ...]
    committer_name: str
    committer_email: str
    author_domain: str
    host: str
    port: int
    public_url: str | None
    grace_seconds: float
    drain_seconds: float
    clients: Path | None
    jwks: str | None
    issuer: str | None
    default_tenant: str | None
    insecure: bool
    cors_origins: tuple[str, ...]
    rate: Rate | None
    token_issuer: str
    token_seconds: int
    token_key_days: int
    webhook_hosts: tuple[str, ...]
    webhook_private: bool
    webhook_secrets_file: Path | None
    event_streams: int
    event_keep_alive_seconds: float
    log_level: str
    access_log_sample: float
    limits: Limits

    @property
    def remote(self) -> bool:
        """Whether the repository is one that is fetched from and pushed to."""
        return _is_remote(self.repo)


def read_options(values: Mapping[str, Any]) -> Options:
    """Return the options; raises SettingsError with every problem."""
    problems = [*_repository(values), *_commits(values), *_callers(values), *_tokens(values)]
    if problems:
        raise SettingsError(problems)
    made = {
        "state_dir": values["state_dir"] or _state_of(values["repo"]),
        "retired_keys": values["retired_key"],
        "public_url": values["public_url"] and values["public_url"].rstrip("/"),
        "cors_origins": values["cors_origin"],
        "rate": None if values["rate"] is None else rate_of(values["rate"]),
        "token_issuer": _token_issuer(values),
        "webhook_hosts": values["webhook_host"],
        "limits": read_limits(values),
    }
    same = set(Options.__struct_fields__) - set(made)
    return Options(**{name: values[name] for name in same}, **made)


def _repository(values: Mapping[str, Any]) -> list[str]:
    problems = _place(values["repo"], has_token=values["repo_token_file"] is not None)
    branch, folder = values["branch"], values["folder"]
    if branch is not None and not _is_branch(branch):
        problems.append(f"--branch {branch!r} is no name of a branch")
    if folder is not None:
        parts = PurePosixPath(folder).parts
        if folder.startswith("/") or ".." in parts or ".git" in parts or _UNFIT.search(folder):
            problems.append(f"--folder {folder!r} is no folder inside the repository")
    return problems


def _place(repo: str | None, *, has_token: bool) -> list[str]:
    """What is wrong with where the repository is."""
    if not repo:
        return ["--repo is needed: the git repository that is written to"]
    if not _is_remote(repo):
        problems = [] if Path(repo).is_dir() else [f"--repo {repo} is no folder"]
        return problems + (["--repo-token-file is for a remote by https"] if has_token else [])
    scheme, _, _ = repo.partition("://")
    if "://" not in repo:
        return ["--repo-token-file is for a remote by https"] if has_token else []
    if scheme not in _SCHEMES:
        return [f"--repo: {scheme!r} is none of {', '.join(_SCHEMES)}"]
    address = urlsplit(repo)
    if address.password is not None:
        return ["--repo holds a password; put it into a file and name that by --repo-token-file"]
    local = address.hostname is not None and is_loopback(address.hostname)
    if has_token and scheme != "https" and not (scheme == "http" and local):
        return ["--repo-token-file is for a remote by https"]
    return []


def _is_remote(repo: str) -> bool:
    by_ssh = _BY_SSH.fullmatch(repo) is not None and not Path(repo).exists()
    return "://" in repo or by_ssh


def _is_branch(name: str) -> bool:
    return not name.startswith("-") and pygit2.reference_is_valid_name(f"refs/heads/{name}")


def _state_of(repo: str) -> Path:
    """The folder that belongs to a repository where none is named."""
    place = repo if _is_remote(repo) else os.fspath(Path(repo).resolve())
    name = re.sub(r"[^A-Za-z0-9_-]", "-", PurePosixPath(place).name) or "root"
    return state_folder() / "writer" / f"{name}-{sha256(os.fsencode(place)).hexdigest()[:12]}"


def _commits(values: Mapping[str, Any]) -> list[str]:
    problems = [
        f"--{option} {values[key]!r} is nothing that a commit can name"
        for option, key in (
            ("committer-name", "committer_name"),
            ("committer-email", "committer_email"),
        )
        if not values[key].strip() or _UNFIT.search(values[key])
    ]
    if not _DOMAIN.fullmatch(values["author_domain"]):
        problems.append(f"--author-domain {values['author_domain']!r} is no domain")
    return problems


def _callers(values: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    doors = [f"--{name}" for name in ("clients", "jwks") if values[name]]
    if values["insecure"]:
        if doors:
            named = ", ".join(doors)
            problems.append(f"--insecure lets everybody in; it cannot stand beside {named}")
        if not is_loopback(values["host"]):
            problems.append(f"--insecure is for loopback only, not for --host {values['host']}")
    elif not doors:
        problems.append(
            "nobody could be let in: give --clients or --jwks, or for trying things out on this "
            "machine --insecure"
        )
    if values["jwks"] and not values["issuer"]:
        problems.append("--jwks needs --issuer: who makes the tokens")
    tenant = values["default_tenant"]
    if tenant is not None and not TENANT.fullmatch(tenant.encode("utf-8", "replace")):
        problems.append(f"--default-tenant {tenant!r} is no name of a tenant")
    return problems


def _tokens(values: Mapping[str, Any]) -> list[str]:
    url = values["public_url"]
    problems: list[str] = []
    if url and not PUBLIC_URL.fullmatch(url):
        problems.append(f"--public-url {url!r} is not http(s)://HOST[:PORT][/PATH]")
    issuer = _token_issuer(values)
    if not issuer.isprintable() or not issuer.strip():
        problems.append(f"--token-issuer {issuer!r} is nothing that tokens can name")
    if values["jwks"] and issuer == values["issuer"]:
        problems.append(
            f"--issuer {issuer} is this writer's own: its tokens could not be told from the "
            "provider's; name another by --token-issuer"
        )
    return problems


def _token_issuer(values: Mapping[str, Any]) -> str:
    """The name in tokens: it must outlast a restart, so a port that is free by chance is not
    part of it.
    """
    if values["token_issuer"] is not None:
        return str(values["token_issuer"])
    if values["public_url"]:
        return str(values["public_url"]).rstrip("/")
    host, port = values["host"], values["port"]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}" if port else f"http://{shown}"
