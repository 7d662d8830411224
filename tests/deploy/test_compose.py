"""Promise: the compose file is one, gives nobody more than is needed, and starts each service of
ours with options that there are, on secrets that one script makes.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from burgee_edge.settings import TABLE as EDGE
from burgee_http.clients import parse_clients
from burgee_writer.settings import TABLE as WRITER
from support.command import PYTHON, environment, git
from support.dockerfile import read_dockerfile
from support.offered import wrong_with
from support.process import ROOT
from support.servers.programs import brought

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {name for name, each in SERVICES.items() if each["restart"] == "no"}
OURS = {name for name, each in SERVICES.items() if each["image"].startswith("burgee")}


def test_it_is_a_compose_file() -> None:
    schema = json.loads(brought("compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.validate(COMPOSE, schema)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc"} & service.keys()
    assert re.fullmatch(r"[a-z/-]+:[\w.-]*\d[\w.-]*", service["image"]), "pinned by a version"
    for port in service.get("ports", []):
        assert name == "nginx"
        assert port.startswith("127.0.0.1:"), "opened to the world by whoever means to"
    assert not any("docker.sock" in each for each in service.get("volumes", []))


def test_all_that_stays_up_is_watched_and_waited_for() -> None:
    stages = read_dockerfile(DEPLOY / "Dockerfile")
    for name in SERVICES.keys() - ONCE:
        service = SERVICES[name]
        in_image = name in OURS and stages[service["build"]["target"]].all("HEALTHCHECK")
        assert "healthcheck" in service or in_image, name
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            ends = "service_completed_successfully" if other in ONCE else "service_healthy"
            assert how == {"condition": ends}, (name, other)


def test_what_is_named_is_there() -> None:
    for service in SERVICES.values():
        named = {each.partition(":")[0] for each in service.get("volumes", [])}
        assert {each for each in named if not each.startswith(".")} <= COMPOSE["volumes"].keys()
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
        assert set(service.get("networks", [])) <= COMPOSE["networks"].keys()


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_of_ours_is_started_with_options_that_there_are(name: str) -> None:
    service = SERVICES[name]
    words = service.get("command") or (["edge"] if name.startswith("edge") else None)
    if words is not None:
        assert wrong_with(words) is None
    known = {t.variable(each) for t in (EDGE, WRITER) for each in t.settings}
    assert {each for each in service.get("environment", {}) if each.startswith("BURGEE")} <= known
    secrets = set(service.get("secrets", []))
    named = set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(service)))
    assert named == secrets, "each secret that is mounted is used, and the other way round"


def test_a_script_makes_all_secrets_once(tmp_path: Path) -> None:
    into = tmp_path / "secrets"
    program = tmp_path / "burgee"
    program.write_text(f'#!/bin/sh\nexec {" ".join(PYTHON)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    made = [
        subprocess.run(
            [DEPLOY / "make-secrets.sh", into],
            env=environment(BURGEE=str(program)),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    files = {Path(each["file"]).name for each in COMPOSE["secrets"].values()} | {"store.env"}
    assert {each.name for each in into.iterdir()} == files
    assert stat.S_IMODE(into.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in into.iterdir()} == {0o444}
    clients = parse_clients((into / "clients.yaml").read_bytes())
    assert {each.subject for each in clients.principals.values()} == {"app", "operator"}
    assert (made[0].count("burgee_"), made[1]) == (2, ""), "what is there stays, and is not shown"
    assert len((into / "events.secret").read_bytes()) >= 32
    lines = (into / "store.env").read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines)
    assert values["ROOT_SECRET_KEY"] == values["AWS_SECRET_ACCESS_KEY"]


def test_a_first_repository_is_made_once(tmp_path: Path) -> None:
    script = SERVICES["first-repository"]["entrypoint"][-1]
    moved = script.replace("/tmp/", f"{tmp_path}/")
    moved = moved.replace("/srv/repository", f"{tmp_path}/repository")
    (tmp_path / "repository").mkdir()
    shutil.copy(_program(tmp_path / "bin"), tmp_path / "bin" / "burgee")
    path = {"PATH": f"{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin"}
    for _ in range(2):
        subprocess.run(["sh", "-euc", moved], env=environment(**path), check=True)
    bare = tmp_path / "repository" / "flags.git"
    assert git(bare, "log", "--format=%s") == "First flags"


def _program(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "program"
    path.write_text(f'#!/bin/sh\nexec {" ".join(PYTHON)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path
