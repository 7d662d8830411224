"""Promise: the writer does what its own `/openapi.json` says, whatever it is asked, and what comes
of it is a repository without errors.
"""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from burgee_writer.openapi import openapi
from support.command import environment, git, run_burgee
from support.edge import clients_file
from support.plain_writer import committed, plain_writer
from support.rounds import rounds

_ENDS_WITHIN = 120
_FILES = {
    "burgee.yaml": "environments: [staging, production]\n",
    "acme/flags/a.yaml": "# kept\nvariants: [x, y]\ndefault: x\n",
    "acme/flags/b/c.yaml": "default: off\nrules:\n  - {name: r, when: {segment: s}, serve: on}\n",
    "acme/segments/s.yaml": "members: [u]\n",
}
# Whatever a body is, it may be refused for what is there: by the checks, a rule, an ETag.
_CONFIG = """\
[auth.openapi.bearer]
bearer = "key-of-everything"

[dictionaries]
keys = {values = ["a", "b.c", "s"]}
rules = {values = ["r", "e"]}

[parameters]
"path.key" = {dictionary = "keys", probability = 0.8}
"path.rule" = {dictionary = "rules", probability = 0.8}

[checks]
positive_data_acceptance.expected-statuses = [
    "2xx", "304", "400", "403", "404", "409", "412", "422",
]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "412", "422"]

[[operations]]
include-operation-id = "token"
checks.positive_data_acceptance.expected-statuses = ["400", "401", "429"]
checks.negative_data_rejection.expected-statuses = ["400", "401", "429"]
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    repository = committed(tmp_path / "repository", _FILES)
    clients = clients_file(tmp_path, everything={"tenants": ["*"], "scopes": ["admin"]})
    (tmp_path / "schemathesis.toml").write_text(_CONFIG, encoding="utf-8")
    program = Path(sysconfig.get_path("scripts")) / "schemathesis"
    arguments = ["--phases", "fuzzing", "--max-examples", rounds("5", "50"), "--seed", "1"]
    arguments += ["--checks", "all", "--request-timeout", "10", "--suppress-health-check", "all"]
    arguments += ["--header", "X-Tenant-ID: acme", "--no-color"]
    arguments += ["--exclude-operation-id", "events"]  # a good answer to it never ends
    state = tmp_path / "state"
    with plain_writer(repository, state, "--clients", str(clients)) as writer:
        done = subprocess.run(
            [program, "run", f"{writer.url}/openapi.json", *arguments],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_ENDS_WITHIN,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    count = sum(map(len, openapi()["paths"].values())) - 1
    assert f"Tested: {count}" in done.stdout, done.stdout
    assert git(repository, "status", "--porcelain") == ""
    checked = run_burgee("check", cwd=repository)
    assert checked.returncode == 0, checked.shown
