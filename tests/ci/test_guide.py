"""Promise: the guide on continuous integration shows files and commands that run as they stand."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from support.command import git
from support.forge import Forge
from support.guides import pattern, steps
from support.process import ROOT

GUIDE = (ROOT / "docs" / "guides" / "continuous-integration.md").read_text(encoding="utf-8")
FLAG = """\
default: {serve: on, percentage: 10}
tests:
  - {it: is off for most, context: {}, bucket: 0.9, expect: {variant: off}}
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A branch `wider` of a clone, with the files that the guide shows."""
    origin = tmp_path / "origin"
    (origin / "acme" / "flags").mkdir(parents=True)
    flag = Path("acme") / "flags" / "checkout.yaml"
    environments = "environments: [development, staging, production]\n"
    (origin / "burgee.yaml").write_text(environments, encoding="utf-8")
    (origin / flag).write_text(FLAG, encoding="utf-8", newline="\n")
    (origin / ".gitignore").write_text("plan.*\n", encoding="utf-8")
    (origin / "review.sh").write_text(block("sh"), encoding="utf-8", newline="\n")
    (origin / ".gitlab-ci.yml").write_text(block("yaml"), encoding="utf-8", newline="\n")
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    clone = tmp_path / "clone"
    git(clone, "switch", "--quiet", "--create", "wider")
    (clone / flag).write_text(FLAG.replace("10", "20"), encoding="utf-8", newline="\n")
    git(clone, "commit", "--quiet", "--all", "--message", "wider")
    return clone


def block(language: str) -> str:
    """Return the first block of the guide in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def run(script: str, folder: Path, shell: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_session_of_the_guide(clone: Path, shell: dict[str, str]) -> None:
    for command, printed in steps(GUIDE):
        done = run(command, clone, shell)
        assert pattern(printed).fullmatch(done.stdout.rstrip("\n")), f"{command}\n{done.stdout}"


def test_the_script_ends_at_what_is_wrong(clone: Path, shell: dict[str, str]) -> None:
    (clone / "acme" / "flags" / "other.yaml").write_text("default: onn\n", encoding="utf-8")
    done = run("sh review.sh main", clone, shell)
    assert done.returncode == 1
    assert "acme/flags/other.yaml:1:" in done.stdout
    assert not (clone / "plan.md").exists()


def test_gitlab_reviews_and_builds(clone: Path, shell: dict[str, str], hub: Forge) -> None:
    """GitLab's runner joins the lines of `script` into one, which ends at the first failure."""
    jobs = yaml.safe_load((clone / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    hub.us = "project_5_bot"
    review = {
        **shell,
        "GITLAB_CI": "true",
        "GITLAB_TOKEN": "secret",
        "CI_API_V4_URL": hub.address,
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(clone, "merge-base", "main", "HEAD"),
    }
    for expected in ("POST /projects/5/merge_requests/3/notes", "PUT "):
        script = "\n".join(("set -eo pipefail", *jobs["review flags"]["script"]))
        done = run(script, clone, review)
        assert done.returncode == 0, done.stdout
        assert hub.changes[-1].startswith(expected)
    (note,) = hub.comments
    assert "checkout" in note["body"]
    script = "\n".join(("set -eo pipefail", *jobs["build flags"]["script"]))
    done = run(script, clone, shell)
    assert done.returncode == 0, done.stdout


def test_the_hooks_are_those_there_are() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert re.findall(r"^      - id: (\S+)$", GUIDE, re.MULTILINE) == [each["id"] for each in hooks]
    assert re.findall(r"^\| `(burgee-\w+)` \|", GUIDE, re.MULTILINE) == [
        each["id"] for each in hooks
    ]
