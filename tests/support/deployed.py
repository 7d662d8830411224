"""What stands in deploy/, run on loopback: nginx as configured, services as compose starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from support.command import PYTHON, environment
from support.dockerfile import read_dockerfile
from support.process import ROOT
from support.servers.programs import program, program_environment
from support.servers.running import free_port, running_server
from support.waiting import until

__all__ = ["COMPOSE", "CONFIGURATION", "DEPLOY", "Places", "proxied"]

DEPLOY = ROOT / "deploy"
CONFIGURATION = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def placed(folder: Path, ports: Mapping[str, int]) -> Path:
    """Our configuration with its addresses and folders put where the test has them."""
    text = CONFIGURATION.replace("/tmp/", f"{folder}/").replace("/dev/stderr", f"{folder}/error")
    for name in ("edge-1:8080", "edge-2:8080", "writer:8081"):
        text = text.replace(f"server {name} ", f"server 127.0.0.1:{ports[name]} ")
    text = text.replace("listen 8080 ", f"listen 127.0.0.1:{ports['nodes']} ")
    text = text.replace("listen 8081;", f"listen 127.0.0.1:{ports['writer']};")
    path = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    path.write_text(user + text, encoding="utf-8")
    return path


@contextmanager
def proxied(folder: Path, ports: dict[str, int]) -> Iterator[dict[str, int]]:
    folder.mkdir()
    ports |= {"nodes": free_port(), "writer": free_port()}
    path = placed(folder, ports)
    command: list[str | Path] = [program("nginx"), "-p", folder, "-e", folder / "error", "-c", path]
    tried = subprocess.run(
        [*command, "-t"], env=program_environment(), capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr
    with running_server(command, ports["nodes"], folder / "log"):
        yield ports


class Places:
    """Where services of compose.yaml find in a test what they name: their files below a folder,
    each other on loopback.
    """

    def __init__(self, folder: Path, addresses: Mapping[str, int]) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in addresses}
        self._addresses = addresses
        self._stages = read_dockerfile(DEPLOY / "Dockerfile")

    def put(self, text: str, service: str) -> str:
        """Return a text of a service with its paths and addresses put where they are here."""
        for path in ("/srv/repository", "/run/secrets", "/data"):
            text = text.replace(path, f"{self.folder}{path}")
        text = text.replace("/var/lib/burgee", f"{self.folder}/state/{service}")
        for name, port in self._addresses.items():
            own = ("0.0.0.0", "127.0.0.1", "") if name == service else ()
            for host in (name, *own):
                if host or text.startswith(":"):
                    text = text.replace(f"{host}:{port}", f"127.0.0.1:{self.ports[name]}")
        return text

    def variables(self, service: str) -> dict[str, str]:
        """Return what image, files and settings of a service give it."""
        given = COMPOSE["services"][service]
        found: dict[str, str] = {}
        target = given.get("build", {}).get("target")
        for stage in () if target is None else ("edge", target):
            found |= self._stages[stage].environment()
        found.pop("PATH", None)
        for file in given.get("env_file", []):
            lines = (self.folder / "run" / file).read_text(encoding="utf-8").splitlines()
            found |= dict(line.split("=", 1) for line in lines)
        found |= given.get("environment", {})
        moved = {name: self.put(text, service) for name, text in found.items()}
        for name, text in moved.items():
            if name.endswith("_HOST"):
                moved[name] = "127.0.0.1"
            elif name.startswith("BURGEE_") and name.endswith("_PORT"):
                moved[name] = str(self.ports.get(service, text))
        return moved

    @contextmanager
    def running(self, service: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a service of ours until the block ends; `wait` says when it is well."""
        words = COMPOSE["services"][service].get("command") or ["edge"]
        command = [*PYTHON, *(self.put(word, service) for word in words)]
        home = self.folder / "state" / service
        home.mkdir(parents=True)
        variables = environment(**self.variables(service))
        with (self.folder / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(command, env=variables, cwd=home, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def wait(self, service: str, process: subprocess.Popen[bytes]) -> None:
        """Wait until a service's own check says that it is well."""
        given = COMPOSE["services"][service]
        if "healthcheck" in given:
            command = given["healthcheck"]["test"][1:]
        else:
            command = self._stages[given["build"]["target"]].health_command()
        assert command[0] == "python"
        last = command[-1].replace(f":{self._addresses[service]}/", f":{self.ports[service]}/")
        probe = [sys.executable, *command[1:-1], last]
        log = self.folder / f"{service}.log"

        def is_well() -> bool:
            assert process.poll() is None, log.read_text(errors="replace")
            done = subprocess.run(probe, env=environment(), capture_output=True, check=False)
            return done.returncode == 0

        until(is_well, f"{service} is well")
