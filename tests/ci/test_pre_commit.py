"""Promise: with our hooks a commit of flags that do not pass is refused, by pre-commit itself.

The hooks are taken from a repository that holds our list of them, as users name it. Only how they
are installed is set aside: they find `burgee` on PATH, where users have it installed from PyPI.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.command import Ran, git, run_burgee
from support.process import ROOT

LIST = ROOT / ".pre-commit-hooks.yaml"
SPLIT = "default: {split: {a: 50, b: 50}}\n"
FLAG = "variants: [a, b]\n" + SPLIT
pytestmark = pytest.mark.skipif(
    shutil.which("pre-commit", path=str(Path(sys.executable).parent)) is None,
    reason="pre-commit is not installed",
)


@pytest.fixture
def hook_shell(shell: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {**shell, "PRE_COMMIT_HOME": str(tmp_path / "cache")}


@pytest.fixture
def hooked(tmp_path: Path, hook_shell: dict[str, str]) -> Path:
    """A repository of flags with our hooks installed."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(LIST, hooks)
    git(hooks, "init", "--quiet", "--initial-branch=main")
    git(hooks, "add", "--all")
    git(hooks, "commit", "--quiet", "--message", "hooks")
    flags = tmp_path / "flags"
    assert run_burgee("init", flags, cwd=tmp_path).returncode == 0
    named = [each["id"] for each in yaml.safe_load(LIST.read_text(encoding="utf-8"))]
    ours = {"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD")}
    local = yaml.safe_load((flags / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    config = {"repos": [{**ours, "hooks": [{"id": name} for name in named]}, *local["repos"]]}
    write_config(flags, config)
    (flags / "acme" / "flags" / "test.yaml").write_text(FLAG, encoding="utf-8", newline="\n")
    git(flags, "add", "--all")
    git(flags, "commit", "--quiet", "--message", "first")
    assert pre_commit(flags, hook_shell, "install").returncode == 0
    return flags


def write_config(flags: Path, config: dict[str, Any]) -> None:
    for repo in config["repos"]:
        for hook in repo["hooks"]:
            hook |= {"language": "system", "additional_dependencies": []}
    path = flags / ".pre-commit-config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8", newline="\n")


def pre_commit(folder: Path, shell: dict[str, str], *arguments: str) -> Ran:
    return ran([sys.executable, "-m", "pre_commit", *arguments], folder, shell)


def commit(flags: Path, shell: dict[str, str]) -> Ran:
    return ran(["git", "commit", "--all", "--message", "change"], flags, shell)


def ran(command: list[str], folder: Path, shell: dict[str, str]) -> Ran:
    done = subprocess.run(
        command,
        cwd=folder,
        env=shell,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Ran(done.args, done.returncode, done.stdout, "")


def test_pre_commit_takes_our_lists(hook_shell: dict[str, str], tmp_path: Path) -> None:
    assert run_burgee("init", "flags", cwd=tmp_path).returncode == 0
    config = str(tmp_path / "flags" / ".pre-commit-config.yaml")
    for arguments in (("validate-manifest", str(LIST)), ("validate-config", config)):
        done = pre_commit(tmp_path, hook_shell, *arguments)
        assert done.returncode == 0, done.shown


@pytest.mark.slow
def test_a_commit_passes_or_is_told_what_is_wrong(hooked: Path, hook_shell: dict[str, str]) -> None:
    flag = hooked / "acme" / "flags" / "test.yaml"
    first = git(hooked, "rev-parse", "HEAD")
    flag.write_text(FLAG.replace("b: 50", "c: 50"), encoding="utf-8", newline="\n")
    refused = commit(hooked, hook_shell)
    assert refused.returncode == 1
    assert "acme/flags/test.yaml:2:" in refused.stdout, refused.shown
    flag.write_text(FLAG + "tests: [{it: x, context: {}, expect: {variant: b, shares: {a: 1}}}]\n")
    assert commit(hooked, hook_shell).returncode == 1
    flag.write_text(
        FLAG.replace("a: 50, b: 50", "a: 40, b: 40, c: 20").replace("[a, b]", "[a, b, c]")
    )
    refused = commit(hooked, hook_shell)
    assert "would write acme/flags/test.lock.yaml" in refused.stdout, refused.shown
    assert git(hooked, "rev-parse", "HEAD") == first
    assert run_burgee("lock", cwd=hooked).returncode == 0
    git(hooked, "add", "--all")
    done = commit(hooked, hook_shell)
    assert done.returncode == 0, done.shown
    assert done.stdout.count("Passed") == 5
