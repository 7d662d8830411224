"""Promise: the guide on weights and locks is a session that runs and prints what it says there."""

from pathlib import Path

from support.command import git
from support.guides import pattern, said, shell_in, steps
from support.process import ROOT

GUIDE = (ROOT / "docs" / "guides" / "weights-and-locks.md").read_text(encoding="utf-8")
FLAG = """\
variants: [candidate-a, candidate-b, off]
default: {split: {candidate-a: 5, candidate-b: 5, off: 90}}
"""


def test_the_session_of_the_guide(tmp_path: Path) -> None:
    """Clone, branch, widen, check, lock, commit: nobody who takes part changes the candidate."""
    origin = tmp_path / "origin"
    (origin / "acme" / "flags").mkdir(parents=True)
    (origin / "burgee.yaml").write_text("environments: [staging, production]\n", encoding="utf-8")
    (origin / "acme" / "flags" / "checkout.yaml").write_text(FLAG, encoding="utf-8", newline="\n")
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "start")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    shell = shell_in(tmp_path)
    for command, printed in steps(GUIDE):
        printing = said(command, tmp_path / "clone", shell)
        assert pattern(printed).fullmatch(printing), f"{command}\n{printing}"
    assert git(tmp_path / "clone", "status", "--porcelain") == ""
