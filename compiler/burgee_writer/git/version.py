"""Whether the git program is there, and new enough for what it is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from burgee_compiler.git_program import run_git

__all__ = ["LEAST", "require_git"]

LEAST: Final = (2, 31)
"""Settings by GIT_CONFIG_COUNT, which keeps a remote's token out of sight; `git maintenance` and
`fetch --no-write-fetch-head` are older."""
_VERSION: Final = re.compile(r"git version (\d+)\.(\d+)")
_TIMEOUT: Final = 30.0


def require_git(folder: Path) -> str:
    """Return the version of the git program; ValueError where there is none, or an old one."""
    ran = run_git(folder, "--version", timeout=_TIMEOUT)
    found = _VERSION.match(ran.out)
    least = ".".join(map(str, LEAST))
    if found is None:
        raise ValueError(
            f"the git program is needed, {least} or newer, and `git --version` says: "
            f"{(ran.err or ran.out).strip()[:200] or 'nothing'}; install it, or mend PATH"
        )
    if (int(found[1]), int(found[2])) < LEAST:
        raise ValueError(
            f"the git program is too old: {ran.out.strip()[:200]}; {least} or newer is needed"
        )
    return ran.out.strip().removeprefix("git version ")
