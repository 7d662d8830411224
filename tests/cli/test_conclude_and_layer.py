"""Promise: experiments get free slots of a layer and end with a winner; nobody else is touched."""

from pathlib import Path

import pytest

from support.command import git, run_burgee
from support.edits import changed_lines, status

FLAG = """\
variants: [a, b]
rules:
  - name: test
    experiment: {status: running, control: a}   # since March
    serve: {split: {a: 1, b: 1}}
default: a
"""


@pytest.fixture
def layered(copy: Path) -> Path:
    for name in ("one", "two"):
        (copy / f"acme/flags/{name}.yaml").write_text(FLAG, encoding="utf-8")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "experiments")
    return copy


def test_conclude(layered: Path) -> None:
    done = run_burgee("conclude", "one", "test", "--winner", "b", cwd=layered)
    assert done.returncode == 0, done.shown
    assert changed_lines(layered) == [
        "-    experiment: {status: running, control: a}   # since March",
        "+    experiment: {status: concluded, winner: b, control: a}   # since March",
    ]
    shown = run_burgee(
        "eval", "one", "-e", "staging", "--context", '{"targetingKey":"u"}', "--json", cwd=layered
    )
    assert shown.json()["variant"] == "b"


def test_conclude_in_one_environment(layered: Path) -> None:
    arguments = ("one", "test", "--winner", "b", "-e", "staging")
    done = run_burgee("conclude", *arguments, cwd=layered)
    assert done.returncode == 0, done.shown
    assert changed_lines(layered) == [
        "+    environments:",
        "+      staging: {experiment: {status: concluded, winner: b, control: a}}",
    ]
    base = run_burgee("conclude", "one", "test", "--winner", "a", cwd=layered)
    assert "note: staging states the experiment for itself" in base.stderr


def test_layer_add(layered: Path) -> None:
    done = run_burgee("layer", "add", "checkout", "one/test", "60", "--new", cwd=layered)
    assert done.returncode == 0, done.shown
    layers = layered / "acme" / "layers.yaml"
    text = "checkout:\n  slots:\n    one/test: [[0, 60]]\n"
    assert layers.read_text(encoding="utf-8") == text
    assert any("layer: checkout" in line for line in changed_lines(layered))
    layers.write_text(text + "    # two comes next\n", encoding="utf-8")
    more = run_burgee("layer", "add", "checkout", "two/test", "12.5", cwd=layered)
    assert more.stderr == "note: two/test has [60, 72.5] of checkout from now on\n"
    grown = run_burgee("layer", "add", "checkout", "one/test", "10%", cwd=layered)
    assert grown.returncode == 0, grown.shown
    assert layers.read_text(encoding="utf-8") == (
        "checkout:\n  slots:\n    one/test: [[0, 60], [72.5, 82.5]]\n    # two comes next\n"
        "    two/test: [[60, 72.5]]\n"
    )
    assert run_burgee("check", cwd=layered).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("conclude", "one", "test"), 2, "--winner"),
        (("conclude", "one", "test", "--winner", "c"), 1, "B303"),
        (("conclude", "one", "tst", "--winner", "b"), 1, 'did you mean "test"?'),
        (("conclude", "welcome-banner", "staff", "--winner", "on"), 1, "is no experiment"),
        (("layer", "add", "nope", "one/test", "5"), 1, "add --new to make it"),
        (("layer", "add", "l", "one/test", "0", "--new"), 2, "'0' is no share"),
        (("layer", "add", "l", "one/test", "1.2345", "--new"), 2, "'1.2345' is no share"),
        (("layer", "add", "l", "one", "5", "--new"), 2, "'one' names no rule"),
        (("layer", "add", "l", "nope/test", "5", "--new"), 1, "has no flag 'nope'"),
        (("layer", "add", "l", "welcome-banner/staff", "5", "--new"), 1, "is no experiment"),
    ],
)
def test_what_they_refuse(layered: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee(*arguments, cwd=layered)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.shown
    assert status(layered) == ""
