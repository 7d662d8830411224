"""The fleet: a store, Redis, a writer, a publisher, three nodes and nginx before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from support.command import run_burgee
from support.flag_repository import git
from support.servers.nginx import nginx_server
from support.servers.programs import library
from support.servers.redis import redis_server
from support.servers.running import free_port
from support.servers.s3 import Bucket, s3_bucket
from support.soak.history import files
from support.soak.service import Service

__all__ = ["NODES", "Fleet", "fleet"]

NODES: Final = ("node-1", "node-2", "node-3")
_UPSTREAM: Final = "upstream nodes {{ {servers} keepalive 16; }}"
_PROXY: Final = """
location / {
  proxy_pass http://nodes;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_connect_timeout 1s;
  proxy_next_upstream error timeout http_502 http_503 non_idempotent;
}
"""


class Fleet:
    """What runs, and where. The store may be stopped by `store.close()` and `open_store()`."""

    def __init__(self, folder: Path, *, woken: bool = True, poll_seconds: float = 2.0) -> None:
        self.woken = woken
        self.poll_seconds = poll_seconds
        self.folder = folder
        self.bare = folder / "flags.git"
        self.keys = folder / "keys"
        self.clock = folder / "clock"
        self.ports = {name: free_port() for name in (*NODES, "writer", "store", "redis")}
        self.front = 0
        self.services: dict[str, Service] = {}
        self._stack = ExitStack()
        self._store = ExitStack()
        self.bucket: Bucket

    def open_store(self) -> None:
        """Start the store over the objects that it had."""
        self.bucket = self._store.enter_context(
            s3_bucket(self.folder / "store", self.ports["store"])
        )

    def close_store(self) -> None:
        """Stop the store."""
        self._store.close()

    def nodes(self) -> list[Service]:
        """Return the nodes."""
        return [self.services[name] for name in NODES]

    def start(self) -> None:
        """Start all, in the order that things need each other."""
        self.keys.mkdir()
        done = run_burgee("keygen", self.keys, cwd=self.folder)
        assert done.returncode == 0, done.shown
        _write_repository(self.folder, self.bare)
        (self.folder / "redis").mkdir()
        redis = self._stack.enter_context(redis_server(self.folder / "redis", self.ports["redis"]))
        self.open_store()
        self._start("writer", self._writer(), {}, "listening on")
        self._start("publisher", self._publisher(redis), self.bucket.environment, "published")
        for name in NODES:
            self._start(name, self._node(name, redis), self._node_environment(name), "listening on")
        servers = " ".join(
            f"server 127.0.0.1:{self.ports[name]} max_fails=1 fail_timeout=1s;" for name in NODES
        )
        url = self._stack.enter_context(
            nginx_server(self.folder / "nginx", _PROXY, outside=_UPSTREAM.format(servers=servers))
        )
        self.front = int(url.rpartition(":")[2])

    def stop(self) -> None:
        """Stop all, the first last."""
        for each in reversed(self.services.values()):
            each.stop()
        self._store.close()
        self._stack.close()

    def _start(
        self, name: str, arguments: list[str | Path], env: Mapping[str, str], ready: str
    ) -> None:
        service = Service(name, self.folder, arguments, env)
        self.services[name] = service
        service.start(ready)

    def _writer(self) -> list[str | Path]:
        state = self.folder / "writer"
        port = str(self.ports["writer"])
        arguments: list[str | Path] = ["writer", "--insecure", "--repo", self.bare]
        return [*arguments, "--state-dir", state, "--port", port]

    def _publisher(self, redis: str) -> list[str | Path]:
        arguments: list[str | Path] = ["publish", self.bare, self.bucket.url, "--watch"]
        arguments += ["--interval", "0.2", "--sign", self.keys / "signing.key"]
        return [*arguments, "--state-dir", self.folder / "publisher", "--notify", redis]

    def _node(self, name: str, redis: str) -> list[str | Path]:
        arguments: list[str | Path] = ["edge", "--insecure", "--source", self.bucket.url]
        arguments += ["--environment", "production", "--trust", self.keys / "signing.pub"]
        arguments += ["--poll-seconds", str(self.poll_seconds)]
        arguments += ["--wake", redis] if self.woken else []
        arguments += ["--state-dir", self.folder / f"{name}-state"]
        return [*arguments, "--port", str(self.ports[name]), "--access-log-sample", "0"]

    def _node_environment(self, name: str) -> dict[str, str]:
        env = dict(self.bucket.environment)
        preloaded = library("libfaketimeMT.so.1") if name == NODES[-1] else None
        if preloaded is not None:  # the last node's clock may be set
            self.clock.write_text("+0")
            env |= {"LD_PRELOAD": str(preloaded), "FAKETIME_TIMESTAMP_FILE": str(self.clock)}
            env |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return env


@contextmanager
def fleet(folder: Path, *, woken: bool = True, poll_seconds: float = 2.0) -> Iterator[Fleet]:
    """Yield a fleet that serves; without `woken` nothing but the poll tells nodes of a change."""
    made = Fleet(folder, woken=woken, poll_seconds=poll_seconds)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _write_repository(folder: Path, bare: Path) -> None:
    work = folder / "person"
    for name, text in files().items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "all")
    git(folder, "clone", "--quiet", "--bare", str(work), str(bare))
    git(work, "remote", "add", "origin", str(bare))
    git(work, "fetch", "--quiet")
    git(work, "branch", "--quiet", "--set-upstream-to=origin/main")
