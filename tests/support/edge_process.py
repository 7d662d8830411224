"""`burgee edge` as a process of its own, asked over HTTP as anybody would ask it."""

import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from support.command import PYTHON, environment
from support.process import ROOT
from support.wire import Answer, Wire

__all__ = ["EdgeProcess", "burgee_process", "edge_process", "wait_for_text"]

_STARTS_WITHIN = 30.0
_STOPS_WITHIN = 15.0
_LISTENING = re.compile(r"listening on (http://\S+)")


class EdgeProcess(msgspec.Struct, frozen=True):
    """A node that serves; `headers` go with every request."""

    url: str
    pid: int
    headers: Mapping[str, str] = {}

    @property
    def port(self) -> int:
        found = urlsplit(self.url).port
        assert found is not None
        return found

    def named(self, **headers: str) -> "EdgeProcess":
        """The same node with more headers; `x_tenant_id` stands for `X-Tenant-ID`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return EdgeProcess(self.url, self.pid, {**self.headers, **more})

    def send(
        self,
        method: str,
        target: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; `body` is bytes, or a value sent as JSON."""
        with Wire(self.port) as wire:
            return self.send_on(wire, method, target, body, headers)

    def send_on(
        self,
        wire: Wire,
        method: str,
        target: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection that is kept open."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Host": f"127.0.0.1:{self.port}", **self.headers, **(headers or {})}
        if body is not None:
            fields = {
                "Content-Type": "application/json",
                **fields,
                "Content-Length": str(len(data)),
            }
        else:
            data = b""
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        wire.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + data)
        return wire.answer(head=method == "HEAD")

    def get(self, target: str, **headers: str) -> Answer:
        return self.named(**headers).send("GET", target)

    def post(self, target: str, body: object, **headers: str) -> Answer:
        return self.named(**headers).send("POST", target, body)

    def ofrep(self, key: str, context: object = None, **headers: str) -> Answer:
        """Evaluate one flag by OFREP."""
        body = {"context": {} if context is None else context}
        return self.post(f"/ofrep/v1/evaluate/flags/{key}", body, **headers)

    def bulk(self, context: object = None, **headers: str) -> Answer:
        """Evaluate all flags by OFREP."""
        body = {"context": {} if context is None else context}
        return self.post("/ofrep/v1/evaluate/flags", body, **headers)

    def metric(self, name: str) -> float:
        """The sum of a metric's values, whatever their labels."""
        text = self.get("/metrics").body.decode()
        values = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, values))


@contextmanager
def edge_process(
    source: Path | str,
    *arguments: str,
    environment: str = "production",
    env: Mapping[str, str] | None = None,
) -> Iterator[EdgeProcess]:
    """A node over a folder or URL, on a free port; let in is everybody unless `arguments` say who.

    `env` are more variables of its environment.
    """
    if not any(each in arguments for each in ("--clients", "--jwks", "--hs256-secret-file")):
        arguments = ("--insecure", *arguments)
    command = ["edge", "--source", str(source), "--environment", environment, "--port", "0"]
    with burgee_process(*command, *arguments, environ=env) as (process, log):
        url = wait_for_text(process, log, _LISTENING)[1]
        yield EdgeProcess(url, process.pid)
        assert process.poll() is None, f"the node ended by itself:\n{log.read_text()}"


@contextmanager
def burgee_process(
    *arguments: str, cwd: Path = ROOT, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`burgee ARGUMENTS` and the file of all that it prints; ended politely, within a bound."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*PYTHON, *arguments],
                cwd=cwd,
                env=environment(PYTHONUNBUFFERED="1", **(environ or {})),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process, log
        finally:
            _end(process)


def wait_for_text(
    process: subprocess.Popen[bytes],
    log: Path,
    pattern: re.Pattern[str],
    seconds: float = _STARTS_WITHIN,
) -> re.Match[str]:
    """What a process printed, once it has; AssertionError when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        ended = process.poll()
        text = log.read_text(encoding="utf-8", errors="replace")
        found = pattern.search(text)
        if found is not None:
            return found
        assert ended is None, f"the process ended with {ended}:\n{text}"
        assert time.monotonic() < deadline, f"not printed in time: {pattern.pattern}\n{text}"
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError("the process did not stop when it was asked to") from None
