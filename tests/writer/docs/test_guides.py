"""Promise: the guides to the writer run as they are printed, under `burgee up`; each call that they
map one of another service's to is there, and is shown.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burgee_edge.openapi import openapi as edge
from burgee_writer.openapi import openapi as writer
from support.guides import steps
from support.process import ROOT
from support.sessions import Session, free_ports, session

GUIDES = ROOT / "docs" / "guides"
FROM_OTHERS = (GUIDES / "from-other-services.md").read_text(encoding="utf-8")
ON_CALL = (GUIDES / "on-call.md").read_text(encoding="utf-8")
SEEN_WITHIN = 10.0


def run(page: str, folder: Path) -> Session:
    at_edge, at_writer = free_ports(2)
    page = page.replace("8081", str(at_writer)).replace("8080", str(at_edge))
    with session(folder) as here:
        here.run(page, patience=SEEN_WITHIN)
        return here


def test_an_incident_from_the_first_curl_to_the_all_clear(tmp_path: Path) -> None:
    assert run(ON_CALL, tmp_path).ran == len(list(steps(ON_CALL))) > 20


def test_the_guide_from_other_services_runs(tmp_path: Path) -> None:
    assert run(FROM_OTHERS, tmp_path).ran == len(list(steps(FROM_OTHERS))) > 40


def sections() -> list[tuple[str, str]]:
    """The parts of the guide that map calls, with their titles."""
    parts = re.split(r"^## (.*)$", FROM_OTHERS, flags=re.MULTILINE)[1:]
    named = list(zip(parts[::2], parts[1::2], strict=True))
    mapping = re.compile(r"^\|.*`(GET|P)", re.MULTILINE)
    return [(title, text) for title, text in named if mapping.search(text)]


def test_there_are_sections() -> None:
    assert len(sections()) >= 9


@pytest.mark.parametrize("text", [pytest.param(text, id=title) for title, text in sections()])
def test_each_call_that_is_named_is_there_and_shown(text: str) -> None:
    known = {
        f"{method.upper()} {path}"
        for document in (edge(), writer())
        for path, methods in document["paths"].items()
        for method in methods
    }
    rows = re.findall(r"^\|[^|]*\|([^|]*)\|$", text, re.MULTILINE)
    calls = [each for row in rows for each in re.findall(r"`((?:GET|P\w+|DELETE) /[^`]*)`", row)]
    assert calls
    shown = [command for command, _ in steps(text)]
    for call in calls:
        method, _, target = call.partition(" ")
        path, _, query = target.partition("?")
        assert f"{method} {path}" in known, call
        pattern = re.sub(r"\\{\w+\\}", r"[^\\s/\"?]+", re.escape(path))
        found = [each for each in shown if re.search(rf"\$[EW]{pattern}([\"?\s]|$)", each)]
        assert any(is_by(method, each) for each in found), call
        for name in re.findall(r"(\w+)=", query):
            assert any(f"{name}=" in each for each in found), call


def is_by(method: str, command: str) -> bool:
    """Whether a curl line is of a method."""
    said = re.search(r"-X (\w+)", command)
    if said is not None:
        return said[1] == method
    return method == ("POST" if " -d " in command else "GET")
