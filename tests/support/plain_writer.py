"""`burgee writer` as a process of its own, over a git repository made of a few files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from support.command import git
from support.edge_process import EdgeProcess, burgee_process, wait_for_text

__all__ = ["committed", "plain_writer"]

_LISTENING: Final = re.compile(r"listening on (http://\S+)")


def committed(folder: Path, files: Mapping[str, str]) -> Path:
    """Make a git repository that holds these files in one commit."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


@contextmanager
def plain_writer(repository: Path, state: Path, *arguments: str) -> Iterator[EdgeProcess]:
    """Run a writer on a free port, open to all on this machine unless `arguments` say to whom."""
    if not any(each in arguments for each in ("--clients", "--jwks")):
        arguments = ("--insecure", *arguments)
    command = ["writer", "--repo", str(repository), "--state-dir", str(state), "--port", "0"]
    with burgee_process(*command, *arguments) as (process, log):
        url = wait_for_text(process, log, _LISTENING)[1]
        yield EdgeProcess(url, process.pid)
        assert process.poll() is None, f"the writer ended by itself:\n{log.read_text()}"
