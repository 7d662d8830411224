"""Promise: `burgee up` on a fresh clone serves what it prints a `curl` line for, follows edits,
and one flag's mistake holds up no other flag.
"""

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.command import git
from support.edge_process import EdgeProcess, burgee_process, wait_for_text
from support.process import ROOT

_LISTENING = re.compile(r"edge node listening on (http://\S+) \(process (\d+)\)")
_TRY = re.compile(r"^try:\n((?:  curl .+\n)+)", re.MULTILINE)
_SEEN_WITHIN = 20.0

_LEFT = "acme/flags/sides/left.yaml"
_RIGHT = "acme/flags/sides/right.yaml"
_FLAG = "variants: [a, b, c]\ndefault: a\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The example's files and two flags more, committed to a git repository of their own."""
    folder = tmp_path / "clone" / "flags-repo"
    shutil.copytree(ROOT / "flags-repo", folder)
    (folder / _LEFT).parent.mkdir()
    for path in (_LEFT, _RIGHT):
        (folder / path).write_text(_FLAG, encoding="utf-8")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", "--all")
    git(folder.parent, "commit", "--quiet", "--message", "All flags")
    return folder


@pytest.fixture
def up(clone: Path, tmp_path: Path) -> Iterator[tuple[EdgeProcess, Path]]:
    """`burgee up` on the clone: the node that it runs, and the file of all that it prints."""
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with burgee_process("up", str(clone), cwd=tmp_path, environ=cache) as (process, log):
        wait_for_text(process, log, _TRY)
        found = wait_for_text(process, log, _LISTENING)
        node = EdgeProcess(found[1], int(found[2]), {"X-Tenant-ID": "acme"})
        yield node, log
        assert process.poll() is None, log.read_text()
    assert process.returncode == 0, log.read_text()
    with pytest.raises(ConnectionError):
        node.get("/healthz")  # its node ended with it


Up = tuple[EdgeProcess, Path]


def test_the_printed_curl_lines_work(up: Up) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    found = _TRY.search(up[1].read_text())
    assert found is not None
    lines = found[1].splitlines()
    assert len(lines) == 3
    for line in lines:
        command = [*shlex.split(line), "-w", "\n%{http_code} %{content_type}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        body, _, told = done.stdout.rpartition("\n")
        assert told == "200 application/json", done.stdout
        assert ('"would_change":true' if "dry_run" in line else '"value":') in body


def test_edits_go_live_and_a_mistake_holds_up_no_other_flag(up: Up, clone: Path) -> None:
    node, log = up
    assert _sides(node) == ("a", "a")
    _edit(clone / _LEFT, "default: a", "default: b")
    _wait(lambda: _sides(node) == ("b", "a"), log)

    # A flag that does not build keeps its last good form, and the message says where it is broken.
    _edit(clone / _LEFT, "default: b", "default: bee")
    _wait(lambda: "held at their last good form: acme/sides.left" in log.read_text(), log)
    assert re.search(r"error\[B\d+\].*\n +--> acme/flags/sides/left\.yaml:2:\d", log.read_text())
    assert _sides(node) == ("b", "a")

    # Another flag's change goes live meanwhile.
    _edit(clone / _RIGHT, "default: a", "default: c")
    _wait(lambda: _sides(node) == ("b", "c"), log)

    # Neither does a file that is no YAML at all hold up anything but itself.
    hero = clone / "acme/flags/ui/hero.yaml"
    text = hero.read_text(encoding="utf-8")
    hero.write_text("{", encoding="utf-8")
    _edit(clone / _RIGHT, "default: c", "default: b")
    _wait(lambda: _sides(node) == ("b", "b"), log)
    assert node.ofrep("ui.hero", {"targetingKey": "u-1"}).status == 200

    hero.write_text(text, encoding="utf-8")
    _edit(clone / _LEFT, "default: bee", "default: c")
    _wait(lambda: _sides(node) == ("c", "b"), log)
    _wait(lambda: "all findings are mended" in log.read_text(), log)


def test_what_is_checked_out_is_served(up: Up, clone: Path) -> None:
    """Older commits too: whatever git does to the files is an edit."""
    node, log = up
    _edit(clone / _LEFT, "default: a", "default: b")
    git(clone, "commit", "--all", "--quiet", "--message", "Left is b")
    _wait(lambda: _sides(node) == ("b", "a"), log)
    git(clone, "checkout", "--quiet", "HEAD~1")
    _wait(lambda: _sides(node) == ("a", "a"), log)


def _sides(node: EdgeProcess) -> tuple[object, object]:
    left, right = (node.ofrep(f"sides.{side}").json()["value"] for side in ("left", "right"))
    return left, right


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def _wait(until: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _SEEN_WITHIN
    while not until():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
