"""Promise: every command of the guide's first steps runs, and prints what the guide says."""

import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support.guides import pattern, said, shell_in, steps
from support.process import ROOT

GUIDE = (ROOT / "docs" / "guides" / "first-steps.md").read_text(encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    return shell_in(tmp_path)


def test_every_command_of_the_guide_runs_and_prints_what_it_says(
    tmp_path: Path, shell: dict[str, str]
) -> None:
    here = tmp_path
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shell["BURGEE_EDGE_PORT"] = port  # where the guide takes the default
    running: list[subprocess.Popen[str]] = []
    try:
        for command, printed in steps(GUIDE.replace("8080", port)):
            if command.startswith("cd "):
                here = here / command[3:]
            elif command.startswith(("burgee up", "burgee edge")):
                end_all(running)
                running.append(start(command, here, shell, printed))
            elif not command.startswith("curl ") or shutil.which("curl"):
                run(command, here, shell, printed)
    finally:
        end_all(running)


def run(command: str, here: Path, shell: dict[str, str], printed: list[str]) -> None:
    """Run a command until it prints what the guide says; after an edit that takes a moment."""
    end = time.monotonic() + 10
    while True:
        printing = said(command, here, shell)
        if pattern(printed).fullmatch(printing):
            return
        assert command.startswith("curl"), f"{command}\n{printing}"
        assert time.monotonic() < end, f"{command}\n{printing}"
        time.sleep(0.1)


def start(
    command: str, here: Path, shell: dict[str, str], printed: list[str]
) -> subprocess.Popen[str]:
    """Start a server and wait until it has printed what the guide says."""
    process = subprocess.Popen(
        f"exec {command}", shell=True, cwd=here, env=shell, stdout=subprocess.PIPE, text=True
    )
    timer = threading.Timer(20, process.kill)
    timer.start()
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if pattern(printed).fullmatch(said.rstrip("\n")):
            timer.cancel()
            return process
    timer.cancel()
    process.communicate()
    raise AssertionError(f"{command}\n{said}")


def end_all(processes: list[subprocess.Popen[str]]) -> None:
    while processes:
        process = processes.pop()
        process.terminate()
        process.communicate(timeout=20)
