"""Running the git program: bounded in time, asking nobody, in one language."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

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
_GRACE: Final = 1.0


class Ran(Struct, frozen=True):
    """How a command ended; `code` is None where it had to be stopped."""

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
    # Files, not pipes: what git leaves running, such as a shared ssh connection, holds those open.
    with TemporaryFile() as out, TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                ("git", *arguments),
                cwd=folder,
                env={**_environment(config), **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # so that what it starts can be ended with it
            )
        except FileNotFoundError:
            what = "the git program is not installed" if folder.is_dir() else "the folder is gone"
            return Ran(127, "", f"fatal: {what}")
        code = _ended(process, timeout)
        return Ran(code, _text_of(out), _text_of(err))


def _ended(process: subprocess.Popen[bytes], timeout: float) -> int | None:
    """Wait for a process, and return how it ended; one that takes too long is stopped."""
    with process:
        try:
            return _waited(process, timeout)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGTERM)  # upon which git takes its locks away
            with suppress(subprocess.TimeoutExpired):
                _waited(process, _GRACE)
            _signal(process, signal.SIGKILL)  # what it has started, too
            return None
        except BaseException:
            _signal(process, signal.SIGKILL)
            raise


def _waited(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Do as `Popen.wait`, which looks again only every 50 ms: longer than most commands take."""
    if sys.platform == "linux":
        with suppress(OSError):  # where the system does not have it, or does not let us
            handle = os.pidfd_open(process.pid)
            try:
                ended = select.poll()
                ended.register(handle, select.POLLIN)
                ended.poll(seconds * 1000)
            finally:
                os.close(handle)
            return process.wait(0)
    return process.wait(seconds)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _environment(config: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    found = {name: each for name, each in os.environ.items() if name not in _MISLEADING}
    made = {**found, **_QUIET}
    count = int(found.get("GIT_CONFIG_COUNT", "0") or "0")
    for number, (name, value) in enumerate(config, count):
        made[f"GIT_CONFIG_KEY_{number}"] = name
        made[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**made, "GIT_CONFIG_COUNT": str(count + len(config))}
