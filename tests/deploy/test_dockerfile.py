"""Promise: the images hold what is locked and built here, run as nobody in particular, write in one
place alone, and know when they are well. No engine runs in tests: the steps do, where asked for.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from burgee_edge.settings import TABLE as EDGE
from burgee_http.settings import SettingsTable
from burgee_writer.settings import TABLE as WRITER
from support.command import environment
from support.dockerfile import Stage, read_dockerfile, sent
from support.edge import ACME
from support.node_process import NodeProcess
from support.process import ROOT
from support.servers.programs import program
from support.servers.running import free_port
from support.snapshots import write_environment
from support.waiting import until

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
STAGES = read_dockerfile(DOCKERFILE)
FINAL = ("edge", "full")
ALL_STEPS = "BURGEE_TEST_IMAGE"


def effective(name: str) -> list[Stage]:
    """A stage and those of ours that it stands on, outermost first."""
    stages = [STAGES[name]]
    while stages[0].base in STAGES:
        stages.insert(0, STAGES[stages[0].base])
    return stages


def environment_of(name: str) -> dict[str, str]:
    return {key: value for stage in effective(name) for key, value in stage.environment().items()}


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        [program("hadolint"), "--no-color", DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_all_that_is_copied_is_sent_and_little_else() -> None:
    copied = [
        source
        for stage in STAGES.values()
        for text in stage.all("COPY")
        if not text.startswith("--from=")
        for source in text.split()[:-1]
    ]
    assert len(copied) >= 6
    assert [each for each in copied if not (ROOT / each).exists()] == []
    files = {f"{each}/x.py" if (ROOT / each).is_dir() else each for each in copied}
    assert [each for each in sorted(files) if not sent(ROOT, each)] == []
    kept_out: tuple[str, ...] = (
        ".git/config",
        "keys/signing.key",
        "tests/conftest.py",
        "flags-repo/burgee.yaml",
    )
    kept_out += ("edge/burgee/__pycache__/x.pyc", "deploy/secrets/token", ".servers/bin/helm")
    assert [each for each in kept_out if sent(ROOT, each)] == []


@pytest.mark.parametrize("name", FINAL)
def test_an_image_runs_as_a_user_without_rights(name: str) -> None:
    stages = effective(name)
    assert STAGES[name].last("USER") == "10001:10001", "fixed, so that volumes can be prepared"
    assert [stage.last("STOPSIGNAL") for stage in stages[:1]] == ["SIGTERM"]
    given = environment_of(name)
    assert given["PYTHONDONTWRITEBYTECODE"] == "1"
    assert given["HOME"] == stages[0].last("VOLUME") == stages[0].last("WORKDIR")
    state = [value for key, value in given.items() if key.endswith("_STATE_DIR")]
    assert state
    assert all(each.startswith(given["HOME"] + "/") for each in state)


def test_git_is_in_the_full_image_alone() -> None:
    installs = {name: " ".join(STAGES[name].all("RUN")) for name in STAGES}
    found = {name for name, text in installs.items() if re.search(r"apt-get|\bgit\b", text)}
    assert found == {"full"}
    assert not any("curl" in text for text in installs.values())
    path = environment_of("edge")["PATH"].split(":")
    assert {"/usr/sbin", "/sbin"} <= set(path), "dpkg finds nothing without"


def test_installs_are_locked_and_build_nothing_foreign() -> None:
    steps = " && ".join(STAGES["build"].all("RUN")).split(" && ")
    installs = [step for step in steps if " install " in step]
    assert len(installs) == 3
    for step in installs[:2]:
        assert "--require-hashes --only-binary :all:" in step, step
    assert "--no-deps --no-index" in installs[2]


def test_variables_of_an_image_are_settings() -> None:
    tables: dict[str, SettingsTable] = {table.prefix: table for table in (EDGE, WRITER)}
    known = {t.variable(each) for t in tables.values() for each in t.settings}
    given = {key for name in FINAL for key in environment_of(name) if key.startswith("BURGEE_")}
    assert given <= known
    assert {"BURGEE_EDGE_HOST", "BURGEE_WRITER_STATE_DIR"} <= given


def probe(stage: str, port: int) -> subprocess.CompletedProcess[str]:
    command = STAGES[stage].health_command()
    assert command[0] == "python"
    usual = environment_of(stage)[f"BURGEE_{'EDGE' if stage == 'edge' else 'WRITER'}_PORT"]
    assert f":{usual}/" in command[-1]
    return subprocess.run(
        [sys.executable, *command[1:-1], command[-1].replace(f":{usual}/", f":{port}/")],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_health_check_tells_a_node_that_answers(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    with NodeProcess(source=tmp_path, insecure=True) as node:
        port = node.port
        done = probe("edge", port)
        assert (done.returncode, done.stderr) == (0, "")
        node.process.send_signal(signal.SIGSTOP)
        try:
            silent = probe("edge", port)
        finally:
            node.process.send_signal(signal.SIGCONT)
        assert (silent.returncode, "timed out" in silent.stderr) == (1, True), silent.stderr
    gone = probe("full", free_port())
    assert gone.returncode == 1
    assert "refused" in gone.stderr


@pytest.mark.slow
@pytest.mark.skipif(ALL_STEPS not in os.environ, reason=f"{ALL_STEPS}=1 runs the steps, by network")
def test_the_steps_make_a_node_that_writes_in_its_volume_alone(tmp_path: Path) -> None:
    """The build stage in a folder of its own: its paths below it, Python this one's version."""
    built = tmp_path / "image"
    _copy(STAGES["build"], built / "src")
    for step in STAGES["build"].all("RUN"):
        moved = step.replace("/opt/", f"{built}/opt/").replace("python -m", f"{sys.executable} -m")
        (built / "opt").mkdir(exist_ok=True)
        done = subprocess.run(
            ["sh", "-euc", moved], cwd=built / "src", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    write_environment(tmp_path / "dist", {"acme": ACME})
    before = _written(built)
    port, home = free_port(), tmp_path / "volume"
    home.mkdir()
    given = {
        key: text.replace("/opt", f"{built}/opt") for key, text in environment_of("edge").items()
    }
    given |= {"HOME": str(home), "BURGEE_EDGE_STATE_DIR": str(home / "edge"), "TMPDIR": "/nowhere"}
    given |= {"BURGEE_EDGE_HOST": "127.0.0.1", "BURGEE_EDGE_PORT": str(port)}
    given |= {"BURGEE_EDGE_SOURCE": str(tmp_path / "dist"), "BURGEE_EDGE_INSECURE": "true"}
    given |= {"BURGEE_EDGE_ENVIRONMENT": "production"}
    with subprocess.Popen([built / "opt/burgee/bin/burgee", "edge"], env=given, cwd=home) as node:
        until(lambda: probe("edge", port).returncode == 0, "the node answers")
        node.terminate()
        assert node.wait(20) == 0
    assert _written(built) == before
    assert (home / "edge").is_dir()


def _copy(stage: Stage, into: Path) -> None:
    for text in stage.all("COPY"):
        *sources, target = text.split()
        for source in sources:
            to = into / target / (Path(source).name if len(sources) > 1 else "")
            to.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-rT", ROOT / source, to], check=True)


def _written(folder: Path) -> dict[str, int]:
    return {str(each): each.lstat().st_mtime_ns for each in folder.rglob("*")}
