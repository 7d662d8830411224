"""From the settings of a repository to its branch."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import pygit2

from burgee_compiler.git_program import run_git
from burgee_compiler.trees import folder_inside
from burgee_writer.git.address import Address, local_path, read_address
from burgee_writer.git.asking import Remote
from burgee_writer.git.branch import Author, Branch, BranchMissing, Unreachable
from burgee_writer.git.checkouts import common_folder
from burgee_writer.git.local import LocalBranch
from burgee_writer.git.pushes import failure_text
from burgee_writer.git.remote import RemoteBranch
from burgee_writer.git.ssh_signatures import CommitKey

__all__ = ["open_branch"]

_LOCAL_TIMEOUT: Final = 60.0
_OWN_BRANCH: Final = "burgee.branch"


def open_branch(
    source: str,
    *,
    branch: str | None,
    folder: str | None,
    state_dir: Path,
    key: CommitKey,
    committer: Author,
    token: str | None = None,
    timeout: float = 30.0,
) -> Branch:
    """Return the branch of a path, a file:// URL or a remote.

    Paths are opened in place; a remote is cloned into the state folder. `branch` is the one that
    HEAD names where it is left out, `folder` that of the flag repository in the git repository. A
    remote that is away is none the less opened where it was before: as it was then.
    Raises BranchMissing, Unreachable or ValueError, each with what to do.
    """
    pygit2.settings.enable_fsync_gitdir(True)
    path = local_path(source)
    if path is not None:
        return _local(path, branch, folder, state_dir, key, committer)
    address = read_address(source, token)
    clone = _clone(state_dir, address)
    remote = Remote(clone, address, timeout)
    return RemoteBranch(
        clone,
        branch or _own_branch(remote, clone),
        (folder or "").strip("/"),
        remote=remote,
        key=key,
        committer=committer,
        timeout=timeout,
    )


def _local(
    path: Path,
    branch: str | None,
    folder: str | None,
    state_dir: Path,
    key: CommitKey,
    committer: Author,
) -> Branch:
    if not path.exists() or pygit2.discover_repository(str(path)) is None:
        raise BranchMissing(f"{path} is in no git repository; make one with `git init` there")
    try:
        repository = pygit2.Repository(str(path))
        inside = folder_inside(repository, path) if folder is None else folder.strip("/")
    except (pygit2.GitError, ValueError) as error:
        raise BranchMissing(f"{path} cannot be opened: {error}") from None
    name = branch or _checked_out(repository)
    common = common_folder(repository)
    own = not repository.is_bare and Path(repository.path) == common
    return LocalBranch(
        common,
        name,
        inside,
        state_dir=state_dir,
        key=key,
        committer=committer,
        root=Path(repository.workdir) if own else None,
    )


def _checked_out(repository: pygit2.Repository) -> str:
    target = repository.lookup_reference("HEAD").target
    if not isinstance(target, str) or not target.startswith("refs/heads/"):
        raise BranchMissing(
            "HEAD is at a commit and on no branch; `git switch` to one, or name one with --branch"
        )
    return target.removeprefix("refs/heads/")


def _own_branch(remote: Remote, clone: Path) -> str:
    """Return the branch that the remote names as its own, or did when it was last reached."""
    config = pygit2.Repository(str(clone)).config
    known = config[_OWN_BRANCH] if _OWN_BRANCH in config else None  # noqa: SIM401  it has no `get`
    try:
        name = remote.head()
    except Unreachable:
        if known is None:
            raise
        return known
    if known != name:
        with suppress(pygit2.GitError, OSError):  # another process is at it
            config[_OWN_BRANCH] = name
    return name


def _clone(state_dir: Path, address: Address) -> Path:
    """Return the bare clone of a remote; made beside its place, and moved there whole."""
    digest = sha256(address.url.encode()).hexdigest()[:16]
    clone = state_dir / f"repository-{digest}.git"
    if not (clone / "HEAD").exists():
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Path(tempfile.mkdtemp(prefix=f".{clone.name}-", dir=state_dir))  # 0700
        ran = run_git(made, "init", "--quiet", "--bare", "--template=", ".", timeout=_LOCAL_TIMEOUT)
        if ran.code != 0:
            raise BranchMissing(f"{clone} cannot be made: {failure_text(ran)}")
        # It is the writer's own: hooks that the user has for all repositories are not for it.
        run_git(made, "config", "core.hooksPath", os.devnull, timeout=_LOCAL_TIMEOUT)
        try:
            made.rename(clone)
        except OSError:  # another process was faster
            shutil.rmtree(made)
    return clone
