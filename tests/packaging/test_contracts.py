"""Promise: nobody imports whom they may not, and the contracts that say so do bite."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from support.process import run_python

LINT = (
    "-c",
    "from importlinter.cli import lint_imports_command; lint_imports_command()",
    "--no-cache",
    "--no-logo",
)
PACKAGES = (
    "burgee",
    "burgee.evaluation",
    "burgee_http",
    "burgee_edge",
    "burgee_compiler",
    "burgee_writer",
    "burgee_cli",
)
FORBIDDEN = [
    ("burgee", "import burgee_http", "burgee-stands-alone"),
    ("burgee", "import burgee_compiler", "burgee-stands-alone"),
    ("burgee", "from burgee_edge import app", "burgee-stands-alone"),
    ("burgee", "import yaml", "app-stays-small"),
    ("burgee", "def late() -> None:\n    import starlette.requests", "app-stays-small"),
    ("burgee.evaluation", "import time", "evaluation-is-pure"),
    ("burgee.evaluation", "from random import random", "evaluation-is-pure"),
    ("burgee_http", "import burgee", "http-stands-alone"),
    ("burgee_http", "import burgee_edge", "http-stands-alone"),
    ("burgee_compiler", "import burgee_http", "compiler-needs-burgee"),
    ("burgee_compiler", "import burgee_cli", "compiler-needs-burgee"),
    ("burgee_compiler", "import uvicorn", "compiler-serves-nothing"),
    ("burgee_edge", "import burgee_compiler", "edge-never-compiles"),
    ("burgee_edge", "import burgee_cli", "edge-never-compiles"),
    ("burgee_edge", "import burgee_writer", "edge-never-compiles"),
    ("burgee_writer", "import burgee_edge", "writer-serves-no-flags"),
    ("burgee_writer", "import burgee_cli", "writer-serves-no-flags"),
]
ALLOWED = [
    ("burgee", "import msgspec, xxhash, re2"),
    ("burgee_edge", "import burgee, burgee_http, starlette"),
    ("burgee_compiler", "import burgee, yaml, pygit2"),
    ("burgee_writer", "import burgee, burgee_http, burgee_compiler, starlette"),
    ("burgee_cli", "import burgee, burgee_http, burgee_edge, burgee_compiler, click"),
]


@pytest.fixture
def tree(tmp_path: Path, root: Path) -> Path:
    """Our packages, empty, under our contracts."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        folder = tmp_path / package.replace(".", "/")
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "app.py").touch()
    return tmp_path


def write(tree: Path, package: str, code: str) -> None:
    (tree / package.replace(".", "/") / "offender.py").write_text(code + "\n", encoding="utf-8")


def test_contracts_hold() -> None:
    done = run_python(*LINT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("package", "code", "contract"), FORBIDDEN)
def test_contract_bites(tree: Path, package: str, code: str, contract: str) -> None:
    write(tree, package, code)
    done = run_python(*LINT, "--contract", contract, cwd=tree, paths=[tree])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_contracts_allow_what_is_meant(tree: Path) -> None:
    for package, code in ALLOWED:
        write(tree, package, code)
    done = run_python(*LINT, cwd=tree, paths=[tree])
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_contract_was_seen_to_bite(pyproject: dict[str, Any]) -> None:
    contracts = {contract["id"] for contract in pyproject["tool"]["importlinter"]["contracts"]}
    assert contracts == {contract for _, _, contract in FORBIDDEN}
