"""Promise: settings of a writer that cannot work are told, all at once, before it serves."""

from pathlib import Path
from typing import Any

import pytest

from burgee_http.limits import Limits
from burgee_http.principal import Rate
from burgee_http.settings import SettingsError, read_settings
from burgee_writer.options import Options, read_options
from burgee_writer.settings import TABLE

GOOD: dict[str, Any] = {"repo": "https://git.example/flags.git", "insecure": True}
TOKEN: dict[str, Any] = {"repo_token_file": "token"}
PROVIDER: dict[str, Any] = {"insecure": False, "jwks": "keys.json"}


def options(environ: dict[str, str] | None = None, **changes: Any) -> Options:
    given = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return read_options(read_settings(TABLE, given, environ or {}))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"repo": None}, "--repo is needed"),
    ({"repo": "no/such/folder"}, "--repo no/such/folder is no folder"),
    ({"repo": __file__}, "is no folder"),
    ({"repo": "ext::sh -c touch% x"}, "is no folder"),
    ({"repo": "-u:x"}, "is no folder"),
    ({"repo": "ftp://git.example/flags"}, "'ftp' is none of"),
    ({"repo": "https://ann:secret@git.example/flags"}, "holds a password"),
    ({"repo": "git@git.example:flags.git", **TOKEN}, "for a remote by https"),
    ({"repo": "ssh://git.example/flags.git", **TOKEN}, "for a remote by https"),
    ({"repo": "http://git.example/flags.git", **TOKEN}, "for a remote by https"),
    ({"repo": ".", **TOKEN}, "for a remote by https"),
    ({"branch": "a b"}, "--branch 'a b' is no name"),
    ({"branch": "-x"}, "--branch '-x' is no name"),
    ({"branch": "a..b"}, "is no name"),
    ({"branch": "x\n"}, "is no name"),
    ({"folder": "/etc"}, "is no folder inside"),
    ({"folder": "a/../../b"}, "is no folder inside"),
    ({"folder": ".git/x"}, "is no folder inside"),
    ({"committer_name": "a\nb"}, "--committer-name"),
    ({"committer_name": " "}, "--committer-name"),
    ({"committer_email": "a> <b"}, "--committer-email"),
    ({"author_domain": "a b"}, "is no domain"),
    ({"author_domain": "x>"}, "is no domain"),
    ({"insecure": False}, "nobody could be let in"),
    ({"clients": "clients.yaml"}, "it cannot stand beside --clients"),
    ({"jwks": "keys.json", "issuer": "x"}, "it cannot stand beside --jwks"),
    ({"host": "0.0.0.0"}, "--insecure is for loopback only"),
    (PROVIDER, "--jwks needs --issuer"),
    ({**PROVIDER, "issuer": "x", "token_issuer": "x"}, "this writer's own"),
    ({**PROVIDER, "issuer": "http://127.0.0.1:8081"}, "this writer's own"),
    ({"default_tenant": "a b"}, "--default-tenant 'a b' is no name"),
    ({"public_url": "writer.example"}, "--public-url"),
    ({"token_issuer": "a\nb"}, "--token-issuer"),
    ({"token_issuer": " "}, "--token-issuer"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_problems(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        options(**changes)
    assert any(message in problem for problem in caught.value.problems), caught.value.problems
    assert not any("secret@" in problem for problem in caught.value.problems)


def test_all_problems_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        options(repo=None, insecure=False, branch="a b", author_domain="", default_tenant="/")
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"token_seconds": 59},
        {"token_seconds": 86_401},
        {"token_key_days": 0},
        {"rate": 0},
        {"port": 70_000},
        {"body_bytes": 10},
    ],
)
def test_numbers_out_of_bounds(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="is outside"):
        options(**changes)


REPOSITORIES = [
    ("https://git.example/flags.git", True),
    ("file:///srv/flags.git", True),
    ("git://127.0.0.1:9418/flags", True),
    ("ssh://git@git.example/flags.git", True),
    ("git@git.example:flags.git", True),
    (str(Path(__file__).parent), False),
]


@pytest.mark.parametrize(("repo", "remote"), REPOSITORIES)
def test_repositories(repo: str, remote: bool) -> None:
    assert options(repo=repo).remote is remote


def test_a_token_for_a_remote() -> None:
    assert options(**TOKEN).repo_token_file == Path("token")
    assert options(repo="http://127.0.0.1:9/x", **TOKEN).repo_token_file == Path("token")


ISSUERS: list[tuple[dict[str, Any], str]] = [
    ({}, "http://127.0.0.1:8081"),
    ({"port": 0}, "http://127.0.0.1"),
    ({"host": "::1"}, "http://[::1]:8081"),
    ({"public_url": "https://writer.example/api/"}, "https://writer.example/api"),
    ({"token_issuer": "burgee", "public_url": "https://writer.example"}, "burgee"),
]


@pytest.mark.parametrize(("changes", "name"), ISSUERS)
def test_who_issues_tokens(changes: dict[str, Any], name: str) -> None:
    assert options(**changes).token_issuer == name


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = options()
    assert found.limits == Limits(body_bytes=1024 * 1024)
    assert (found.port, found.token_seconds, found.token_key_days) == (8081, 21_600, 30)
    assert (found.cors_origins, found.rate, found.webhook_hosts) == ((), None, ())
    assert not found.webhook_private
    assert found.author_domain == "users.burgee.invalid"
    # Each repository has a folder of its own.
    assert found.state_dir.parent == tmp_path / "burgee" / "writer"
    assert found.state_dir != options(repo="https://git.example/other/flags.git").state_dir
    assert options(state_dir="here").state_dir == Path("here")
    assert not any(tmp_path.iterdir())


def test_the_environment_names_settings_too() -> None:
    environ = {
        "BURGEE_WRITER_WEBHOOK_HOST": "a.example, b.example",
        "BURGEE_WRITER_RETIRED_KEY": "one.pub",
        "BURGEE_WRITER_RATE": "0.5",
        "BURGEE_WRITER_PORT": "tcp://10.0.0.1:80",  # Kubernetes' doing, and no setting
    }
    found = options(environ)
    assert found.webhook_hosts == ("a.example", "b.example")
    assert found.retired_keys == (Path("one.pub"),)
    assert (found.rate, found.port) == (Rate(0.5, 1), 8081)


def test_the_options_that_scripts_rely_on() -> None:
    names = {setting.name for setting in TABLE.settings}
    assert names >= {"repo", "branch", "host", "port", "clients", "state-dir"}
    assert TABLE.prefix == "BURGEE_WRITER_"
