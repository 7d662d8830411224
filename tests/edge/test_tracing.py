"""Promise: under `opentelemetry-instrument` each request is a span, whichever way it would have
been answered, the child of the caller's; without, nothing of OpenTelemetry is there.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.command import environment
from support.edge import ACME
from support.edge_process import EdgeProcess, edge_process, wait_for_text
from support.scripted_server import Asked, Reply, scripted_server
from support.snapshots import write_environment

_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_PARENT = "00f067aa0ba902b7"


def spans_of(asked: list[Asked]) -> list[Any]:
    found: list[Any] = []
    for each in asked:
        if each.path == "/v1/traces":
            coded = each.headers.get("content-encoding") == "gzip"
            body = gzip.decompress(each.body) if coded else each.body
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += scope.spans
    return found


def test_each_request_is_a_span(tmp_path: Path) -> None:
    write_environment(tmp_path / "dist", {"acme": ACME}, sequence=7)
    with scripted_server() as collector:
        collector.answer = lambda _: Reply(200, b"", {"Content-Type": "application/x-protobuf"})
        log = tmp_path / "log"
        program = Path(sysconfig.get_path("scripts")) / "opentelemetry-instrument"
        command = [str(program), sys.executable, "-m", "burgee_cli", "edge", "--insecure"]
        command += ["--source", str(tmp_path / "dist"), "--environment", "production"]
        command += ["--port", "0"]
        env = environment(
            PYTHONUNBUFFERED="1",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
            OTEL_TRACES_EXPORTER="otlp",
            OTEL_METRICS_EXPORTER="none",
            OTEL_LOGS_EXPORTER="none",
            OTEL_BSP_SCHEDULE_DELAY="100",
        )
        with log.open("wb") as file:
            process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
        try:
            url = wait_for_text(process, log, re.compile(r"listening on (http://\S+)"))[1]
            node = EdgeProcess(url, process.pid, {"X-Tenant-ID": "acme"})
            answer = node.post(
                "/v1/evaluate",
                {"flag_key": "half", "user": {"id": "secret-user"}},
                traceparent=f"00-{_TRACE}-{_PARENT}-01",
            )
            assert answer.status == 200
            node.ofrep("no-such-flag", {"targetingKey": "secret-user"})
            node.get("/healthz")
            node.get("/v1/users/secret-user/flags")
            time.sleep(0.5)
        finally:
            process.terminate()
            assert process.wait(20) == 0, log.read_text()
        spans = {each.name: each for each in spans_of(collector.asked)}
    assert set(spans) == {
        "POST /v1/evaluate",
        "POST /ofrep/v1/evaluate/flags/{key}",
        "GET /healthz",
        "GET /v1/users/{id}/flags",
    }
    first = spans["POST /v1/evaluate"]
    assert (first.trace_id.hex(), first.parent_span_id.hex()) == (_TRACE, _PARENT)
    assert spans["GET /healthz"].parent_span_id == b""
    attributes = {each.key: each.value for each in first.attributes}
    assert attributes["http.route"].string_value == "/v1/evaluate"
    assert attributes["http.response.status_code"].int_value == answer.status
    assert attributes["burgee.tenant"].string_value == "acme"
    missing = spans["POST /ofrep/v1/evaluate/flags/{key}"]
    codes = {each.key: each.value.int_value for each in missing.attributes}
    assert codes["http.response.status_code"] == 404
    [event] = first.events
    said = {each.key: each.value.string_value for each in event.attributes}
    assert event.name == "feature_flag.evaluation"
    assert said["feature_flag.key"] == "half"
    assert said["feature_flag.result.variant"] in str(answer.body)
    assert said["feature_flag.version"] == "7-abcdef0"
    assert "secret-user" not in str(spans)


def test_without_it_nothing_is_there(tmp_path: Path) -> None:
    write_environment(tmp_path / "dist", {"acme": ACME})
    with edge_process(tmp_path / "dist") as node:
        assert node.get("/readyz").status == 200
        loaded = Path(f"/proc/{node.pid}/maps").read_text()
        assert "opentelemetry" not in loaded
    script = (
        "import sys; import burgee_edge.serve, burgee_writer.serve;"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    env = {**os.environ, **environment()}
    subprocess.run([sys.executable, "-c", script], env=env, check=True)
