"""Promise: every command of the guide's first steps runs, and prints what the guide says."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import environment
from support.process import ROOT

GUIDE = (ROOT / "docs" / "guides" / "first-steps.md").read_text(encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which `burgee` is this tree's and git knows who commits."""
    program = tmp_path / "bin" / "burgee"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m burgee_cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    who = {
        f"GIT_{role}_{what}": "ann@acme.example"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return environment(PATH=path, XDG_CACHE_HOME=str(tmp_path / "cache"), **who)


def steps(guide: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of the guide, and the lines that it is said to print."""
    for block in re.findall(r"^```console\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL):
        command = ""
        printed: list[str] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, printed
                command, printed = line[2:], []
            else:
                printed.append(line)
        yield command, printed


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


def pattern(printed: list[str]) -> re.Pattern[str]:
    """What matches the lines; an ellipsis stands for anything."""
    text = "\n".join(printed)
    return re.compile(re.escape(text).replace("…", r"[\s\S]*"))


def run(command: str, here: Path, shell: dict[str, str], printed: list[str]) -> None:
    """Run a command until it prints what the guide says; after an edit that takes a moment."""
    end = time.monotonic() + 10
    while True:
        done = subprocess.run(
            command,
            shell=True,
            cwd=here,
            env=shell,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if pattern(printed).fullmatch(done.stdout.rstrip("\n")):
            return
        assert command.startswith("curl"), f"{command}\n{done.stdout}"
        assert time.monotonic() < end, f"{command}\n{done.stdout}"
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
