"""What an editing command did to a repository: the lines that it took out and put in."""

from __future__ import annotations

from pathlib import Path

from support.command import git

__all__ = ["changed_lines", "status"]


def changed_lines(repo: Path) -> list[str]:
    """Return the lines of `git diff`, `-` and `+` before them, in their order."""
    shown = git(repo, "diff", "--unified=0", "--no-color").splitlines()
    return [each for each in shown if each[:1] in "+-" and each[:3] not in ("+++", "---")]


def status(repo: Path) -> str:
    """Return what `git status` says of the files, empty where nothing changed."""
    return git(repo, "status", "--porcelain", "--untracked-files=all")
