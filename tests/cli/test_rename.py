"""Promise: rename changes every place that names a flag or rule, and no user gets anything else."""

from pathlib import Path

import pytest

from support.command import run_burgee
from support.edits import changed_lines, status


def test_a_flag(copy: Path) -> None:
    before = run_burgee("eval", "welcome-banner", "-e", "staging", "--json", cwd=copy).json()
    done = run_burgee("rename", "welcome-banner", "shop.banner", cwd=copy)
    assert done.returncode == 0, done.shown
    assert done.stdout.splitlines() == [
        "wrote acme/flags/checkout/one-page.yaml",
        "wrote acme/flags/shop/banner.yaml",
        "removed acme/flags/welcome-banner.yaml",
    ]
    assert "+requires: [{flag: shop.banner, serves: [on]}]" in changed_lines(copy)
    text = (copy / "acme/flags/shop/banner.yaml").read_text(encoding="utf-8")
    assert "\nseed: welcome-banner\n" in text
    assert run_burgee("check", cwd=copy).returncode == 0
    assert run_burgee("test", cwd=copy).returncode == 0
    after = run_burgee("eval", "shop.banner", "-e", "staging", "--json", cwd=copy).json()
    assert {**after, "flag_key": "", "version": ""} == {**before, "flag_key": "", "version": ""}
    assert run_burgee("rename", "shop.banner", "welcome-banner", cwd=copy).returncode == 0
    assert status(copy) == ""


def test_a_rule(copy: Path) -> None:
    done = run_burgee("rename", "welcome-banner", "--rule", "premium", "paying", cwd=copy)
    assert done.returncode == 0, done.shown
    assert {"+  - name: paying", "+    was: premium"} <= set(changed_lines(copy))
    assert run_burgee("test", cwd=copy).returncode == 0
    back = run_burgee("rename", "welcome-banner", "--rule", "paying", "premium", cwd=copy)
    assert (back.returncode, status(copy)) == (0, "")


def test_where_one_file_cannot_be_written_the_others_are_put_back(copy: Path) -> None:
    (copy / "acme/flags/shop").write_text("a file where a folder should be", encoding="utf-8")
    before = status(copy)
    done = run_burgee("rename", "welcome-banner", "shop.banner", cwd=copy)
    assert (done.returncode, "acme/flags/shop/banner.yaml cannot be written" in done.stderr) == (
        *(2, True),
    ), done.shown
    assert status(copy) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "x"), "has no flag 'nope'"),
        (("welcome-banner", "checkout.one-page"), "there is a flag checkout.one-page already"),
        (("welcome-banner", "a/b"), '"a/b" is no key of a flag'),
        (("welcome-banner", "x", "--rule", "nope"), 'welcome-banner has no rule "nope"'),
        (("welcome-banner", "staff", "--rule", "premium"), "B308"),
        (("welcome-banner", "default", "--rule", "premium"), "B216"),
    ],
)
def test_what_it_refuses(copy: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run_burgee("rename", *arguments, cwd=copy)
    assert (done.returncode, said in done.stdout + done.stderr) == (1, True), done.shown
    assert status(copy) == ""
