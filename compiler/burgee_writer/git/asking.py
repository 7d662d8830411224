"""What is asked of a remote, by the git program: where it is, what it has, to take a commit."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import pygit2

from burgee_compiler.git_program import Ran, run_git
from burgee_writer.git.address import Address
from burgee_writer.git.branch import BranchMissing, Unreachable
from burgee_writer.git.pushes import Verdict, failure_text, verdict_of
from burgee_writer.git.references import read_reference
from burgee_writer.git.traffic import TRACING, read_traffic

__all__ = ["Remote"]

_FETCH: Final = (
    "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-prune",
    "--no-recurse-submodules", "--no-show-forced-updates",
)  # fmt: skip
_PUSH: Final = ("--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
# A remote that sends nothing for so long is given up before the time is over.
_SLOW: Final = (("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "20"))
# Settings of the user that would change what is sent, or how it is told.
_PLAIN: Final = (("push.gpgSign", "false"), ("color.ui", "false"))
_SSH: Final = "ssh -o BatchMode=yes -o ConnectTimeout=10"
_NONE: Final = re.compile(r"^fatal: couldn't find remote ref ", re.MULTILINE | re.IGNORECASE)
_FETCHED: Final = "refs/burgee/fetched"
_LEFT: Final = 3600.0
_LOCAL_TIMEOUT: Final = 30.0


class Remote:
    """A remote, and the bare clone that objects are fetched into and pushed from."""

    def __init__(self, clone: Path, address: Address, timeout: float) -> None:
        self._clone = clone
        self._address = address
        self._timeout = timeout
        self._variables = {} if address.is_http else _ssh(clone)
        self._sweep()

    def head(self) -> str:
        """Return the name of the remote's own branch; raises BranchMissing or Unreachable."""
        ran = self._run("ls-remote", "--symref", self._address.url, "HEAD")
        if ran.code != 0:
            raise Unreachable(f"the remote cannot be read: {failure_text(ran)}")
        for line in ran.out.splitlines():
            if line.startswith("ref: refs/heads/"):
                return line.removeprefix("ref: refs/heads/").partition("\t")[0]
        raise BranchMissing("the remote names no branch of its own; name one with --branch")

    def fetched(self, reference: str, seconds: float | None = None) -> str | None:
        """Return the commit of a reference, fetched with all that leads to it; None for none.

        It is kept under a name of its own until it is read, so that two who fetch at once never
        wait for each other, nor take one's answer for the other's.
        """
        kept = f"{_FETCHED}/{os.getpid()}-{secrets.token_hex(8)}"
        ran = self._run(
            "fetch", *_FETCH, self._address.url, f"+{reference}:{kept}", seconds=seconds
        )
        found = read_reference(self._clone, kept)
        if found is not None:
            with suppress(KeyError, pygit2.GitError):
                pygit2.Repository(str(self._clone)).references.delete(kept)
            return found
        if ran.code is not None and _NONE.search(ran.err):
            return None
        raise Unreachable(f"the remote cannot be read: {failure_text(ran)}")

    def pushed(self, reference: str, parent: str | None, commit: str, seconds: float) -> Verdict:
        """Move a reference of the remote from a commit, None for none, to another."""
        http = self._address.is_http
        ran = self._run(
            *("push", *_PUSH, *(("-v",) if http else ())),
            *(f"--force-with-lease={reference}:{parent or ''}", self._address.url),
            f"{commit}:{reference}",
            seconds=seconds,
            variables=TRACING if http else None,
        )
        if not http:
            return verdict_of(ran)
        traffic, said = read_traffic(ran.err)
        return verdict_of(Ran(ran.code, ran.out, said), traffic)

    def _run(
        self,
        *arguments: str,
        seconds: float | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Ran:
        ran = run_git(
            self._clone,
            *arguments,
            timeout=self._timeout if seconds is None else seconds,
            config=(*self._address.config, *_SLOW, *_PLAIN),
            variables={**self._variables, **(variables or {})},
        )
        return Ran(ran.code, self._untold(ran.out), self._untold(ran.err))

    def _untold(self, text: str) -> str:
        for secret in self._address.secrets:
            text = text.replace(secret, "***") if secret else text
        return text

    def _sweep(self) -> None:
        """Remove names that a killed process has left."""
        for path in (self._clone / _FETCHED).glob("*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _LEFT:
                    path.unlink()


def _ssh(clone: Path) -> Mapping[str, str]:
    """Return what keeps ssh from asking somebody, unless the user has said how to run it."""
    if {"GIT_SSH_COMMAND", "GIT_SSH"} & os.environ.keys():
        return {}
    ran = run_git(clone, "config", "--get", "core.sshCommand", timeout=_LOCAL_TIMEOUT)
    return {} if ran.out.strip() else {"GIT_SSH_COMMAND": _SSH}
