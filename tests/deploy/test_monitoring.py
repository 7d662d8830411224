"""Promise: alerts and dashboard ask for metrics and labels that our processes have, Prometheus
takes them, they say something when something happens, and each alert has its page.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from support.edge import clients_file
from support.node_process import NodeProcess
from support.process import ROOT
from support.promql import named
from support.publisher import Publisher, publisher
from support.servers.programs import program
from support.servers.prometheus import Prometheus, prometheus
from support.waiting import until
from support.wire import ask
from support.writer_process import WriterProcess, bare_repository, writer_process

RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text(encoding="utf-8"))
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
QUERIES = [
    (panel["title"], target["expr"])
    for panel in DASHBOARD["panels"]
    for target in panel.get("targets", [])
]
OF_PROMETHEUS = {"up": {"job", "instance", "environment"}}
OF_KUBERNETES = {
    "kubelet_volume_stats_available_bytes": {"persistentvolumeclaim", "namespace"},
    "kubelet_volume_stats_capacity_bytes": {"persistentvolumeclaim", "namespace"},
}
BY_SCRAPING = {"job", "instance", "environment"}
QUIET = {
    "Wake-up calls",
    "By status",
    "Taken and refused",
    "Failures a minute",
    "Webhooks",
    "Answers from memory",
}
"""Panels of which a query has no value while nothing goes wrong."""

FILES = {"burgee.yaml": "environments: [production]\n", "flags/f.yaml": "default: off\n"}
TOKEN = {"X-API-Key": "key-of-app", "X-Tenant-ID": "acme"}


class System(Struct):
    """What runs: two nodes that serve, one that never could, a publisher and a writer."""

    nodes: list[NodeProcess]
    ports: list[int]
    lost: int
    publisher: Publisher
    writer: WriterProcess

    @property
    def publisher_port(self) -> int:
        return int(self.publisher.url.rpartition(":")[2])

    def texts(self) -> list[str]:
        """All that /metrics says."""
        ports = [*self.ports, self.lost, self.publisher_port, self.writer.port]
        return [_metrics(port) for port in ports]


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read(), "utf-8")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("system")
    bare = bare_repository(folder, FILES)
    live = folder / "live"
    clients = clients_file(folder, app={"scopes": ["admin"], "tenants": ["*"]})
    arguments = ["--interval", "0.2", "--heartbeat-seconds", "1"]
    with ExitStack() as stack:
        published = stack.enter_context(publisher(folder, bare, live, *arguments))
        writer = stack.enter_context(writer_process(bare, folder / "writer"))
        published.wait_for("published")
        given = {"clients": clients, "poll_seconds": 0.2}
        nodes = [stack.enter_context(NodeProcess(source=live, **given)) for _ in range(2)]
        # A node that never has a snapshot, and is never called.
        wake = {"wake": "redis://127.0.0.1:1"}
        lost = stack.enter_context(NodeProcess(source=folder / "none", **given, **wake))
        ports = [node.port for node in nodes]
        yield System(nodes, ports, lost.port, published, writer)


def traffic(system: System) -> None:
    """A little of all that is counted."""
    for port in system.ports:
        for body in (b"{}", b"{}"):
            ask(port, "POST", "/ofrep/v1/evaluate/flags", TOKEN, body)
        ask(port, "POST", "/v1/evaluate", TOKEN, b'{"flag_key":"f","user":{"id":"u"}}')
    for reason in ("one", "two"):
        target = f"/v1/flags/f?dry_run=false&reason={reason}"
        system.writer.ask("PATCH", target, {"description": reason})


def offered(texts: list[str]) -> dict[str, set[str]]:
    """Labels by metric, of all samples."""
    found: dict[str, set[str]] = {}
    for line in "\n".join(texts).splitlines():
        if match := re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", line):
            labels = re.findall(r'(\w+)="', match[2] or "")
            found.setdefault(match[1], set()).update(labels)
    return found


def test_each_expression_names_what_there_is(system: System) -> None:
    traffic(system)
    until(lambda: "burgee_source_refused{" in system.texts()[2], "a refusal is told")
    there: dict[str, set[str]] = {**offered(system.texts()), **OF_PROMETHEUS, **OF_KUBERNETES}
    asked = [(name, rule["expr"]) for name, rule in ALERTS.items()] + QUERIES
    wrong = []
    for title, expression in asked:
        metrics = named(expression)
        assert metrics, expression
        for metric, labels in metrics.items():
            # A counter by reason has no sample before the first failure.
            rare = {"burgee_publish_failures_total": {"reason"}}
            known = there.get(metric, rare.get(metric))
            if known is None:
                wrong.append(f"{title}: there is no metric {metric}")
            elif missing := labels - known - rare.get(metric, set()) - BY_SCRAPING:
                others = set[str]().union(*(there.get(each, set()) for each in metrics))
                if missing - others:
                    wrong.append(f"{title}: {metric} has no label {missing}")
    assert wrong == []


def test_prometheus_takes_all_of_it(tmp_path: Path) -> None:
    tool = program("promtool")
    extra = tmp_path / "dashboard.yaml"
    rules = [{"record": f"panel:{n}", "expr": plain(expr)} for n, (_, expr) in enumerate(QUERIES)]
    extra.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    calls: tuple[list[str | Path], ...] = (
        ["check", "rules", RULES, extra],
        ["check", "config", RULES.with_name("scrape.yaml")],
        ["test", "rules", RULES.with_name("rules_test.yaml")],
    )
    for arguments in calls:
        done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def plain(expression: str) -> str:
    """An expression of a panel, as Grafana sends it."""
    return expression.replace("$__rate_interval", "4s").replace("$environment", "production")


def test_they_say_something_when_something_happens(system: System, tmp_path: Path) -> None:
    """Real processes, a real Prometheus: each panel has data, and a dead node raises its alert."""
    jobs = {
        "burgee-edge": [*system.ports],
        "burgee-publisher": [system.publisher_port],
        "burgee-writer": [system.writer.port],
    }
    with prometheus(tmp_path / "prometheus", jobs, RULES) as server:
        # It begins with its targets only five seconds after its start.
        until(lambda: len(server.query("up == 1")) == 4, "all are scraped")
        end = time.monotonic() + 3
        while time.monotonic() < end:
            traffic(system)
            time.sleep(0.4)
        healthy = [
            each["health"] for group in server.get("rules")["groups"] for each in group["rules"]
        ]
        assert (len(healthy), set(healthy)) == (len(ALERTS), {"ok"})
        empty = {
            title for title, expr in QUERIES if title not in QUIET and not server.query(plain(expr))
        }
        assert sorted(empty) == []
        until(lambda: raised(server) == set(), "no alert once nodes have caught up")
        assert float(server.query("min(burgee_publish_age_seconds)")[0]["value"][1]) < 3
        system.nodes[0].process.kill()
        until(lambda: "BurgeeNodeDown" in raised(server), "the alert is pending")
        assert raised(server) <= {"BurgeeNodeDown", "BurgeeFewNodes"}


def raised(server: Prometheus) -> set[str]:
    """Alerts that are pending or firing."""
    return {each["labels"]["alertname"] for each in server.get("alerts")["alerts"]}


def test_each_alert_has_a_page_and_a_sentence() -> None:
    page = (ROOT / "docs" / "operations" / "alerts.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert headings == list(ALERTS), "one section each, in the order of the rules"
    for name, rule in ALERTS.items():
        runbook = rule["annotations"]["runbook"]
        assert runbook == f"docs/operations/alerts.md#{name.lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        assert "**Users**" in section, section.splitlines()[0]
        assert "**Do**" in section, section.splitlines()[0]


def test_the_dashboard_is_whole() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD["panels"])))
    assert used - {"__rate_interval"} == variables
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        taken = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in taken) < 24
        cells |= taken
