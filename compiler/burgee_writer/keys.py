"""The key that a writer signs commits with, and those whose commits it knows as writers'."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from burgee_writer.git.ssh_signatures import (
    CommitKey,
    CommitKeys,
    KeyUnusable,
    new_commit_key,
    read_public_key,
)
from burgee_writer.options import Options

__all__ = ["commit_keys", "own_key"]

_NAME: Final = "commit.key"


def commit_keys(options: Options) -> tuple[CommitKey, CommitKeys]:
    """Return both; a key is made in the state folder where the settings name none.

    Raises ValueError for a file that holds none.
    """
    try:
        if options.signing_key is not None:
            key = CommitKey.read(options.signing_key)
        else:
            key = own_key(options.state_dir)
        retired = [read_public_key(path) for path in options.retired_keys]
    except KeyUnusable as error:
        raise ValueError(str(error)) from None
    return key, CommitKeys([key.public, *retired])


def own_key(state_dir: Path) -> CommitKey:
    """Return the key of a state folder, which is made where there is none, by one process alone."""
    path = state_dir / _NAME
    if not path.exists():
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = state_dir / f".{_NAME}-{secrets.token_hex(8)}"
        new_commit_key(made)
        public = made.with_name(made.name + ".pub")
        try:
            os.link(made, path)  # fails where another process was faster: its key it is
            public.replace(path.with_name(path.name + ".pub"))
        except FileExistsError:
            public.unlink()
        made.unlink()
    return CommitKey.read(path)
