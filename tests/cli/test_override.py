"""Promise: override pins one user and lets go again, and touches no other line."""

from pathlib import Path

import pytest

from support.command import run_burgee
from support.edits import changed_lines, status

FLAG = "checkout.one-page"


def test_pin_change_and_let_go(copy: Path) -> None:
    arguments = (FLAG, "4711", "one-page", "--reason", "VIP: x", "--expires", "2026-12-31")
    done = run_burgee("override", *arguments, cwd=copy)
    assert done.returncode == 0, done.shown
    line = '+  - {user: "4711", serve: one-page, reason: "VIP: x", expires: 2026-12-31}'
    assert changed_lines(copy) == ["+overrides:", line]
    assert run_burgee("override", FLAG, "u-2", "classic", cwd=copy).returncode == 0
    again = run_burgee("override", FLAG, "4711", "classic", cwd=copy)
    assert again.returncode == 0, again.shown
    lines = ['+  - {user: "4711", serve: classic}', "+  - {user: u-2, serve: classic}"]
    assert changed_lines(copy) == ["+overrides:", *lines]
    for user in ("4711", "u-2"):
        assert run_burgee("override", FLAG, user, "--remove", cwd=copy).returncode == 0
    assert status(copy) == ""


def test_an_environment_takes_the_others_along(copy: Path) -> None:
    run_burgee("override", FLAG, "u-1", "one-page", cwd=copy)
    done = run_burgee("override", FLAG, "u-2", "classic", "-e", "staging", cwd=copy)
    assert done.returncode == 0, done.shown
    for user, environment, variant in (
        *(("u-1", "staging", "one-page"), ("u-2", "staging", "classic")),
        ("u-1", "production", "one-page"),
    ):
        context = f'{{"targetingKey": "{user}"}}'
        asked = ("eval", FLAG, "-e", environment, "--context", context, "--json")
        shown = run_burgee(*asked, cwd=copy).json()
        assert (shown["variant"], shown["reason"]) == (variant, "override")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("u-1",), 2, "name a VARIANT, or --remove"),
        (("u-1", "classic", "--remove"), 2, "name a VARIANT, or --remove"),
        (("u-1", "--remove"), 1, "no override pins u-1"),
        (("u-1", "--remove", "--reason", "x"), 2, "belong to a new override"),
        (("u-1", "nope"), 1, "B303"),
        (("u-1", "classic", "--expires", "soon"), 1, "B209"),
    ],
)
def test_what_it_refuses(copy: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee("override", FLAG, *arguments, cwd=copy)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.shown
    assert status(copy) == ""
