"""Promise: `burgee up` serves what is in the files now, and leaves no process behind."""

import http.client
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.command import environment, run_burgee, start_burgee

BANNER = "acme/flags/welcome-banner.yaml"
CHECKOUT = "acme/flags/checkout/one-page.yaml"
PATIENCE = 20.0


class Up:
    """A running `burgee up`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        ready = self.wait_for(r"edge node listening on (http\S+) \(process (\d+)\)")
        self.url, self.edge = ready[1], int(ready[2])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read what it prints up to a line like `pattern`."""
        end = time.monotonic() + PATIENCE
        while True:
            line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            assert line is not None, "\n".join(["it ended:", *self.said])
            self.said.append(line)
            found = re.search(pattern, line)
            if found is not None:
                return found

    def ask(self, flag: str, **attributes: object) -> Any:
        """The answer of the native API."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        body = {"flag_key": flag, "user": {"id": "u-1", "attributes": attributes}}
        headers = {"Content-Type": "application/json", "X-Tenant-ID": "acme"}
        try:
            connection.request("POST", "/v1/evaluate", json.dumps(body), headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, and wait for it to end."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def up(repo: Path, state: Path, *options: str) -> Iterator[Up]:
    process = start_burgee(
        "up", repo, *options, cwd=repo.parent, env={"XDG_CACHE_HOME": str(state)}
    )
    try:
        yield Up(process)
    finally:
        process.kill()
        process.communicate()


def eventually(what: Callable[[], bool], within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_follows_edits_and_holds_what_is_broken(copy: Path, tmp_path: Path) -> None:
    with up(copy, tmp_path / "cache", "--environment", "production") as running:
        assert running.ask("welcome-banner")["value"] is True

        edit(copy / BANNER, "default: on", "default: off")
        edit(copy / BANNER, "expect: {variant: on}", "expect: {variant: off}")
        edit(copy / BANNER, "on: 100", "on: 25, off: 75")
        eventually(lambda: running.ask("welcome-banner")["value"] is False, within=10)

        edit(copy / BANNER, "default: off", "default: onn")
        edit(copy / CHECKOUT, "requires: [{flag: welcome-banner, serves: [on]}]\n", "")
        edit(copy / CHECKOUT, "off_variant: classic", "off_variant: one-page")
        eventually(lambda: running.ask("checkout.one-page")["variant"] == "one-page", within=10)
        assert running.ask("welcome-banner")["value"] is False
        running.wait_for("held at their last good form: acme/welcome-banner")
        assert any("error[" in line for line in running.said)

        edit(copy / BANNER, "default: onn", "default: off")
        running.wait_for("all findings are mended")
        (copy / "burgee.yaml").write_text("environments: [", encoding="utf-8")
        running.wait_for(r"--> burgee\.yaml:")
        running.wait_for("nothing was built; the last build stays")
        assert running.ask("checkout.one-page")["variant"] == "one-page"
        assert running.end(signal.SIGINT) == 130
        assert not is_alive(running.edge)
    assert sorted(path.name for path in copy.iterdir() if path.name[0] != ".") == [
        "README.md",
        "acme",
        "burgee.yaml",
    ]


def test_the_printed_lines_can_be_pasted(copy: Path, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    with up(copy, tmp_path / "cache") as running:
        running.wait_for("/ofrep/v1/evaluate/flags/")
        lines = [line for line in running.said if line.startswith("  curl ")]
        answers = [
            json.loads(subprocess.check_output(["sh", "-c", line], env=environment()))
            for line in lines
        ]
        assert [answer["value"] for answer in answers] == [True, True]
        assert answers[0]["flag_key"] == answers[1]["key"] == "welcome-banner"


def test_without_a_commit_it_says_how_to_get_a_writer(copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(copy / ".git", ignore_errors=True)
    with up(copy, tmp_path / "cache") as running:
        [line] = [line for line in running.said if line.startswith("no writer")]
        assert "make one with `git init`, `git add --all` and `git commit`" in line


def test_an_edge_node_that_dies_is_started_again(copy: Path, tmp_path: Path) -> None:
    with up(copy, tmp_path / "cache") as running:
        os.kill(running.edge, signal.SIGKILL)
        again = running.wait_for(r"edge node listening on (http\S+) \(process (\d+)\)")
        assert again[1] == running.url
        assert int(again[2]) != running.edge
        assert running.ask("welcome-banner")["value"] is True
        assert running.end(signal.SIGTERM) == 0
        assert not is_alive(int(again[2]))


def test_children_do_not_outlive_it_even_when_it_is_killed(copy: Path, tmp_path: Path) -> None:
    with up(copy, tmp_path / "cache") as running:
        running.end(signal.SIGKILL)
        eventually(lambda: not is_alive(running.edge))


def test_starts_from_the_last_good_build(copy: Path, tmp_path: Path) -> None:
    with up(copy, tmp_path / "cache") as running:
        running.end(signal.SIGTERM)
    edit(copy / BANNER, "default: on", "default: onn")
    with up(copy, tmp_path / "cache", "-e", "production") as running:
        assert running.ask("welcome-banner")["value"] is True


def test_a_taken_port_is_2(copy: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run_burgee(
            "up", copy, "--port", port, cwd=tmp_path, env={"XDG_CACHE_HOME": str(tmp_path)}
        )
    assert done.returncode == 2, done.shown
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


@pytest.mark.parametrize(
    ("options", "code"), [(("--environment", "prod"), 2), (("--port", "0"), 2)]
)
def test_wrong_usage(repo: Path, tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    done = run_burgee("up", repo, *options, cwd=tmp_path, env={"XDG_CACHE_HOME": str(tmp_path)})
    assert done.returncode == code, done.shown


def test_a_repository_without_settings_is_1(copy: Path, tmp_path: Path) -> None:
    (copy / "burgee.yaml").write_text("environments: 5", encoding="utf-8")
    done = run_burgee("up", copy, cwd=tmp_path, env={"XDG_CACHE_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert "--> burgee.yaml:1:15" in done.stdout
