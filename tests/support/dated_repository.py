"""A flag repository whose commits have the dates and authors that a test gives them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.flag_repository import FlagRepository, git

__all__ = ["DatedRepository"]


class DatedRepository(FlagRepository):
    """A repository that is committed to at given times."""

    def __init__(self, root: Path, files: Mapping[str, str | bytes] | None = None) -> None:
        super().__init__(root, files)
        git(root, "init", "--quiet", "--initial-branch=main")

    def commit_on(
        self,
        day: str,
        subject: str,
        files: Mapping[str, str] | None = None,
        *,
        author: str = "Ann",
        remove: tuple[str, ...] = (),
    ) -> str:
        """Write and remove files, and commit that on a day, such as 2026-01-05; return its id."""
        self.write(files or {})
        for name in remove:
            self.remove(name)
        git(self.root, "add", "--all")
        self.git(day, author, "commit", "--quiet", "--allow-empty", "--message", subject)
        return git(self.root, "rev-parse", "HEAD")

    def git(self, day: str, author: str, *arguments: str) -> str:
        """Run git as somebody, on a day."""
        date = f"{day}T12:00:00Z"
        return git(
            self.root,
            "-c",
            f"user.name={author}",
            *arguments,
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
