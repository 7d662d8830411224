"""Promise: whoever was given an arm of an experiment by an answer about that flag is written down
once, as JSON lines, OpenTelemetry records or Kafka messages, sampled by user, and no answer waits
for it or fails by it.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from burgee.buckets import member_digest
from burgee.load import load_environment, read_folder
from burgee_edge.exposures.exposure import Exposure
from burgee_edge.exposures.opening import check_sink, open_sink
from burgee_edge.exposures.recorder import Exposures
from support.command import PYTHON, environment
from support.edge_process import EdgeProcess, burgee_process, wait_for_text
from support.flag_repository import FlagRepository
from support.scripted_server import Reply, scripted_server
from support.waiting import until

FILES = {
    "burgee.yaml": "environments: [production]\n",
    "flags/tried.yaml": "variants: [a, b]\ndefault: a\nrules:\n  - name: test\n"
    "    experiment: {status: running, control: a}\n    serve: {split: {a: 50, b: 50}}\n",
    "flags/plain.yaml": "default: on\n",
}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exposures")
    repository = FlagRepository(folder / "repo", FILES)
    repository.commit()
    repository.publish(folder / "dist")
    return folder / "dist"


class Node(EdgeProcess, frozen=True):
    """A node whose standard output is read."""

    log: Path = Path()

    def lines(self) -> list[dict[str, Any]]:
        found = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [each for line in found if "experiment" in (each := json.loads(line))]


@contextmanager
def node_of(dist: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Node]:
    command = ["edge", "--source", str(dist), "--environment", "production", "--port", "0"]
    command += ["--insecure", "--log-level", "error", *arguments]
    with burgee_process(*command, environ=env) as (process, log):
        url = wait_for_text(process, log, re.compile(r"listening on (http://\S+)"))[1]
        yield Node(url, process.pid, {"X-Tenant-ID": "acme"}, log)


def native(node: EdgeProcess, flag: str, user: str) -> dict[str, Any]:
    answer = node.post("/v1/evaluate", {"flag_key": flag, "user": {"id": user}})
    assert answer.status == 200
    told: dict[str, Any] = json.loads(answer.body)
    return told


def test_lines_on_standard_output(dist: Path) -> None:
    with node_of(dist, "--exposures", "stdout") as node:
        told = native(node, "tried", "u-1")
        assert node.ofrep("tried", {"targetingKey": "u-2"}).status == 200
        native(node, "plain", "u-1")
        node.bulk({"targetingKey": "u-3"})  # what an app may never look at
        node.post("/v1/evaluate/all", {"user": {"id": "u-4"}})
        until(lambda: len(node.lines()) == 2, "both are written")
        assert node.metric("burgee_exposures_given_total") == 2
        first, second = node.lines()
    assert first.pop("time").endswith("Z")
    assert first == {
        "environment": "production",
        "tenant": "acme",
        "flag": "tried",
        "experiment": "test",
        "layer": None,
        "variant": told["variant"],
        "bucket": told["details"]["bucket"],
        "user": member_digest("acme", "u-1").hex(),
        "version": told["version"],
    }
    assert second["user"] == member_digest("acme", "u-2").hex()


def test_none_is_lost_when_it_ends(dist: Path, tmp_path: Path) -> None:
    """All that was given is written before the process is gone, whichever worker gave it."""
    out = tmp_path / "out"
    command = ["edge", "--source", str(dist), "--environment", "production", "--port", "0"]
    command += ["--insecure", "--log-level", "error", "--workers", "2"]
    command += ["--exposures", "stdout", "--exposure-raw-users"]
    with out.open("wb") as file:
        process = subprocess.Popen(
            [*PYTHON, *command], env=environment(PYTHONUNBUFFERED="1"), stdout=file, stderr=file
        )
    try:
        url = wait_for_text(process, out, re.compile(r"listening on (http://\S+)"))[1]
        node = EdgeProcess(url, process.pid, {"X-Tenant-ID": "acme"})
        for number in range(200):
            native(node, "tried", f"u-{number}")
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in out.read_text().splitlines() if line.startswith("{")]
    assert sorted(each["user"] for each in lines) == sorted(f"u-{n}" for n in range(200))


def test_a_user_is_in_the_sample_or_out(dist: Path) -> None:
    users = [f"u-{number}" for number in range(400)]
    with node_of(dist, "--exposures", "stdout", "--exposure-sample", "0.25") as node:
        for user in users[:40]:
            for _ in range(3):
                native(node, "tried", user)
        given = int(node.metric("burgee_exposures_given_total"))
        until(lambda: len(node.lines()) == given, "all are written")
        counts: dict[str, int] = {}
        for line in node.lines():
            counts[line["user"]] = counts.get(line["user"], 0) + 1
    inside = {
        member_digest("acme", user).hex()
        for user in users[:40]
        if int.from_bytes(member_digest("acme", user)[:8], "big") < 2**62
    }
    assert set(counts) == inside
    assert set(counts.values()) == {3}


def test_opentelemetry_records(dist: Path) -> None:
    with scripted_server() as collector:
        collector.answer = lambda _: Reply(200, b"", {"Content-Type": "application/x-protobuf"})
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "edge-1"}
        with node_of(dist, "--exposures", "otlp", env=env) as node:
            told = native(node, "tried", "u-1")
            time.sleep(1.2)
        asked = [each for each in collector.asked if each.path == "/v1/logs"]
        records = [
            (record, scope.scope.name)
            for each in asked
            for resource in ExportLogsServiceRequest.FromString(_plain(each)).resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]
    [(record, scope)] = records
    values = {each.key: each.value for each in record.attributes}
    assert scope == "burgee.exposures"
    assert record.event_name == "feature_flag.evaluation"
    assert values["feature_flag.key"].string_value == "tried"
    assert values["feature_flag.result.variant"].string_value == told["variant"]
    assert values["feature_flag.context.id"].string_value == member_digest("acme", "u-1").hex()
    assert values["burgee.experiment"].string_value == "test"
    assert abs(record.time_unix_nano / 1e9 - time.time()) < 60


def _plain(asked: Any) -> bytes:
    body: bytes = asked.body
    return gzip.decompress(body) if asked.headers.get("content-encoding") == "gzip" else body


def test_kafka_messages(dist: Path) -> None:
    """Against librdkafka's own mock of a broker: there is no Kafka to be had in the tests."""
    broker = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "unused"})
    [found] = broker.list_topics(timeout=10).brokers.values()
    servers = f"{found.host}:{found.port}"
    with node_of(dist, "--exposures", f"kafka://{servers}/exposures") as node:
        told = native(node, "tried", "u-1")
        time.sleep(1.2)
    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": "test", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["exposures"])
    try:
        messages: list[Any] = []
        until(lambda: _polled(consumer, messages), "a message comes")
    finally:
        consumer.close()
    [message] = messages
    body = json.loads(message.value())
    assert message.key().decode() == body["user"] == member_digest("acme", "u-1").hex()
    assert body["variant"] == told["variant"]


def _polled(consumer: Consumer, messages: list[Any]) -> bool:
    message = consumer.poll(0.2)
    if message is not None and message.error() is None:
        messages.append(message)
    return bool(messages)


class Hanging:
    """A sink that never comes back until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.written = 0

    def write(self, exposures: Sequence[Exposure]) -> None:
        assert self.go_on.wait(20)
        self.written += len(exposures)

    def close(self) -> None:
        """Nothing is held."""


class Failing(Hanging):
    def write(self, exposures: Sequence[Exposure]) -> None:
        raise RuntimeError("full")

    def close(self) -> None:
        raise RuntimeError("worse")


def test_a_sink_that_hangs_costs_what_there_is_no_room_for(dist: Path) -> None:
    flags = load_environment(read_folder(dist / "production"), "production").tenants["acme"]
    sink = Hanging()
    exposures = Exposures(sink, "production")
    exposures.start()
    for number in range(12_000):
        context = {"targetingKey": f"u-{number}"}
        exposures.note("acme", flags.evaluate("tried", context, 0), context, "1-abc", 0)
    time.sleep(1.2)
    assert exposures.given == 12_000
    assert exposures.dropped >= 1_500
    sink.go_on.set()
    exposures.close()
    assert sink.written == exposures.given - exposures.dropped


def test_a_sink_that_fails_is_counted(dist: Path) -> None:
    flags = load_environment(read_folder(dist / "production"), "production").tenants["acme"]
    exposures = Exposures(Failing(), "production")
    exposures.start()
    for user in ("u", None):
        context = {} if user is None else {"targetingKey": user}
        exposures.note("acme", flags.evaluate("tried", context, 0), context, "1-abc", 0)
    exposures.close()
    assert (exposures.given, exposures.lost) == (1, 1)  # without a key there is no arm


@pytest.mark.parametrize("name", ["kafka://x", "kafka://x:1/", "file", "a b:c", "otlp:", ""])
def test_what_is_no_sink_is_told(name: str) -> None:
    assert "is none of stdout" in (check_sink(name) or "")


def test_a_sink_of_ones_own() -> None:
    assert check_sink("support.no_such:Sink") is None
    with pytest.raises(ValueError, match=r"--exposures support\.no_such:Sink: ModuleNotFound"):
        open_sink("support.no_such:Sink")
    assert open_sink("burgee_edge.exposures.json_lines:JsonLines").close() is None  # type: ignore[func-returns-value]
