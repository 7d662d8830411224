"""Running the git program: bounded in time, asking nobody, in one language."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

__all__ = ["Ran", "run_git"]

_QUIET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    # What libgit2 reads, whatever the user's settings say of new repositories.
    "GIT_DEFAULT_HASH": "sha1",
    "GIT_DEFAULT_REF_FORMAT": "files",
}
# What would point git at another repository than the one that is named.
_MISLEADING: Final = frozenset(
    ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
     "GIT_COMMON_DIR", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
     "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE")
)  # fmt: skip
_DRAIN: Final = 1.0


class Ran(Struct, frozen=True):
    """How a command ended; `code` is None where it had to be killed."""

    code: int | None
    out: str
    err: str


def run_git(
    folder: Path,
    *arguments: str,
    timeout: float,
    config: Sequence[tuple[str, str]] = (),
    variables: Mapping[str, str] | None = None,
) -> Ran:
    """Run git in a repository's folder; settings of `config` go by the environment, unseen."""
    with subprocess.Popen(
        ("git", *arguments),
        cwd=folder,
        env={**_environment(config), **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # so that what it starts can be ended with it
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            out, err = _ended(process)
            # Git may have ended long since, and something that left its session hold the pipes.
            code = None if process.returncode == -signal.SIGKILL else process.returncode
        else:
            code = process.returncode
    return Ran(code, out.decode(errors="replace"), err.decode(errors="replace"))


def _ended(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Kill git and all that it started, and return what they said."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        return process.communicate(timeout=_DRAIN)
    except subprocess.TimeoutExpired as error:
        return error.output or b"", error.stderr or b""
    finally:
        process.wait()


def _environment(config: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    found = {name: each for name, each in os.environ.items() if name not in _MISLEADING}
    made = {**found, **_QUIET}
    count = int(found.get("GIT_CONFIG_COUNT", "0") or "0")
    for number, (name, value) in enumerate(config, count):
        made[f"GIT_CONFIG_KEY_{number}"] = name
        made[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**made, "GIT_CONFIG_COUNT": str(count + len(config))}
