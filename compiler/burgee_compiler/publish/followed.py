"""The repository that is watched: one on this machine, or a mirror of a remote one."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from burgee_compiler.git_program import run_git
from burgee_compiler.revisions import commit_of
from burgee_compiler.trees import UnknownRevision

__all__ = ["Followed", "LocalRepository", "Mirror", "RepositoryAway", "is_url"]

_FETCH_SECONDS: Final = 120.0
_TIP: Final = "refs/burgee/tip"
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://|[^/:]+@[^/:]+:(?!/)")
_PROTOCOLS: Final = "http:https:ssh:git:file"
_SECRETS: Final = re.compile(r"//[^@/\s]*@")
_LOOK_MS: Final = 300
_DEBOUNCE_MS: Final = 50


class RepositoryAway(Exception):
    """The repository cannot be reached or read at the moment; the message holds no secret."""


class Followed(Protocol):
    """A repository whose newest commit is asked for again and again."""

    @property
    def name(self) -> str:
        """What messages call it; holds no secret."""

    @property
    def root(self) -> Path:
        """Where commits are read from."""

    def tip(self) -> str:
        """Return the newest commit; RepositoryAway where it cannot be had."""

    def call_on_change(self, call: Callable[[], None], stop: threading.Event) -> None:
        """Call when there may be a new commit, until `stop` is set; asking is always right, too."""


class LocalRepository:
    """A repository on this machine; only commits count, not what is edited."""

    def __init__(self, root: Path, branch: str | None = None) -> None:
        self.root = root
        self.name = str(root)
        self._revision = "HEAD" if branch is None else branch

    def tip(self) -> str:
        try:
            return str(commit_of(self.root, self._revision).id)
        except UnknownRevision as error:
            raise RepositoryAway(str(error)) from error

    def call_on_change(self, call: Callable[[], None], stop: threading.Event) -> None:
        import pygit2  # noqa: PLC0415
        import watchfiles  # noqa: PLC0415

        try:
            found = pygit2.discover_repository(str(self.root))
            folder = Path(found or self.root)
            common = folder / "commondir"  # of a linked work tree
            if common.is_file():
                folder = (folder / common.read_text(encoding="utf-8").strip()).resolve()
            for _ in watchfiles.watch(
                folder / "refs",
                watch_filter=lambda _, path: not path.endswith(".lock"),
                debounce=_DEBOUNCE_MS,
                rust_timeout=_LOOK_MS,
                stop_event=stop,
                raise_interrupt=False,
            ):
                call()
        except (OSError, RuntimeError, pygit2.GitError):
            return  # the interval goes on


class Mirror:
    """A bare copy of a remote repository's branch, in a folder of ours."""

    def __init__(self, url: str, state: Path, branch: str | None = None) -> None:
        self._url = url
        self.name = _SECRETS.sub("//", url)
        self._source = "HEAD" if branch is None else f"refs/heads/{branch}"
        name = hashlib.sha256(f"{url}\n{self._source}".encode()).hexdigest()[:16]
        self.root = state / f"mirror-{name}.git"

    def tip(self) -> str:
        self._prepare()
        # Forced, since history may be rewritten: whether that is published, `epoch` decides.
        self._git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options",
                  self._url, f"+{self._source}:{_TIP}")  # fmt: skip
        try:
            return str(commit_of(self.root, _TIP).id)
        except UnknownRevision as error:
            raise RepositoryAway(f"{self.name}: {error}") from error

    def call_on_change(self, call: Callable[[], None], stop: threading.Event) -> None:
        """A remote tells nobody; it is asked."""

    def _prepare(self) -> None:
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if (self.root / "HEAD").is_file():
                return
            self.root.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise RepositoryAway(f"{self.root}: {error.strerror or error}") from error
        self._git("init", "--quiet", "--bare")

    def forget_locks(self) -> None:
        """Remove locks that a publisher left behind which was killed; none other may be running."""
        for path in self.root.rglob("*.lock"):
            path.unlink(missing_ok=True)

    def _git(self, *arguments: str) -> None:
        ran = run_git(
            self.root,
            *arguments,
            timeout=_FETCH_SECONDS,
            variables={"GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_DIR": os.fspath(self.root)},
        )
        if ran.code == 0:
            return
        lines = [each for each in ran.err.splitlines() if each.startswith(("fatal:", "error:"))]
        why = "it takes too long" if ran.code is None else next(iter(lines), f"exit {ran.code}")
        raise RepositoryAway(f"{self.name}: git {arguments[0]}: {_SECRETS.sub('//', why)[:300]}")


def is_url(text: str) -> bool:
    """Return whether a text names a remote repository, and no folder."""
    return _URL.match(text) is not None
