"""What is in a remote, and who else changes it while a test's writer pushes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from burgee_writer.git.branch import Branch, Published, Unreachable
from support.flag_repository import FlagRepository, git
from support.git_remotes import Exchange, Fault
from support.writer_git import draft

__all__ = [
    "always",
    "bare_repository",
    "contains",
    "hook",
    "once",
    "processes_naming",
    "push_as_somebody",
    "tried",
]


def bare_repository(folder: Path) -> Path:
    """Make a bare repository with a flag and a commit on main, which takes pushes over HTTP."""
    repo = FlagRepository(folder / "repo", {"flags/f.yaml": "default: off\n"})
    repo.commit()
    bare = folder / "bare.git"
    git(repo.root, "clone", "--quiet", "--bare", str(repo.root), str(bare))
    git(bare, "config", "http.receivepack", "true")
    git(bare, "config", "gc.auto", "0")
    shutil.rmtree(repo.root)
    return bare


def contains(bare: Path, commit: str, branch: str = "main") -> bool:
    """Whether a branch of the remote is at a commit or went on from it."""
    done = subprocess.run(
        ["git", "merge-base", "--is-ancestor", commit, f"refs/heads/{branch}"],
        cwd=bare,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def push_as_somebody(bare: Path, name: str) -> str:
    """Make somebody's commit in the remote itself, again where a writer is faster."""
    while True:
        try:
            return _push_once(bare, name)
        except AssertionError:
            continue


def _push_once(bare: Path, name: str) -> str:
    tip = git(bare, "rev-parse", "main")
    blob = git(bare, "hash-object", "-w", str(bare / "HEAD"))
    tree = git(bare, "ls-tree", "main") + f"\n100644 blob {blob}\t{name}"
    made = subprocess.run(
        ["git", "mktree"], cwd=bare, input=tree, capture_output=True, text=True, check=True
    ).stdout.strip()
    commit = git(bare, "commit-tree", made, "-p", tip, "-m", name)
    git(bare, "update-ref", "refs/heads/main", commit, tip)
    return commit


def tried(branch: Branch, text: str) -> tuple[str, Published | Unreachable]:
    """Publish a change on the tip as it is known; return its commit and the answer."""
    parent = branch.tip()
    commit = branch.commit(parent, draft({"acme/flags/f.yaml": text.encode()}))
    try:
        return commit, branch.publish(parent, commit)
    except Unreachable as error:
        return commit, error


def hook(bare: Path, name: str, script: str) -> Path:
    """Give the remote a hook."""
    path = bare / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def once(act: Fault) -> Fault:
    """Do something to the first push."""
    left = [True]

    def fault(exchange: Exchange) -> None:
        if exchange.is_push and left:
            left.clear()
            act(exchange)

    return fault


def always(act: Fault) -> Fault:
    """Do something to every push."""
    return lambda exchange: act(exchange) if exchange.is_push else None


def processes_naming(text: str) -> list[str]:
    """Return the arguments of running processes that hold a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended
        if text in arguments:
            found.append(arguments)
    return found
