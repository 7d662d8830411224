"""The path from outside: flags-repo built by `burgee build`, served by `burgee edge`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import run_burgee
from support.edge_process import EdgeProcess, edge_process
from support.process import ROOT


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshots of flags-repo."""
    out = tmp_path_factory.mktemp("flags-repo") / "dist"
    built = run_burgee("build", ROOT / "flags-repo", "--out", out, cwd=ROOT)
    assert built.returncode == 0, built.shown
    return out


@pytest.fixture(scope="session")
def node(dist: Path) -> Iterator[EdgeProcess]:
    """A node of production that lets everybody in."""
    with edge_process(dist) as found:
        yield found
        assert found.send("GET", "/readyz").status == 200


@pytest.fixture(scope="session")
def acme(node: EdgeProcess) -> EdgeProcess:
    return node.named(x_tenant_id="acme")


@pytest.fixture(scope="session")
def spec(node: EdgeProcess) -> EdgeProcess:
    """The flags of OpenFeature's specification."""
    return node.named(x_tenant_id="openfeature-spec")
