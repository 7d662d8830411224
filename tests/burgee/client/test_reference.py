"""Promise: the client's page names every argument, word and option that there is."""

import inspect
import re
from typing import get_args

import pytest

import burgee.web
from burgee import Client
from burgee.client.known import Problem, Status
from burgee.openfeature import BurgeeProvider
from support.process import ROOT

PAGE = (ROOT / "docs" / "reference" / "client.md").read_text(encoding="utf-8")


def test_every_argument_has_its_line() -> None:
    table = PAGE.partition("| argument |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert named == list(inspect.signature(Client).parameters)


def test_defaults_are_told_as_they_are() -> None:
    for name, parameter in inspect.signature(Client).parameters.items():
        (told,) = re.findall(rf"^\| `{name}` \| ([^|]*)\|", PAGE, re.MULTILINE)
        if isinstance(parameter.default, bool | float):
            assert told.strip().strip("`") == f"{parameter.default:g}" or told.strip() == (
                f"`{parameter.default}`"
            ), name


@pytest.mark.parametrize("word", [*get_args(Status), *get_args(Problem)])
def test_every_word_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_every_helper_is_named() -> None:
    helpers = [*burgee.web.__all__, *inspect.signature(BurgeeProvider).parameters]
    public = [name for name in vars(Client) if not name.startswith("_") and name != "revive"]
    missing = [name for name in (*helpers, *public) if name not in PAGE]
    assert missing == ["resolve"], "for integrations"
