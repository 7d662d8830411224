"""Promise: create writes one new file, off for everybody, and nothing that check would refuse."""

from pathlib import Path

import pytest

from support.command import run_burgee
from support.edits import status


def test_a_boolean_flag(copy: Path) -> None:
    done = run_burgee("create", "checkout.gift-cards", "--owner", "team-payments", cwd=copy)
    assert (done.returncode, done.stdout) == (0, "wrote acme/flags/checkout/gift-cards.yaml\n")
    text = (copy / "acme/flags/checkout/gift-cards.yaml").read_bytes()
    assert text == b"owner: team-payments\ndefault: off\n"
    assert run_burgee("check", cwd=copy).returncode == 0


def test_all_its_options(copy: Path) -> None:
    options = (
        *("--name", "A: b", "--description", "on", "--tag", "web", "--tag", "5"),
        *("--kind", "ops", "--expires", "2027-03-01", "--type", "integer"),
        *("--variant", "low=5", "--variant", "high=50", "--default", "low"),
    )
    done = run_burgee("create", "limit", *options, cwd=copy)
    assert done.returncode == 0, done.shown
    assert (copy / "acme/flags/limit.yaml").read_text(encoding="utf-8") == (
        'name: "A: b"\ndescription: on\ntags: [web, "5"]\nkind: ops\nexpires: 2027-03-01\n'
        "type: integer\nvariants:\n  low: {value: 5}\n  high: {value: 50}\ndefault: low\n"
    )


def test_variants_without_values_are_texts(copy: Path) -> None:
    done = run_burgee("create", "rank", "--variant", "control", "--variant", "b", cwd=copy)
    assert done.returncode == 0, done.shown
    text = (copy / "acme/flags/rank.yaml").read_text(encoding="utf-8")
    assert text == "variants: [control, b]\ndefault: control\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("welcome-banner",), 1, "there is a flag welcome-banner already"),
        (("../../x",), 1, '"../../x" is no key of a flag'),
        (("x", "--type", "string"), 1, "a flag of type string needs its variants"),
        (("x", "--variant", "=5"), 2, "--variant =5 has no name"),
        (("x", "--variant", "a=["), 1, "the value of variants.a is no YAML"),
        (("x", "--tenant", "nope"), 2, "there is no tenant 'nope'"),
        (("x", "--default", "maybe"), 1, 'the flag has no variant "maybe"'),
        (("Welcome-Banner",), 1, "differ in case alone"),
        (("x", "--expires", "soon"), 1, "B209"),
    ],
)
def test_what_it_refuses(copy: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee("create", *arguments, cwd=copy)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.shown
    assert status(copy) == ""


def test_a_dry_run_prints_a_diff_that_git_takes(copy: Path) -> None:
    done = run_burgee("create", "x", "--dry-run", cwd=copy)
    assert done.stdout.startswith("--- /dev/null\n+++ b/acme/flags/x.yaml\n")
    assert status(copy) == ""
    shown = run_burgee("create", "x", "--json", cwd=copy).json()
    assert shown["written"]
    assert [each["path"] for each in shown["changes"]] == ["acme/flags/x.yaml"]
    assert shown["changes"][0]["diff"] == done.stdout
