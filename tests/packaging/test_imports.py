"""Promise: importing a package loads what its side needs and nothing of the other's."""

import importlib
import json
from pathlib import Path

import pytest

from support.process import ROOT, run_python

PACKAGES = {
    "burgee": "edge",
    "burgee_cli": "compiler",
    "burgee_compiler": "compiler",
    "burgee_edge": "edge",
    "burgee_http": "edge",
    "burgee_writer": "compiler",
}

SERVERS = {"burgee_edge", "burgee_http", "h11", "httptools", "starlette", "uvicorn", "uvloop"}
COMPILER = {"burgee_compiler", "burgee_cli", "pygit2", "watchfiles", "yaml"}
COMMAND = {"click", "rich"}
# Optional in an app: loaded by the module that needs them, not by `import burgee`.
EXTRAS = {"cryptography", "jwt", "openfeature", "opentelemetry", "prometheus_client", "structlog"}
# Slow to import, and a sign of I/O in the core.
HEAVY = {"asyncio", "http", "multiprocessing", "socket", "ssl", "subprocess"}

SCRIPT = """
import json, sys
before = set(sys.modules)
import {package}
print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


@pytest.mark.parametrize(
    ("package", "unwanted"),
    [
        ("burgee", SERVERS | COMPILER | COMMAND | EXTRAS | HEAVY),
        ("burgee.load", SERVERS | COMPILER | COMMAND | EXTRAS | HEAVY),
        ("burgee.client", SERVERS | COMPILER | COMMAND | EXTRAS | HEAVY),
        ("burgee.writer", SERVERS | COMPILER | COMMAND | EXTRAS | HEAVY),
        ("burgee.testing", SERVERS | COMPILER | COMMAND | EXTRAS | HEAVY),
        ("burgee_http", COMPILER - {"watchfiles"} | {"burgee", "burgee_edge"}),
        ("burgee_edge", COMPILER - {"watchfiles"}),
        ("burgee_compiler", SERVERS | {"burgee_cli"}),
        ("burgee_writer", SERVERS | {"burgee_cli", "pygit2"}),
        ("burgee_cli", SERVERS | {"pygit2", "cryptography", "watchfiles", "yaml"}),
    ],
)
def test_import_stays_on_its_side(package: str, unwanted: set[str]) -> None:
    done = run_python("-c", SCRIPT.format(package=package))
    assert done.returncode == 0, done.stderr
    assert unwanted.intersection(json.loads(done.stdout)) == set()


def test_packages_come_from_one_place() -> None:
    """Either the tree is tested or a wheel is: a wheel that lacks a module must not borrow it."""
    homes = {
        Path(importlib.import_module(package).__file__ or "").is_relative_to(ROOT / folder)
        for package, folder in PACKAGES.items()
    }
    assert len(homes) == 1
