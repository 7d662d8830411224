"""Where the servers' programs are: in `.servers`, which `make servers` fills, or on PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from support.process import ROOT

__all__ = ["brought", "library", "program", "program_environment"]

_ROOT = Path(os.environ.get("BURGEE_TEST_SERVERS", ROOT / ".servers"))
_UNPACKED = _ROOT / "root" / "usr"
_FOLDERS = (_ROOT / "bin", _UNPACKED / "bin", _UNPACKED / "sbin", _ROOT / "tools" / "bin")
_TOOLS = {"hadolint", "helm", "kubernetes-validate"}


def program(name: str) -> Path:
    """Return the program of this name; the test is skipped where it cannot be had."""
    here = os.pathsep.join(str(each) for each in _FOLDERS)
    found = shutil.which(name, path=here) or shutil.which(name)
    if found is None:
        brings = "make deploy-tools" if name in _TOOLS else "make servers"
        pytest.skip(f"{name} is not here: `{brings}` brings it")
    return Path(found)


def brought(name: str) -> Path:
    """Return a file or folder that `make deploy-tools` brings; the test is skipped without."""
    found = _ROOT / name
    if not found.exists():
        pytest.skip(f"{name} is not here: `make deploy-tools` brings it")
    return found


def program_environment() -> dict[str, str]:
    """Return the environment that programs of unpacked packages find their libraries with."""
    libraries = [str(each) for each in sorted((_UNPACKED / "lib").glob("*-linux-gnu"))]
    others = [each for each in (os.environ.get("LD_LIBRARY_PATH"),) if each]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries + others)}


def library(name: str) -> Path | None:
    """Return a shared library of an unpacked package, None where it cannot be had."""
    return next(iter((_UNPACKED / "lib").rglob(name)), None)
