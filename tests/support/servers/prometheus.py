"""A Prometheus that scrapes processes of a test each half second."""

from __future__ import annotations

import http.client
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from support.servers.programs import program
from support.servers.running import free_port, running_server
from support.waiting import until

__all__ = ["Prometheus", "prometheus"]


class Prometheus(Struct, frozen=True):
    """One that runs, on a port of loopback."""

    port: int

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API; AssertionError where it is an error."""
        query = urllib.parse.urlencode(parameters)
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return found["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What an expression has as its value now."""
        result: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return result


@contextmanager
def prometheus(folder: Path, jobs: Mapping[str, list[int]], rules: Path) -> Iterator[Prometheus]:
    """Scrape ports of loopback by job; targets of the job burgee-edge are in production."""
    server = program("prometheus")
    folder.mkdir()
    scraped = [
        {
            "job_name": job,
            "static_configs": [
                {
                    "targets": [f"127.0.0.1:{port}" for port in ports],
                    "labels": {"environment": "production"} if job == "burgee-edge" else {},
                }
            ],
        }
        for job, ports in jobs.items()
    ]
    every = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    whole = {"global": every, "rule_files": [str(rules)], "scrape_configs": scraped}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    at = free_port()
    command: list[str | Path] = [server, f"--config.file={folder / 'prometheus.yml'}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{at}"]
    with running_server(command, at, folder / "log"):
        until(lambda: _ready(at), "Prometheus is ready")
        yield Prometheus(at)


def _ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
