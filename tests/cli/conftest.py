"""Flag repositories under git: one that no test changes, and fresh ones to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import git, run_burgee

BANNER = "acme/flags/welcome-banner.yaml"
SECOND_FLAG = """\
name: Checkout
owner: team-payments
tags: [checkout]
kind: ops
variants: {classic: {value: {steps: 3}}, one-page: {value: {steps: 1}}}
state: off
off_variant: classic
requires: [{flag: welcome-banner, serves: [on]}]
default: {split: {classic: 75, one-page: 25}}
schedule: [{at: 2030-01-01T00:00:00Z, set: {state: on}}]
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `burgee init` makes, in two commits: the second adds a flag and opens the banner."""
    folder = tmp_path_factory.mktemp("cli") / "flags"
    done = run_burgee("init", folder, cwd=folder.parent)
    assert done.returncode == 0, done.shown
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    second = folder / "acme" / "flags" / "checkout" / "one-page.yaml"
    second.parent.mkdir()
    second.write_text(SECOND_FLAG, encoding="utf-8", newline="\n")
    banner = folder / BANNER
    text = banner.read_text(encoding="utf-8")
    text = text.replace("default: off", "default: on").replace("on: 25, off: 75", "on: 100")
    text = text.replace("expect: {variant: off, reason: default}", "expect: {variant: on}")
    banner.write_text(text, encoding="utf-8", newline="\n")
    with (folder / "burgee.yaml").open("a", encoding="utf-8", newline="\n") as settings:
        settings.write("levels: {B715: off}\n")  # the banner is open to all, for a while
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "second")
    return folder


@pytest.fixture(scope="session")
def repo(made: Path) -> Iterator[Path]:
    """The repository that no test changes; that nobody did is checked at the end."""
    yield made
    assert git(made, "status", "--porcelain") == ""


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A repository to change."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


@pytest.fixture
def broken(copy: Path) -> Path:
    """A repository whose banner names a variant that is not there."""
    banner = copy / BANNER
    text = banner.read_text(encoding="utf-8")
    banner.write_text(text.replace("default: on", "default: onn", 1), encoding="utf-8")
    return copy
