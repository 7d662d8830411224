"""`burgee writer` as a process of its own, over a real git repository, asked over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from support.command import PYTHON, environment
from support.edge import clients_file
from support.flag_repository import FlagRepository, git
from support.wire import Answer, Wire

__all__ = ["CLIENTS", "WriterProcess", "bare_repository", "writer_process"]

_STARTS_WITHIN = 30.0
_STOPS_WITHIN = 20.0
_LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")

CLIENTS: dict[str, Mapping[str, Any]] = {
    "evaluate": {"scopes": ["evaluate"]},
    "reader": {"scopes": ["flags:r"]},
    "writer": {"scopes": ["flags:rw"]},
    "admin": {"scopes": ["admin"]},
    "both": {"scopes": ["flags:rw"], "tenants": ["acme", "globex"]},
    "all": {"scopes": ["admin"], "tenants": ["*"]},
    "globex": {"scopes": ["admin"], "tenants": ["globex"]},
    "staging": {"scopes": ["flags:rw"], "environments": ["staging"]},
    "limited": {"scopes": ["flags:rw"], "rate": {"per_second": 0.05, "burst": 3}},
    "other": {"scopes": ["flags:rw"]},
}
"""Clients of every scope; of tenant acme where they do not say otherwise. The key of the client
NAME is `key-of-NAME`.
"""


class WriterProcess:
    """One process, which may be killed and started again on the same state.

    Without `clients` everybody is let in; `headers` go with every request.
    """

    def __init__(
        self,
        repo: Path | str,
        state: Path,
        *arguments: str,
        clients: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.state = state
        self.log = state.with_name(f"{state.name}.log")
        self.headers = dict(headers or {})
        who = ["--insecure"] if clients is None else ["--clients", str(clients)]
        self._command = ["writer", "--repo", str(repo), "--state-dir", str(state), "--port", "0"]
        self._command += [*who, *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> Self:
        """Start it, and wait until it listens."""
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Start it, and wait for nothing."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as file:
            self._process = subprocess.Popen(
                [*PYTHON, *self._command],
                env=environment(PYTHONUNBUFFERED="1"),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self._begin = begin

    def wait(self) -> Self:
        """Wait until it listens."""
        deadline = time.monotonic() + _STARTS_WITHIN
        while True:
            ended = self.process.poll()
            found = _LISTENING.search(self.log.read_bytes()[self._begin :].decode())
            if found is not None:
                self.port = int(found[1])
                return self
            assert ended is None, f"the writer ended with {ended}:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """End it as a lost machine would."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.process.pid, signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to end, and wait until it has."""
        if self._process is None:
            return 0
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the writer did not stop when it was asked to") from None

    def logs(self) -> list[dict[str, Any]]:
        """The lines of its log that are JSON: all but what it says to people."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def send(
        self,
        method: str,
        target: str,
        body: object = None,
        /,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = 30.0,
    ) -> Answer:
        """One request on a connection of its own; `body` is bytes, or a value sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Host": f"127.0.0.1:{self.port}", **self.headers, **(headers or {})}
        if body is None:
            data = b""
        else:
            fields = {"Content-Type": "application/json", **fields}
            fields["Content-Length"] = str(len(data))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        with Wire(self.port, timeout) as wire:
            wire.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + data)
            return wire.answer(head=method == "HEAD")

    def ask(self, method: str, target: str, body: object = None, /, **headers: str) -> Answer:
        """The same; `if_match` stands for `If-Match`, `who` for a client's key."""
        who = headers.pop("who", None)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            given["X-API-Key"] = f"key-of-{who}"
        return self.send(method, target, body, given)

    def get(self, target: str, **headers: str) -> Any:
        """The JSON of a GET that is answered with 200."""
        answer = self.ask("GET", target, **headers)
        assert answer.status == 200, answer.body
        return answer.json()

    def done(self, method: str, target: str, body: object = None, /, **headers: str) -> Any:
        """The JSON of a call that is answered with 2xx."""
        answer = self.ask(method, target, body, **headers)
        assert 200 <= answer.status < 300, (method, target, answer.status, answer.body)
        return answer.json() if answer.body else {}

    def refused(self, method: str, target: str, body: object = None, /, **headers: str) -> Any:
        """The error of a call that is answered with 4xx, with its status."""
        answer = self.ask(method, target, body, **headers)
        assert 400 <= answer.status < 500, (method, target, answer.status, answer.body)
        error: Any = answer.json()["error"]
        return {"status": answer.status, **error}

    def metric(self, name: str) -> float:
        """The sum of a metric's values, whatever their labels."""
        text = self.send("GET", "/metrics").body.decode()
        values = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, values))


@contextmanager
def writer_process(
    repo: Path | str,
    state: Path,
    *arguments: str,
    clients: Mapping[str, Mapping[str, Any]] | None = None,
    tenant: str | None = "acme",
) -> Iterator[WriterProcess]:
    """A writer that listens; ended politely, within a bound. With `clients` its state folder
    stands beside their file; without, `tenant` is named in every request.
    """
    path = None if clients is None else clients_file(state.parent, **clients)
    headers = {} if tenant is None else {"X-Tenant-ID": tenant}
    writer = WriterProcess(repo, state, *arguments, clients=path, headers=headers)
    try:
        yield writer.start()
        log = writer.log.read_text(encoding="utf-8").splitlines()
        assert writer.process.poll() in (None, -signal.SIGKILL, 0), log[-20:]
        assert [line for line in log if "Traceback" in line] == []
    finally:
        writer.stop()


def bare_repository(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A bare repository of one commit, and beside it the clone `person` that pushes to it."""
    person = FlagRepository(folder / "person", files)
    person.commit()
    bare = folder / "flags.git"
    git(folder, "clone", "--quiet", "--bare", str(person.root), str(bare))
    git(person.root, "remote", "add", "origin", str(bare))
    return bare
