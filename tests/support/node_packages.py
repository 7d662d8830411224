"""Packages from npm for tests: installed once by their lock file, into the user's cache."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

__all__ = ["installed_packages", "run_node"]

_OLDEST_NODE = 20
_INSTALLS_WITHIN = 180.0
_RUNS_WITHIN = 60.0


def installed_packages(folder: Path) -> Path:
    """A folder with the packages that `folder`'s lock file pins, and its scripts; skips where
    node is absent or too old, or the packages cannot be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) < _OLDEST_NODE:
        pytest.skip(f"node is {version.strip()}, and {_OLDEST_NODE} or newer is needed")
    manifests = [folder / "package.json", folder / "package-lock.json"]
    name = sha256(b"\0".join(each.read_bytes() for each in manifests)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "burgee-tests"
    target = cache / f"node-{name}"
    if not target.exists():
        _install(npm, manifests, target)
    return target


def run_node(packages: Path, script: Path, given: object) -> list[dict[str, Any]]:
    """What a script, which is given JSON, prints: a value a line. It finds the packages as if it
    lay beside them.
    """
    with _beside(packages, script) as placed:
        done = subprocess.run(
            [shutil.which("node") or "node", str(placed)],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_RUNS_WITHIN,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def _beside(packages: Path, script: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=packages) as folder:
        yield Path(shutil.copy(script, folder))


def _install(npm: str, manifests: list[Path], target: Path) -> None:
    """Install beside and rename, so that the folder is whole or absent, whoever else does so."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "made"
        made.mkdir()
        for each in manifests:
            shutil.copy(each, made)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
        try:
            done = subprocess.run(
                command,
                cwd=made,
                capture_output=True,
                text=True,
                timeout=_INSTALLS_WITHIN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm could not install the packages in time")
        if done.returncode != 0:
            pytest.skip(f"npm could not install the packages: {_reason(done.stderr)}")
        try:
            made.rename(target)
        except OSError:
            if not target.exists():
                raise


def _reason(printed: str) -> str:
    """npm's code for what went wrong: its other lines name addresses."""
    codes = [line.split()[-1] for line in printed.splitlines() if " code " in line]
    return codes[0] if codes else "for a reason that it did not name"
