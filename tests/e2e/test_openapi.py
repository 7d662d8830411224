"""Promise: the node does what its own `/openapi.json` says, whatever it is asked."""

import json
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import environment
from support.edge import clients_file
from support.edge_process import EdgeProcess, edge_process
from support.rounds import rounds

_ENDS_WITHIN = 90

# What is asked for is there in most requests, so that more than the way to 404 is tried.
_CONFIG = """\
[auth.openapi.key]
api_key = "key-of-everything"

[dictionaries]
environments = {values = ["production", "staging"]}
tenants = {values = ["acme", "otel-demo", "nobody"]}
flags = {values = ["search.ranking", "shipping.carriers", "ui.banner", "checkout.one-page"]}
documents = {values = DOCUMENTS}

[parameters]
"path.environment" = {dictionary = "environments", probability = 0.8}
"path.tenant" = {dictionary = "tenants", probability = 0.8}
"path.name" = {dictionary = "documents", probability = 0.8}
"path.key" = {dictionary = "flags", probability = 0.8}
"body.flag_key" = {dictionary = "flags", probability = 0.8}

# A flag that needs a targeting key answers 400 without one: the protocol says so.
[[operations]]
include-operation-id = "ofrepEvaluate"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404"]
"""


@pytest.fixture(scope="module")
def reader(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeProcess]:
    folder = tmp_path_factory.mktemp("clients")
    clients = clients_file(folder, everything={"tenants": ["*"], "scopes": ["flags:r"]})
    with edge_process(dist, "--clients", str(clients)) as found:
        yield found


@pytest.mark.slow
def test_schemathesis_finds_nothing(reader: EdgeProcess, dist: Path, tmp_path: Path) -> None:
    names = [path.name for path in sorted((dist / "production" / "acme").iterdir())]
    config = _CONFIG.replace("DOCUMENTS", json.dumps(names))
    (tmp_path / "schemathesis.toml").write_text(config, encoding="utf-8")
    program = Path(sysconfig.get_path("scripts")) / "schemathesis"
    phases = rounds("examples,fuzzing", "examples,coverage,fuzzing")
    arguments = ["--phases", phases, "--max-examples", "6", "--seed", "1"]
    arguments += ["--checks", "all", "--request-timeout", "10", "--suppress-health-check", "all"]
    arguments += ["--header", "X-Tenant-ID: acme", "--no-color"]
    arguments += ["--exclude-operation-id", "events"]  # a good answer to it never ends
    done = subprocess.run(
        [program, "run", f"{reader.url}/openapi.json", *arguments],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_ENDS_WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 17" in done.stdout, done.stdout
