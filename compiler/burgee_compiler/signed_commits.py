"""Commits that a writer signed with its SSH key, told by git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

import pygit2

from burgee_compiler.revisions import commit_of

__all__ = ["CannotVerify", "has_ssh_signature", "last_not_signed_by", "public_key"]

_PRINCIPAL: Final = "writer"
_ARMOUR: Final = b"-----BEGIN SSH SIGNATURE-----"


class CannotVerify(ValueError):
    """A key that is no SSH public key, or a git that verifies no SSH signatures."""


def public_key(path: Path) -> str:
    """Return the key of an SSH public key file, its comment left out; CannotVerify."""
    try:
        words = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotVerify(f"{path} cannot be read: {error}") from None
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise CannotVerify(f"{path} holds no SSH public key")
    return f"{words[0]} {words[1]}"


def last_not_signed_by(key: str, root: Path, revision: str) -> tuple[pygit2.Commit, int]:
    """Return the last commit, from a revision back along first parents, that the key did not sign.

    With it comes how many were looked through. A root commit that is signed counts as not signed:
    there is nothing before it.
    """
    commit, passed = commit_of(root, revision), 0
    with TemporaryDirectory() as folder:
        signers = Path(folder) / "allowed_signers"
        signers.write_text(f'{_PRINCIPAL} namespaces="git" {key}\n', encoding="utf-8")
        while has_ssh_signature(commit) and _is_signed(root, commit, signers):
            try:
                commit = commit.parents[0]
            except (IndexError, KeyError, pygit2.GitError):
                break  # the first commit, or as far as a shallow clone goes
            passed += 1
    return commit, passed


def has_ssh_signature(commit: pygit2.Commit) -> bool:
    """Return whether a commit carries an SSH signature, whosoever's it is.

    Git would take others for good too, by the keys that the user trusts.
    """
    signature = cast(bytes | None, commit.gpg_signature[0])
    return signature is not None and signature.startswith(_ARMOUR)


def _is_signed(root: Path, commit: pygit2.Commit, signers: Path) -> bool:
    command = (
        *("git", "-C", str(root)),
        *("-c", f"gpg.ssh.allowedSignersFile={signers}"),
        *("-c", "gpg.ssh.program=ssh-keygen", "-c", "gpg.minTrustLevel=fully"),
        *("verify-commit", str(commit.id)),
    )
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise CannotVerify("git is not installed, so no signature can be verified") from None
    if done.returncode and "ssh-keygen" in done.stderr and "No such file" in done.stderr:
        raise CannotVerify("ssh-keygen is not installed, so no signature can be verified")
    return done.returncode == 0
