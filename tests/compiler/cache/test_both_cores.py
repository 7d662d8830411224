"""Promise: two processes find and make what one does, in the same order, and one will do."""

import subprocess
import sys

import pytest

from support.command import environment
from support.process import ROOT

_PROGRAM = """
import os, sys
from pathlib import Path
from burgee_compiler.build import build, check, outcomes_of
from burgee_compiler.cache import halves, helper
from burgee_compiler.cache.remembered import RememberedMemo, Store
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder

halves.LEAST = 2
started = []
real = halves.start_helper
def start(work, results):
    def dies(channel):
        os._exit(1)
    made = real(dies if sys.argv[2] == "dies" else work, results)
    started.append(made is not None)
    return made
halves.start_helper = start

root = Path(sys.argv[1])
def load(memo=None):
    return load_repository(Folder(root), memo)

made = build(load(), None)
memo = RememberedMemo(Store())
assert build(load(memo), None) == made
memo.save()

memo = RememberedMemo(Store())
loaded = load(memo)
assert check(loaded) == check(load())
if made.environments:
    assert outcomes_of(loaded) == outcomes_of(load())
memo.save()
held = build(load(), None, lambda _: None)
assert build(load(RememberedMemo(Store())), None, lambda _: None) == held
print("helpers", sum(started), "of", len(started))
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none left")
"""
_REPOSITORIES = [
    "flags-repo",
    *sorted(
        str(each.parent.relative_to(ROOT))
        for each in (ROOT / "tests" / "golden").glob("*/*/**/burgee.yaml")
    )[::4],
]


@pytest.mark.skipif(sys.platform != "linux", reason="a helper is forked on Linux alone")
@pytest.mark.parametrize("helper", ["works", "dies"])
@pytest.mark.parametrize("repository", _REPOSITORIES[:6])
def test_two_are_as_one(repository: str, helper: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(ROOT / repository), helper],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "none left" in done.stdout
    if repository == "flags-repo":
        assert "helpers 0" not in done.stdout
