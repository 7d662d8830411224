"""Histories made at random with git itself: branches, merges of all sorts, renames, conflicts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

from support.flag_repository import git

__all__ = ["RandomHistory"]

_TENANTS = ("acme", "globex")
_PLACES = (
    *("flags/a.yaml", "flags/a.lock.yaml", "flags/x/b.yaml", "flags/c.yaml", "segments/s.yaml"),
    *("segments/ids.csv", "layers.yaml", "attributes.yaml", "tenant.yaml", "notes/readme.md"),
)
_KEPT = "flags/kept.yaml"  # without one a folder would be no tenant
_OUTSIDE = ("burgee.yaml", "README.md", "docs/guide.md")


class RandomHistory:
    """A repository that grows by one step at a time, in the branches main, one and two."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self._draw = Random(seed)
        self._clock = 1_700_000_000
        root.mkdir()
        git(root, "init", "--quiet", "--initial-branch=main")
        self._write("burgee.yaml")
        for tenant in _TENANTS:
            self._write(f"{tenant}/{_KEPT}")
        self._commit("first")
        for name in ("one", "two"):
            git(root, "branch", name)

    def step(self) -> None:
        """Do something to one of the branches, mostly to main."""
        draw = self._draw
        branch = draw.choice(("main", "main", "one", "two"))
        git(self.root, "switch", "--quiet", branch)
        doing = draw.random()
        if doing < 0.6:
            self._edit()
            self._commit(f"edit on {branch}")
        elif doing < 0.9:
            self._merge(draw.choice([each for each in ("main", "one", "two") if each != branch]))
        elif branch == "main":
            self._merge("one", "two")
        else:
            self._git("reset", "--quiet", "--hard", draw.choice(("main", "HEAD")))
        git(self.root, "switch", "--quiet", "main")

    def _edit(self) -> None:
        for _ in range(self._draw.choice((1, 1, 2, 4))):
            listed = git(self.root, "ls-files").splitlines()
            found = [each for each in listed if not each.endswith(_KEPT)]
            doing = self._draw.random()
            if doing < 0.6 or not found:
                self._write(self._place())
            elif doing < 0.8:
                git(self.root, "rm", "--quiet", "--force", self._draw.choice(found))
            else:
                new = self._place()
                (self.root / new).parent.mkdir(parents=True, exist_ok=True)
                git(self.root, "mv", "--force", "-k", self._draw.choice(found), new)

    def _place(self) -> str:
        if self._draw.random() < 0.1:
            return self._draw.choice(_OUTSIDE)
        return f"{self._draw.choice(_TENANTS)}/{self._draw.choice(_PLACES)}"

    def _write(self, path: str) -> None:
        """Change a line of a file of a few, so that two sides may both do so."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = (file.read_text() if file.exists() else f"# {path}").splitlines()
        lines += [""] * (8 - len(lines))
        lines[self._draw.choice((0, 7))] = f"# {self._draw.randrange(10**6)}"
        file.write_text("\n".join(lines) + "\n")
        git(self.root, "add", "--force", path)

    def _merge(self, *others: str) -> None:
        draw = self._draw
        strategy = draw.choice([(), (), (), ("-X", "ours"), ("-X", "theirs"), ("-s", "ours")])
        if len(others) > 1:
            strategy = ()
        merged = self._try("merge", "--quiet", "--no-commit", "--no-ff", *strategy, *others)
        left = git(self.root, "diff", "--name-only", "--diff-filter=U").splitlines()
        if not merged and (len(others) > 1 or not (self.root / ".git/MERGE_HEAD").exists()):
            self._git("reset", "--quiet", "--hard")
            return
        for path in left:
            side = draw.choice(("--ours", "--theirs", ""))
            if not side or not self._try("checkout", side, "--", path):
                if (self.root / path).exists() and draw.random() < 0.5:
                    (self.root / path).write_text(f"# by hand {draw.random()}\n")
                else:
                    self._try("rm", "--quiet", "--force", path)
                    continue
            git(self.root, "add", "--force", path)
        if draw.random() < 0.3:
            self._edit()
        self._commit("merge")

    def _commit(self, subject: str) -> None:
        self._clock += self._draw.choice((0, 1, 60, -30))
        self._git("commit", "--quiet", "--allow-empty", "--message", subject)

    def _git(self, *arguments: str) -> str:
        date = f"{self._clock} +0000"
        return git(self.root, *arguments, GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)

    def _try(self, *arguments: str) -> bool:
        """Run what may fail: a merge that conflicts."""
        try:
            self._git(*arguments)
        except (AssertionError, subprocess.SubprocessError):
            return False
        return True
