"""Promise: the page of the writer client names all that there is, and its example runs."""

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import burgee
from burgee import writer
from burgee.writer import WriterClient, WriterError, Written
from burgee.writer.base import Options
from support.process import ROOT
from support.scripted_server import json_reply, scripted_server

PAGE = (Path(ROOT) / "docs" / "reference" / "writer-client.md").read_text(encoding="utf-8")


def test_every_argument_has_its_line() -> None:
    table = PAGE.partition("| argument |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `([a-z_]+)` \|([^|]*)\|", table, re.MULTILINE)
    known = inspect.signature(WriterClient).parameters
    assert [name for name, _ in told] == list(known)
    for name, text in told:
        default = known[name].default
        if default is not inspect.Parameter.empty:
            shown = f"{default:g}" if isinstance(default, float) else f"`{default}`"
            assert text.strip() == shown, name


def test_every_method_option_and_field_is_named() -> None:
    public = [name for name in dir(WriterClient) if not name.startswith("_")]
    names = [*public, *Options.__annotations__, *Written.__struct_fields__, *writer.__all__]
    error = list(vars(WriterError(None, "", "")))
    assert [name for name in (*names, *error) if name not in PAGE] == []


@pytest.mark.parametrize("method", re.findall(r"^\| `?(.*?)\|", PAGE, re.MULTILINE))
def test_parameters_are_as_they_are(method: str) -> None:
    for name, text in re.findall(r"`?(\w+)\(([^)`]*)\)", method):
        known = getattr(WriterClient, name, None)
        if known is None:
            continue
        there = [each for each in inspect.signature(known).parameters if each != "self"]
        told = re.findall(r"(?:^|, )\**(\w+)", re.sub(r"\[.*\]", "changes", text))
        assert told == [each for each in there if each != "options"], name


def test_the_example_runs() -> None:
    assert burgee.WriterClient is WriterClient
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    def answer(asked: Any) -> Any:
        if asked.path == "/v1/auth/token":
            return json_reply({"access_token": "t", "expires_in": 3600})
        error = {"error": {"code": "changed", "message": "m"}}
        is_stale = "if-match" in asked.headers
        return json_reply(error, 412) if is_stale else json_reply({"changed": True}, ETag='"e"')

    with scripted_server(answer) as server:
        names = {"secret": "s", "next_week": datetime(2026, 12, 4, tzinfo=UTC)}
        exec(code.replace("https://writer.acme.example", server.url), names)
    assert [f"{each.method} {each.path}" for each in server.asked] == [
        "POST /v1/auth/token",
        "POST /v1/flags",
        "PUT /v1/flags/checkout.one-page/overrides/u-1",
        "PUT /v1/segments/beta-testers/members/u-2",
        "PUT /v1/flags/checkout.one-page/state",
        "GET /v1/flags/checkout.one-page",
        "PATCH /v1/flags/checkout.one-page",
    ]
