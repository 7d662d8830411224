"""Promise: workflows and the action are well formed, with scripts that lint and nothing let in.

actionlint reads workflows and their scripts, shellcheck the scripts of the action, which actionlint
passes over, and zizmor both for what an attacker could use: permissions, pins, text of strangers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.actionlint import actionlint
from support.command import run_burgee
from support.process import ROOT
from support.workflows import shell_scripts

TEMPLATE = ROOT / "compiler" / "burgee_cli" / "new_repository" / "workflow.yml"
ACTION = ROOT / ".github" / "actions" / "burgee" / "action.yml"
WORKFLOWS = (*sorted((ROOT / ".github" / "workflows").glob("*.yml")), TEMPLATE)


def beside_python(name: str) -> str:
    """Return a program that PyPI installed where this Python is; skips where there is none."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed")


def lint(*command: str | Path, stdin: str | None = None) -> None:
    done = subprocess.run(
        [*map(str, command)],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_pass_actionlint(file: Path) -> None:
    lint(actionlint(), "-shellcheck", beside_python("shellcheck"), "-pyflakes", "", file)


@pytest.mark.parametrize("name", [name for name, _ in shell_scripts(ACTION)])
def test_scripts_of_the_action_pass_shellcheck(name: str) -> None:
    script = dict(shell_scripts(ACTION))[name]
    lint(beside_python("shellcheck"), "--shell=bash", "-", stdin=script)


def test_nothing_is_let_in(tmp_path: Path) -> None:
    assert run_burgee("init", "made", cwd=tmp_path).returncode == 0
    made = tmp_path / "made"
    lint(beside_python("zizmor"), "--offline", "--quiet", ROOT / ".github", made / ".github")


@pytest.mark.parametrize("file", [*WORKFLOWS, ACTION], ids=lambda file: file.stem)
def test_actions_of_others_are_pinned_to_a_commit(file: Path) -> None:
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    jobs = [read["runs"]] if "runs" in read else read["jobs"].values()
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    for each in used:
        assert each.startswith("./") or len(each.partition("@")[2]) == 40, each
