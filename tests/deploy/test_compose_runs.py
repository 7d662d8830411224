"""Promise: the services of compose.yaml, started with its commands, settings and secrets, are one
system: a switch that is thrown through nginx at the writer is seen through nginx at the nodes.

The images are left out, since no engine runs here: programs run as they are, on loopback.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from support.command import PYTHON, environment
from support.deployed import COMPOSE, DEPLOY, Places, proxied
from support.servers.programs import program
from support.servers.running import running_server
from support.waiting import until

SERVICES = COMPOSE["services"]
EDGES = ("edge-1", "edge-2")
ADDRESSES = {
    "store": 7070,
    "redis": 6379,
    "writer": 8081,
    "publisher": 9090,
    "edge-1": 8080,
    "edge-2": 8080,
}


def asked(port: int, method: str, path: str, key: str, body: object = None) -> dict[str, Any]:
    """The JSON that is answered with 200, at a port of nginx."""
    headers = {"Authorization": f"Bearer {key}", "X-Tenant-ID": "acme"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        assert answer.status == 200, found
        return found


@pytest.mark.slow
def test_a_switch_that_is_thrown_is_seen(tmp_path: Path) -> None:
    places = Places(tmp_path, ADDRESSES)
    keys = prepare(tmp_path)
    with ExitStack() as stack:
        for name in ("store", "redis"):
            stack.enter_context(served(places, name))
        names = ("writer", "publisher", *EDGES)
        started = {name: stack.enter_context(places.running(name)) for name in names}
        for name, process in started.items():
            places.wait(name, process)
        given = {f"{name}:{ADDRESSES[name]}": places.ports[name] for name in places.ports}
        ports = stack.enter_context(proxied(tmp_path / "nginx", given))
        path = "/v1/users/u-1/flags/welcome-banner"

        def reason() -> str:
            return str(asked(ports["nodes"], "GET", path, keys["app"])["reason"])

        until(
            lambda: all(_ready(places.ports[f"edge-{n}"]) for n in (1, 2)), "both have a snapshot"
        )
        assert reason() != "flag_off"
        asked(
            ports["writer"],
            "PUT",
            "/v1/flags/welcome-banner/state",
            keys["operator"],
            {"state": "off"},
        )
        begun = time.monotonic()
        until(lambda: {reason() for _ in range(6)} == {"flag_off"}, "both nodes have heard")
        assert time.monotonic() - begun < 10
        for each in EDGES:
            told = re.search(
                r'burgee_wakes_total\{kind="redis"\} (\S+)', _metrics(places.ports[each])
            )
            assert told is not None
            assert float(told[1]) > 0, "called, not only polled"
        started["edge-1"].kill()
        assert {reason() for _ in range(10)} == {"flag_off"}


def prepare(folder: Path) -> dict[str, str]:
    """Make secrets and the first repository as compose and its script do; return keys by client."""
    (folder / "bin").mkdir()
    burgee = folder / "bin" / "burgee"
    burgee.write_text(f'#!/bin/sh\nexec {" ".join(PYTHON)} "$@"\n', encoding="utf-8")
    burgee.chmod(0o755)
    shell = environment(BURGEE=str(burgee), PATH=f"{burgee.parent}:/usr/local/bin:/usr/bin:/bin")
    made = subprocess.run(
        [DEPLOY / "make-secrets.sh", folder / "run" / "secrets"],
        env=shell,
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "srv" / "repository").mkdir(parents=True)
    script = SERVICES["first-repository"]["entrypoint"][-1]
    script = script.replace("/tmp/first", f"{folder}/first")
    script = script.replace("/srv/repository", f"{folder}/srv/repository")
    subprocess.run(["sh", "-euc", script], env=shell, check=True, stdout=subprocess.DEVNULL)
    for each in SERVICES["store-folders"]["entrypoint"][2:]:
        (folder / each.removeprefix("/")).mkdir(parents=True)
    return dict(line.split() for line in made.stdout.splitlines() if line.count(" ") == 1)


def served(places: Places, name: str) -> Any:
    """A server that is not ours, with the command that compose gives it."""
    words = [places.put(word, name) for word in SERVICES[name]["command"]]
    if name == "redis":
        words += ["--port", str(places.ports[name]), "--bind", "127.0.0.1"]
        words += ["--dir", str(places.folder)]
    server = words.pop(0) if name == "redis" else "versitygw"
    log = places.folder / f"{name}.log"
    command: list[str | Path] = [program(server), *words]
    return running_server(command, places.ports[name], log, places.variables(name))


def _metrics(port: int) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


def _ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
