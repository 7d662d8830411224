"""Promise: chains of calls, each made of what the one before answered, keep to `/openapi.json`:
what was created is found, changed, pulled, deleted, undone; and git and the files are sound after.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from support.command import environment, run_burgee
from support.flag_repository import FlagRepository, git
from support.writer_process import WriterProcess, bare_repository, writer_process

_ENDS_WITHIN = 240
_EXAMPLES = os.environ.get("BURGEE_STATEFUL", "10")
_FILES = {
    "flags/a.yaml": "# kept\nvariants: [x, y]\ndefault: x\n",
    "flags/b/c.yaml": "default: off\nrules:\n  - {name: r, when: {segment: s}, serve: on}\n",
    "segments/s.yaml": "members: [u]\n",
}
_CONFIG = """\
[auth.openapi.bearer]
bearer = "key-of-all"

[checks]
positive_data_acceptance.expected-statuses = [
    "2xx", "304", "400", "403", "404", "409", "412", "422",
]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "412", "422"]
"""
_OF_ONE = {
    "Flag": (
        *("getFlag", "getFlagDocument", "putFlag", "patchFlag", "putFlagState", "deleteFlag"),
        *("putFlagOverride", "deleteFlagOverride", "postFlagRule", "putFlagExperiment"),
        *("patchFlagExperiment", "getFlagExperiment"),
    ),
    "Segment": (
        *("getSegment", "getSegmentDocument", "putSegment", "patchSegment", "deleteSegment"),
        *("putSegmentMember", "deleteSegmentMember"),
    ),
}
_NAME = {"type": "string", "pattern": "^[a-z]{1,3}$"}
_SERVE = {"enum": ["on", "off"]}
_FLAG = {
    "description": {"type": "string", "pattern": "^[ -~]{0,20}$"},
    "tags": {"type": "array", "items": _NAME, "maxItems": 3, "uniqueItems": True},
    "metadata": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 99}},
    "state": _SERVE,
    "default": _SERVE,
}
_MEMBERS = {"type": "array", "items": _NAME, "minItems": 1, "maxItems": 3, "uniqueItems": True}
_SPLIT = {"const": {"split": {"on": 1, "off": 1}}}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": list(required)}


# Bodies of what the document allows that are seldom refused: chains of refusals lead nowhere.
_BODIES = {
    "postFlag": _object(("key",), key=_NAME, **_FLAG),
    "putFlag": _object(("default",), **_FLAG),
    "patchFlag": _object((), **_FLAG),
    "putFlagState": _object(("state",), state=_SERVE),
    "putFlagOverride": _object(("serve",), serve=_SERVE),
    "postFlagRule": _object(("name", "serve"), name=_NAME, serve=_SERVE),
    "putFlagExperiment": _object(
        ("serve", "control"), serve=_SPLIT, control=_SERVE, status={"enum": ["draft", "running"]}
    ),
    "patchFlagExperiment": _object(("status",), status={"enum": ["paused", "running"]}),
    "postSegment": _object(("key", "members"), key=_NAME, members=_MEMBERS),
    "putSegment": _object(("members",), members=_MEMBERS),
    "patchSegment": _object(("members",), members=_MEMBERS),
}


def _narrowed(operation: Any) -> None:
    body = _BODIES.get(operation["operationId"])
    if body is not None:
        operation["requestBody"]["content"] = {"application/json": {"schema": body}}
        named = {f"#/components/parameters/{each}" for each in ("key", "rule", "user")}
        operation["parameters"] = [
            each for each in operation["parameters"] if each["$ref"] in named
        ]


def _linked(document: Any) -> Any:
    """The document with what leads from an answer to the next call, which it does not tell."""
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method in ("post", "put", "patch", "get", "delete"):
                _narrowed(operation)
                for status, answer in operation["responses"].items():
                    links = _links(operation["operationId"], status)
                    if links:
                        answer["links"] = links
    return document


def _links(name: str, status: str) -> dict[str, Any]:
    links: dict[str, Any] = {}
    for noun, targets in _OF_ONE.items():
        place = {
            f"post{noun}": f"#/{noun.lower()}/key",
            f"put{noun}": f"#/{noun.lower()}/key",
            f"patch{noun}": f"#/{noun.lower()}/key",
            f"list{noun}s": f"#/{noun.lower()}s/0/key",
        }.get(name)
        if place is not None and status in ("200", "201"):
            for target in targets:
                key = {"path.key": f"$response.body{place}"}
                links[f"{target}After{name}{status}"] = {"operationId": target, "parameters": key}
    if name.startswith(("post", "put", "patch")) and status in ("200", "201"):
        body = {"commit": "$response.body#/commit"}
        links[f"undo{name}{status}"] = {"operationId": "undoCommit", "requestBody": body}
    if name.startswith("delete") and status == "204":
        body = {"commit": "$response.header.burgee-commit"}
        links[f"undo{name}"] = {"operationId": "undoCommit", "requestBody": body}
    return links


def _run(writer: WriterProcess, folder: Path) -> subprocess.CompletedProcess[str]:
    document = _linked(writer.get("/openapi.json"))
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(_CONFIG, encoding="utf-8")
    program = Path(sysconfig.get_path("scripts")) / "schemathesis"
    arguments = ["--phases", "stateful", "--max-examples", _EXAMPLES, "--seed", "1"]
    arguments += ["--checks", "all", "--request-timeout", "10", "--suppress-health-check", "all"]
    arguments += ["--header", "X-Tenant-ID: acme", "--no-color", "--exclude-operation-id", "events"]
    return subprocess.run(
        [program, "run", "openapi.json", "--url", f"http://127.0.0.1:{writer.port}", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_ENDS_WITHIN,
        check=False,
    )


@pytest.mark.slow
def test_chains_of_calls_find_nothing(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, _FILES)
    clients = {"all": {"tenants": ["*"], "scopes": ["admin"]}}
    with writer_process(bare, tmp_path / "state", clients=clients, tenant=None) as writer:
        done = _run(writer, tmp_path)
        made = writer.metric("burgee_writer_writes_total")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Stateful" in done.stdout
    assert "API Links:    0 covered" not in done.stdout, done.stdout
    assert made >= 10
    git(bare, "fsck", "--strict")
    person = FlagRepository(tmp_path / "person")
    git(person.root, "pull", "--quiet", "origin", "main")
    ran = run_burgee("check", person.root, cwd=tmp_path)
    assert ran.returncode == 0, ran.shown
    actions = git(bare, "log", "--format=%(trailers:key=Burgee-Action,valueonly)", "main").split()
    assert int(made) == len(actions)
