"""Promise: `burgee writer` takes each setting of its table, lets nobody in by accident, and gives
tokens to clients of its file, which an edge node takes by the writer's public keys.
"""

import json
import re
import signal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from burgee_writer.settings import TABLE
from support.command import run_burgee, start_burgee
from support.edge_process import burgee_process, edge_process, wait_for_text
from support.flag_repository import FlagRepository
from support.token_writer import unverified
from support.wire import ask

LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")
SERVED = ("writer", "--repo", "repo", "--state-dir", "state")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("writer")
    key = run_burgee(
        *("client", "add", "ci", "--clients", "clients.yaml", "--json"),
        *("--tenant", "acme", "--scope", "admin"),
        cwd=folder,
    )
    FlagRepository(folder / "repo", {"flags/f.yaml": "default: off\n"}).commit()
    (folder / "key").write_text(key.json()["secret"], encoding="utf-8")
    return folder


def test_help_has_each_setting(tmp_path: Path) -> None:
    shown = run_burgee("writer", "--help", cwd=tmp_path).stdout
    options = [setting.option for setting in TABLE.settings if setting.option is not None]
    assert [option for option in options if option not in shown] == []


@pytest.mark.parametrize(
    ("options", "env", "said"),
    [
        (SERVED, {}, "nobody could be let in"),
        (("writer", "--insecure"), {}, "--repo is needed"),
        ((*SERVED, "--insecure", "--host", "0.0.0.0"), {}, "for loopback only"),
        ((*SERVED, "--insecure"), {"BURGEE_WRITER_PORT": "70000"}, "BURGEE_WRITER_PORT: 70000"),
        ((*SERVED, "--clients", "nowhere.yaml"), {}, "--clients nowhere.yaml: No such file"),
        ((*SERVED, "--jwks", "keys.json"), {}, "--jwks needs --issuer"),
    ],
)
def test_settings_that_cannot_be_used_are_2(
    place: Path, options: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    done = run_burgee(*options, cwd=place, env=env)
    assert done.returncode == 2, done.shown
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def token_of(place: Path, port: int, audience: str) -> str:
    asked = {
        "grant_type": "client_credentials",
        "client_id": "ci",
        "client_secret": (place / "key").read_text(encoding="utf-8"),
        "audience": audience,
    }
    answer = ask(port, "POST", "/v1/auth/token", None, urlencode(asked).encode())
    assert answer.status == 200, answer.body
    assert answer.json()["scope"] == "evaluate flags:r flags:rw admin"
    return str(answer.json()["access_token"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_token_lets_its_client_in_at_a_node(
    place: Path, repo: Path, number: signal.Signals, code: int
) -> None:
    """The node has only the public keys, fetched from the writer."""
    dist = place / "dist"
    assert run_burgee("build", repo, "--out", dist, cwd=place).returncode == 0
    options = ("--clients", "clients.yaml", "--port", "0", "--token-issuer", "our-writer")
    with start_burgee(*SERVED, *options, cwd=place) as writer:
        assert writer.stdout is not None
        url = writer.stdout.readline().removeprefix("listening on ").strip()
        port = int(url.rpartition(":")[2])
        assert ask(port, "GET", "/healthz").body == b"ok"
        keys = ("--jwks", f"{url}/.well-known/jwks.json", "--issuer", "our-writer")
        with edge_process(dist, *keys) as node:
            for audience, status in (("edge", 200), ("writer", 401)):
                token = token_of(place, port, audience)
                answer = node.ofrep(
                    "welcome-banner", {"targetingKey": "u"}, Authorization=f"Bearer {token}"
                )
                assert answer.status == status, answer.body
        writer.send_signal(number)
        _, log = writer.communicate(timeout=30)
    assert writer.returncode == code
    assert (place / "key").read_text(encoding="utf-8") not in log
    assert "Traceback" not in log


def test_the_log_names_the_client_and_no_secret(place: Path) -> None:
    arguments = (*SERVED, "--clients", "clients.yaml", "--port", "0")
    with burgee_process(*arguments, cwd=place) as (process, log):
        found = wait_for_text(process, log, LISTENING)
        token = token_of(place, int(found[1]), "writer")
        text = log.read_text(encoding="utf-8")
    [issued] = [json.loads(line) for line in text.splitlines() if '"token issued"' in line]
    assert (issued["subject"], issued["audience"]) == ("ci", "writer")
    assert issued["jti"] == unverified(token)["jti"]
    assert token not in text
    assert (place / "key").read_text(encoding="utf-8") not in text
