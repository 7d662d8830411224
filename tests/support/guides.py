"""Guides that are run: the commands in their console blocks, and what they are said to print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from support.command import environment

__all__ = ["pattern", "said", "shell_in", "steps"]


def shell_in(folder: Path) -> dict[str, str]:
    """Return an environment in which `burgee` is this tree's and git knows who commits."""
    program = folder / "bin" / "burgee"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m burgee_cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    who = {
        f"GIT_{role}_{what}": "ann@acme.example"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return environment(PATH=path, XDG_CACHE_HOME=str(folder / "cache"), **who)


def steps(guide: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a guide, and the lines that it is said to print."""
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


def pattern(printed: list[str]) -> re.Pattern[str]:
    """What matches the lines; an ellipsis stands for anything."""
    text = "\n".join(printed)
    return re.compile(re.escape(text).replace("…", r"[\s\S]*"))


def said(command: str, here: Path, shell: dict[str, str]) -> str:
    """Run a command and return all that it prints."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=here,
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.stdout.rstrip("\n")
