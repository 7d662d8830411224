"""Promise: docs/reference/writer.md describes every call, code, metric and setting, and every
line of its session runs against a real writer and prints what is said.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burgee_http.settings import reference
from burgee_writer.codes import errors_reference
from burgee_writer.openapi import openapi
from burgee_writer.settings import TABLE
from support.plain_writer import committed, plain_writer
from support.process import ROOT
from support.sessions import free_ports, session

PAGE = (ROOT / "docs" / "reference" / "writer.md").read_text(encoding="utf-8")


def calls() -> list[str]:
    return [
        f"{method.upper()} {path}"
        for path, methods in openapi()["paths"].items()
        for method in methods
    ]


def section(call: str) -> str:
    found = re.search(rf"^### `{re.escape(call)}`$(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    return "" if found is None else found[1]


@pytest.mark.parametrize("call", calls())
def test_every_call_has_a_section_with_an_example(call: str) -> None:
    method, path = call.split(" ")
    target = re.sub(r"\\{\w+\\}", r"[^\\s/\"?]+", re.escape(path))
    example = rf"^\$ curl .*\$W{target}([\"?\s]|$)"
    lines = [line for line in section(call).splitlines() if re.search(example, line)]
    if method in ("GET", "POST"):
        other = ("-X PUT", "-X PATCH", "-X DELETE")
        assert any(not any(each in line for each in other) for line in lines)
    else:
        assert any(f"-X {method}" in line for line in lines)


def test_no_section_is_of_a_call_that_is_not_there() -> None:
    assert sorted(re.findall(r"^### `(.*)`$", PAGE, re.MULTILINE)) == sorted(calls())


def test_the_tables_are_those_of_the_code() -> None:
    assert errors_reference() in PAGE
    assert reference(TABLE) in PAGE


def test_every_metric_is_named(tmp_path: Path) -> None:
    files = {"burgee.yaml": "environments: [production]\n"}
    with plain_writer(committed(tmp_path / "r", files), tmp_path / "state") as writer:
        text = writer.get("/metrics").body.decode()
    names = set(re.findall(r"^(burgee_\w+)", text, re.MULTILINE))
    assert len(names) > 10
    assert names == set(re.findall(r"`(burgee_\w+)`", PAGE))


def test_the_session(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with session(tmp_path) as here:
        here.run(PAGE.replace("8081", str(port)))
        assert here.ran > 60
