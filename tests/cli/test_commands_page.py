"""Promise: the page of commands names every command and option, and no other."""

import importlib
import re

import click
import pytest

from burgee_edge.settings import TABLE
from burgee_http.settings import reference
from burgee_writer.settings import TABLE as WRITER
from support.process import ROOT

PAGE = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
COMMANDS = (
    *(
        "up",
        "init",
        "check",
        "lock",
        "test",
        "comment",
        "build",
        "publish",
        "plan",
        "eval",
        "explain",
        "list",
    ),
    *(
        "show",
        "create",
        "set",
        "override",
        "segment",
        "rename",
        "conclude",
        "layer add",
        "rollback",
    ),
    *("stats", "stale"),
    *("schema", "keygen", "verify", "edge", "writer", "client add"),
)


def section(command: str) -> str:
    found = re.search(rf"^## burgee {command}\b.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section on burgee {command}"
    return found[0]


def loaded(command: str) -> click.Command:
    name, _, inner = command.partition(" ")
    made: click.Command = importlib.import_module(f"burgee_cli.commands.{name}").command
    return made.commands[inner] if isinstance(made, click.Group) else made


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_documented(command: str) -> None:
    options = {
        max(parameter.opts, key=len)
        for parameter in loaded(command).params
        if isinstance(parameter, click.Option)
    }
    assert [each for each in sorted(options) if f"`{each}" not in section(command)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_other_option_is_documented(command: str) -> None:
    documented = set(re.findall(r"^\| `?(--[a-z0-9-]+)", section(command), re.MULTILINE))
    known = {name for parameter in loaded(command).params for name in parameter.opts}
    assert documented <= known


def test_each_command_has_a_section() -> None:
    sections = re.findall(r"^## burgee ([a-z]+(?: add)?)", PAGE, re.MULTILINE)
    assert sections == list(COMMANDS)


def test_the_settings_of_the_edge_node_are_the_table() -> None:
    assert reference(TABLE) in PAGE, "write the output of burgee_http.settings.reference into it"


def test_the_settings_of_the_writer_are_the_table() -> None:
    assert reference(WRITER) in PAGE, "write the output of burgee_http.settings.reference into it"
