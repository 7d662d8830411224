"""Settings that cannot work are told, all at once, before anything is served."""

from pathlib import Path
from typing import Any

import pytest

from burgee_edge.options import read_options
from burgee_edge.settings import TABLE
from burgee_http.settings import SettingsError, read_settings
from support.edge import clients_file
from support.node_process import NodeProcess

GOOD: dict[str, Any] = {"source": "dist", "environment": "production", "insecure": True}


def options(environ: dict[str, str] | None = None, **changes: Any) -> Any:
    given = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return read_options(read_settings(TABLE, given, environ or {}))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"source": None}, "--source is needed"),
    ({"environment": None}, "--environment is needed"),
    ({"environment": "../x"}, "--environment '../x' is no name"),
    ({"source": "https://flags.example/set"}, "a remote source needs --trust"),
    ({"source": "s3://bucket/x"}, "a remote source needs --trust"),
    ({"source": "ftp://x", "allow_unsigned": True}, "a node reads from a folder, or from http://"),
    ({"source": "https://a:b@x", "allow_unsigned": True}, "a name or password in it"),
    ({"source": "https://x/?a=b", "allow_unsigned": True}, "has a query"),
    ({"source": "https://", "allow_unsigned": True}, "is no URL"),
    ({"source_token_file": "t"}, "--source-token-file is for a source at an https:// URL"),
    ({"source": "s3://b", "source_token_file": "t"}, "from the environment, as the store's own"),
    ({"source": "http://flags.example", "source_token_file": "t"}, "the token in clear"),
    ({"source": __file__}, "is no folder"),
    ({"insecure": False}, "nobody could be let in"),
    ({"clients": "clients.yaml"}, "it cannot stand beside --clients"),
    ({"jwks": "keys.json", "issuer": "x"}, "it cannot stand beside --jwks"),
    ({"host": "0.0.0.0"}, "--insecure is for loopback only"),
    ({"host": "10.0.0.1"}, "--insecure is for loopback only"),
    ({"insecure": False, "jwks": "keys.json"}, "--jwks needs --issuer"),
    ({"default_tenant": "a b"}, "--default-tenant 'a b' is no name"),
    ({"admin_listen": "x"}, "is not [HOST:]PORT"),
    ({"admin_listen": "1:99999"}, "is not [HOST:]PORT"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_problems(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        options(**changes)
    assert any(message in problem for problem in caught.value.problems)


def test_all_problems_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        options(source=None, environment=None, insecure=False)
    assert len(caught.value.problems) == 3


LISTENS = [
    (None, None),
    ("9000", ("127.0.0.1", 9000)),
    (":9000", ("127.0.0.1", 9000)),
    ("0.0.0.0:9000", ("0.0.0.0", 9000)),
    ("[::1]:0", ("::1", 0)),
]


@pytest.mark.parametrize(("given", "expected"), LISTENS)
def test_where_the_admin_listener_listens(given: str | None, expected: object) -> None:
    assert options(admin_listen=given).admin == expected


def test_the_environment_names_settings_too() -> None:
    found = options({"BURGEE_EDGE_BODY_BYTES": "5000", "BURGEE_EDGE_PORT": "tcp://10.0.0.1:80"})
    assert (found.limits.body_bytes, found.port) == (5000, 8080)


def test_the_options_that_scripts_rely_on() -> None:
    names = {setting.name for setting in TABLE.settings}
    assert names >= {
        "source", "environment", "host", "port", "workers", "trust", "allow-unsigned",
        "default-tenant", "clients", "jwks", "issuer", "audience", "hs256-secret-file",
        "state-dir", "insecure", "admin-listen",
    }  # fmt: skip
    assert TABLE.prefix == "BURGEE_EDGE_"


EXITS: list[tuple[dict[str, Any], str]] = [
    ({}, "nobody could be let in"),
    ({"clients": "absent.yaml"}, "absent.yaml"),
    ({"hs256_secret_file": "short"}, "fewer than 32 bytes"),
    ({"insecure": True, "trust": ["short"]}, "holds no public key"),
    ({"insecure": True, "host": "192.0.2.1"}, "loopback only"),
    ({"insecure": True, "state_dir": "short"}, "short: File exists"),
]


@pytest.mark.parametrize(("settings", "message"), EXITS)
@pytest.mark.parametrize("workers", [1, 2])
def test_what_cannot_be_used_ends_it_with_2(
    tmp_path: Path, settings: dict[str, Any], message: str, workers: int
) -> None:
    (tmp_path / "short").write_text("short")
    given = {
        name: [str(tmp_path / each) for each in value]
        if isinstance(value, list)
        else tmp_path / value
        if isinstance(value, str) and name != "host"
        else value
        for name, value in settings.items()
    }
    with NodeProcess(source=tmp_path, workers=workers, **given) as node:
        code, told = node.finish()
    assert code == 2
    assert told.startswith("error: ")
    assert message in told
    assert told.count("error: ") == 1
    assert "Traceback" not in told


def test_a_broken_clients_file_ends_it_with_2(tmp_path: Path) -> None:
    path = clients_file(tmp_path, app={"scopes": []})
    with NodeProcess(source=tmp_path, clients=path) as node:
        code, told = node.finish()
    assert (code, "scopes" in told) == (2, True)
