"""Promise: on a terminal a long run shows how far it has come; in a pipe it is quiet."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import environment, run_burgee

_AT_ONCE = """
from importlib import import_module
import burgee_cli.progress as progress
progress._AFTER = progress._BETWEEN = -1.0
import_module("burgee_cli.main").main()
"""


@pytest.mark.parametrize("command", ["check", "test", "build"])
def test_on_a_terminal(copy: Path, tmp_path: Path, command: str) -> None:
    ours, theirs = pty.openpty()
    more = ["--out", str(tmp_path / "dist")] if command == "build" else []
    done = subprocess.run(
        [sys.executable, "-c", _AT_ONCE, command, str(copy), "--no-cache", *more],
        env=environment(TERM="xterm", COLUMNS="80"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert done.returncode == 0, shown
    assert b"reading" in shown
    assert b"checking" in shown
    assert command == "check" or b"testing" in shown
    assert b"reading" not in done.stdout


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65_536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_in_a_pipe(copy: Path, tmp_path: Path) -> None:
    done = run_burgee("check", copy, "--no-cache", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.shown
