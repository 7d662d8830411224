"""Promise: the code that the guide gives to receivers tells a genuine call from a forged one."""

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from burgee_compiler.definitions import read_definition
from burgee_compiler.model.files import TENANT, Tenant
from burgee_writer.webhooks.events import Event
from burgee_writer.webhooks.settings import parse_secrets
from support.hooked import SECRET, ListedChanges, running
from support.process import ROOT
from support.scripted_server import Asked, scripted_server
from support.waiting import until

GUIDE = (ROOT / "docs" / "guides" / "webhooks.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A call as the writer makes it."""
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path_factory.mktemp("state"), changes):
        changes.add(receiver.url, action="flag.state", reason="größer")
        until(lambda: receiver.asked, "a call")
        return receiver.asked[0]


def test_the_function(call: Asked) -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)
    check: Callable[..., bool] = names["is_from_burgee"]
    header = call.headers["burgee-signature"]
    at, _, made = header.partition(",")
    assert check(header, call.body, SECRET)
    assert check(f"{at},v1={'0' * 64},{made}", call.body, SECRET), "two while one is replaced"
    assert not check(header, call.body + b" ", SECRET)
    assert not check(header, call.body, "another secret")
    assert not check(f"t={int(time.time()) - 100},{made}", call.body, SECRET)
    assert not check(header, call.body, SECRET, within=-1), "too old"
    for nonsense in (
        "",
        "t=",
        "v1=",
        at,
        made,
        "t=x,v1=y",
        ",,,",
        f"{at},v1=\xe9",
        "t=\u0661,v1=0",
    ):
        assert not check(nonsense, call.body, SECRET), nonsense


def test_the_shell(call: Asked, tmp_path: Path) -> None:
    def said(body: bytes, secret: str) -> str:
        (tmp_path / "body.json").write_bytes(body)
        done = subprocess.run(
            ["sh", "-c", blocks("sh")[0]],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin:/usr/local/bin",
                "SIGNATURE": call.headers["burgee-signature"],
                "SECRET": secret,
            },
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return done.stdout.strip()

    assert said(call.body, SECRET) == "genuine"
    assert said(call.body + b" ", SECRET) == "forged"
    assert said(call.body, "another secret") == "forged"


def test_the_files_and_the_event_that_it_shows() -> None:
    tenant, secrets = blocks("yaml")
    made, found = read_definition(tenant.encode(), "acme/tenant.yaml", TENANT, None)
    assert found == []
    assert isinstance(made, Tenant)
    assert parse_secrets(secrets.encode())[made.webhooks[0].secret].signs_for("acme")
    fields = re.findall(r'^  "(\w+)":', blocks("json")[0], re.MULTILINE)
    assert [*fields[:7], "more_entities", *fields[7:]] == list(Event.__struct_fields__)
