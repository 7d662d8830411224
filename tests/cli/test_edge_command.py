"""Promise: `burgee edge` takes each setting of the node's table, and lets nobody in by accident."""

import http.client
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from burgee_edge.settings import TABLE
from support.command import run_burgee, start_burgee

SERVED = ("edge", "--source", "dist", "--environment", "production")


@pytest.fixture(scope="module")
def built(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edge")
    assert run_burgee("build", repo, "--out", folder / "dist", cwd=folder).returncode == 0
    key = run_burgee(
        *("client", "add", "shop", "--clients", "clients.yaml"),
        *("--tenant", "acme", "--scope", "evaluate"),
        cwd=folder,
    )
    (folder / "key").write_text(key.stdout.strip(), encoding="utf-8")
    return folder


def test_help_has_each_setting(tmp_path: Path) -> None:
    shown = run_burgee("edge", "--help", cwd=tmp_path).stdout
    options = [setting.option for setting in TABLE.settings if setting.option is not None]
    assert [option for option in options if option not in shown] == []


@pytest.mark.parametrize(
    ("options", "env", "said"),
    [
        (SERVED, {}, "nobody could be let in"),
        (("edge", "--insecure"), {}, "--source is needed"),
        ((*SERVED, "--insecure", "--host", "0.0.0.0"), {}, "for loopback only"),
        ((*SERVED, "--insecure", "--port", "x"), {}, "--port: 'x' is no whole number"),
        ((*SERVED, "--insecure"), {"BURGEE_EDGE_PORT": "70000"}, "BURGEE_EDGE_PORT: 70000"),
        ((*SERVED, "--clients", "nowhere.yaml"), {}, "nowhere.yaml"),
        ((*SERVED, "--jwks", "keys.json"), {}, "--jwks needs --issuer"),
    ],
)
def test_settings_that_cannot_be_used_are_2(
    built: Path, options: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    done = run_burgee(*options, cwd=built, env=env)
    assert done.returncode == 2, done.shown
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_serves_clients_of_the_clients_file(built: Path, number: signal.Signals, code: int) -> None:
    settings = {
        "BURGEE_EDGE_SOURCE": "dist",
        "BURGEE_EDGE_CLIENTS": "clients.yaml",
        "BURGEE_EDGE_PORT": "tcp://10.0.0.1:80",  # Kubernetes' doing, and no setting
    }
    options = ("--environment", "production", "--port", "0")
    with start_burgee("edge", *options, cwd=built, env=settings) as node:
        assert node.stdout is not None
        url = node.stdout.readline().removeprefix("listening on ").strip()
        key = (built / "key").read_text(encoding="utf-8")
        assert ask(url, {})[0] == 401
        status, answer = ask(url, {"Authorization": f"Bearer {key}"})
        assert (status, answer["value"], answer["reason"]) == (200, True, "TARGETING_MATCH")
        node.send_signal(number)
        node.communicate(timeout=30)
    assert node.returncode == code


def ask(url: str, headers: dict[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    body = json.dumps({"context": {"targetingKey": "u-1", "email": "ann@acme.example"}})
    try:
        connection.request("POST", "/ofrep/v1/evaluate/flags/welcome-banner", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
