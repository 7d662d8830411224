"""The linter of workflows: the one at hand, else one that Go installs into the cache, once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["VERSION", "actionlint"]

VERSION = "1.7.12"
_MODULE = f"github.com/rhysd/actionlint/cmd/actionlint@v{VERSION}"
_INSTALLS_WITHIN = 300.0


def actionlint() -> str:
    """Return the program; skips where it is not to be had: on PyPI is only a fetcher of it."""
    found = shutil.which("actionlint")
    if found is not None:
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "burgee-tests"
    program = cache / f"actionlint-{VERSION}" / "actionlint"
    if not program.exists():
        _install(program.parent)
    return str(program)


def _install(folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("actionlint is not installed, nor is Go to install it with")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [go, "install", _MODULE],
            env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"},
            capture_output=True,
            text=True,
            timeout=_INSTALLS_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("Go could not install actionlint in time")
    if done.returncode != 0:
        # Go's own message names addresses.
        pytest.skip("Go could not install actionlint: no network, or Go is too old for it")
