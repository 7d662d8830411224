"""A second Python, so that what is built can be held against what another version builds."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest

import burgee
import burgee_compiler
from support.process import ROOT

__all__ = ["other_python", "run_other"]

_MADE_BY_MAKE = ROOT / ".venv-other/bin/python"


def other_python() -> Path:
    """Return the interpreter that BURGEE_OTHER_PYTHON names or `make other` set up, else skip."""
    named = os.environ.get("BURGEE_OTHER_PYTHON")
    if named is not None:
        return Path(named)
    if not _MADE_BY_MAKE.exists():
        pytest.skip("no second Python: `make other` sets one up, BURGEE_OTHER_PYTHON names one")
    return _MADE_BY_MAKE


def run_other(python: Path, folder: Path, *arguments: str) -> str:
    """Run another interpreter over the packages under test; return what it prints.

    `folder` is for those packages and the distribution's metadata, which a build takes its
    version from.
    """
    metadata = distribution("burgee").read_text("METADATA")
    assert metadata is not None
    place = folder / "burgee-0.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    (place / "METADATA").write_text(metadata, encoding="utf-8")
    # Only our packages: an installed wheel lies among libraries built for this interpreter.
    for package in (burgee, burgee_compiler):
        link = folder / package.__name__
        if not link.exists():
            link.symlink_to(Path(package.__file__ or "").parent, target_is_directory=True)
    done = subprocess.run(
        [str(python), "-P", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
