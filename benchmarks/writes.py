"""Writes through the API, over a socket, to a bare repository: each is one signed commit.

Kinds of calls are measured on 10,000 flags. The floor is what git itself takes for a
commit of one file to the same tree, made with its own commands. Run: python -m benchmarks.writes
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._claims import Claim, print_claims
from benchmarks._processes import environment
from benchmarks._repositories import flag_path, write_repository

__all__ = ["claims"]

_FLAGS = 10_000
_CALLS = 40
_MOST_MS = 150.0
_READY_SECONDS = 180.0


def claims() -> list[Claim]:
    """Measure each kind of call, and git alone."""
    with TemporaryDirectory() as text:
        folder = Path(text)
        bare, work = _repositories(folder)
        git_alone = _median(lambda n: _commit(work, n), 10)
        with _writer(folder, bare) as (connection, ready):
            made = [Claim("the writer's first start, 10,000 flags", f"{ready:.1f} s", "", True)]
            for name, call in _calls(connection).items():
                took = _median(call, _CALLS)
                note = f"git add, commit and update: {git_alone:.0f} ms" if not made[1:] else ""
                made.append(
                    Claim(name, f"{took:.0f} ms", f"≤ {_MOST_MS:g} ms", took <= _MOST_MS, note)
                )
    return made


def _repositories(folder: Path) -> tuple[Path, Path]:
    work, bare = folder / "work", folder / "bare.git"
    write_repository(work, _FLAGS)
    _git(work, "init", "--quiet", "--initial-branch=main")
    _git(work, "add", "--all")
    _git(work, "commit", "--quiet", "--message", "all")
    _git(work, "clone", "--quiet", "--bare", str(work), str(bare))
    return bare, work


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@acme.example", "-c", "gc.auto=0")
    subprocess.run(("git", *who, *arguments), cwd=folder, check=True, capture_output=True)


def _commit(work: Path, number: int) -> None:
    path = flag_path(work, number)
    path.write_text(path.read_text(encoding="utf-8") + f"# {number}\n", encoding="utf-8")
    _git(work, "add", "--all")
    _git(work, "commit", "--quiet", "--message", "one")


@contextmanager
def _writer(folder: Path, bare: Path) -> Iterator[tuple[http.client.HTTPConnection, float]]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "burgee_cli", "writer", "--repo", str(bare), "--insecure"),
            *("--port", "0", "--state-dir", str(folder / "state"), "--default-tenant", "acme"),
            *("--log-level", "warning"),
        ],
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = time.perf_counter() - began
        assert "listening on" in line, line
        host, _, port = line.strip().rpartition("//")[2].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=_READY_SECONDS)
        yield connection, ready
        connection.close()
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()


def _calls(connection: http.client.HTTPConnection) -> dict[str, Callable[[int], None]]:
    def patch(number: int) -> None:
        body = {"description": f"changed {time.time_ns()}"}
        _ask(connection, "PATCH", f"/v1/flags/{_key(number)}", body)

    def state(number: int) -> None:
        body: dict[str, Any] = {"state": "off", "environments": ["production"]}
        _ask(connection, "PUT", f"/v1/flags/{_key(number)}/state", body)

    def weights(number: int) -> None:
        half = {"key": f"split.n{number}", "default": {"split": {"on": 50, "off": 50}}}
        _ask(connection, "POST", "/v1/flags", half)

    def again(number: int) -> None:
        other = {"default": {"split": {"on": 60, "off": 40}}}
        _ask(connection, "PATCH", f"/v1/flags/split.n{number}", other)

    def create(number: int) -> None:
        _ask(connection, "POST", "/v1/flags", {"key": f"new.n{number}", "default": "off"})

    return {
        "PATCH of a description": patch,
        "PUT of a state": state,
        "POST of a flag with a split": weights,
        "PATCH of weights, with its lock": again,
        "POST of a new flag": create,
    }


def _key(number: int) -> str:
    path = flag_path(Path("/"), number).as_posix().removeprefix("/acme/flags/")
    return path.removesuffix(".yaml").replace("/", ".")


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any) -> None:
    headers = {"Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    assert json.loads(text)["changed"], text


def _median(call: Callable[[int], None], count: int) -> float:
    times: list[float] = []
    for number in range(count):
        began = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    print_claims(claims())
