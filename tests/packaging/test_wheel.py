"""Promise: the wheel holds our packages whole, nothing else, and has the documented extras."""

import importlib.util
import re
import shutil
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement

from support.process import run_python
from support.snapshots import TenantParts, flag, write_environment

pytestmark = pytest.mark.wheel

SOURCES = {
    "burgee": "edge/burgee",
    "burgee_cli": "compiler/burgee_cli",
    "burgee_compiler": "compiler/burgee_compiler",
    "burgee_edge": "edge/burgee_edge",
    "burgee_http": "edge/burgee_http",
    "burgee_writer": "compiler/burgee_writer",
}
APP_NEEDS = {"google-re2", "msgspec", "xxhash"}
EXTRAS = {"openfeature", "verify", "otel", "kafka", "compiler", "edge", "writer"}
EXTRAS |= {"all", "bench", "dev"}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """A wheel of the tree, made with the tools that are here: nothing is fetched."""
    missing = [name for name in ("build", "hatchling") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"building a wheel without network needs {' and '.join(missing)} installed")
    out = tmp_path_factory.mktemp("wheel")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root))
    done = run_python(*build, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode("utf-8"))


def needs(metadata: Message, extra: str) -> set[str]:
    """The distributions that an extra asks for, itself and through `burgee[…]`."""
    names: set[str] = set()
    for requirement in map(Requirement, metadata.get_all("Requires-Dist", [])):
        marker = requirement.marker
        if (marker is None) != (extra == ""):
            continue
        if marker is not None and not marker.evaluate({"extra": extra}):
            continue
        if requirement.name == "burgee":
            names = names.union(*(needs(metadata, inner) for inner in requirement.extras))
        else:
            names.add(requirement.name.lower())
    return names


def test_holds_our_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(SOURCES)


@pytest.mark.parametrize(("package", "folder"), SOURCES.items())
def test_holds_every_module(wheel: zipfile.ZipFile, root: Path, package: str, folder: str) -> None:
    base = root / folder
    here = {
        f"{package}/{path.relative_to(base).as_posix()}"
        for path in base.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here == {name for name in wheel.namelist() if name.startswith(f"{package}/")}
    assert f"{package}/py.typed" in here, "annotations of this package would be ignored"


def test_holds_only_code_and_its_data(wheel: zipfile.ZipFile) -> None:
    strays = re.compile(
        r"(^|/)(tests?|__pycache__|conftest\.py|test_[^/]*|[^/]*\.(pyc|orig|rej|actual|swp))(/|$)"
    )
    assert [name for name in wheel.namelist() if strays.search(name)] == []


def test_carries_the_licence(wheel: zipfile.ZipFile, metadata: Message, root: Path) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/licenses/LICENSE"))
    assert wheel.read(name) == (root / "LICENSE").read_bytes()
    assert metadata["License-Expression"] == "Apache-2.0"


def test_installs_the_command(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    lines = wheel.read(name).decode("utf-8").splitlines()
    scripts, plugins = lines[:2], lines[-2:]
    assert scripts == ["[console_scripts]", "burgee = burgee_cli:main"]
    assert plugins == ["[pytest11]", "burgee = burgee.pytest_plugin"]


def test_runs_on_every_supported_python(metadata: Message) -> None:
    assert metadata["Requires-Python"] == ">=3.11"


def test_an_app_needs_three_libraries(metadata: Message) -> None:
    assert needs(metadata, "") == APP_NEEDS


def test_those_three_need_nothing_else() -> None:
    for name in APP_NEEDS:
        found = map(Requirement, distribution(name).requires or [])
        assert [str(each) for each in found if each.marker is None] == [], name
        assert not any(
            each.marker.evaluate({"extra": ""})
            for each in map(Requirement, distribution(name).requires or [])
            if each.marker is not None
        ), name


BARE = """
import importlib.util, sys
sys.path[:0] = [{site!r}]
from burgee import Client
with Client({dist!r}, tenant="acme") as client:
    assert client.evaluate("f", {{"targetingKey": "u-1"}}, False) is True, client.state
with Client("http://127.0.0.1:1", tenant="acme", allow_unsigned=True) as client:
    assert client.evaluate("f", {{}}, True) is True
from burgee.testing import flags, static_client
with static_client() as client, flags.override({{"f": "on"}}):
    assert client.evaluate("f", {{}}, False) is True
try:
    Client({dist!r}, tenant="acme", trust=["signing.pub"])
except ImportError as error:
    assert "burgee[verify]" in str(error)
else:
    raise AssertionError("no signature can be checked without cryptography")
for name in {absent!r}:
    assert importlib.util.find_spec(name) is None, name
print("well")
"""


def test_an_app_runs_on_those_three_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """The wheel, unpacked as `pip install burgee` would, beside what it names and nothing else."""
    site = tmp_path / "site"
    wheel.extractall(site)
    for name in APP_NEEDS:
        for file in distribution(name).files or []:
            if ".." not in file.parts:
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)
    write_environment(tmp_path / "dist", {"acme": TenantParts({"f": flag("on")})})
    absent = ["click", "cryptography", "openfeature", "pygit2", "starlette", "uvicorn", "yaml"]
    script = BARE.format(site=str(site), dist=str(tmp_path / "dist"), absent=absent)
    done = run_python("-I", "-S", "-c", script, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr


def test_has_the_documented_extras(metadata: Message) -> None:
    assert set(metadata.get_all("Provides-Extra", [])) == EXTRAS


@pytest.mark.parametrize(
    ("extra", "some", "none"),
    [
        ("openfeature", {"openfeature-sdk"}, {"starlette", "pyyaml"}),
        ("verify", {"cryptography"}, {"starlette", "pyyaml"}),
        ("otel", {"opentelemetry-sdk"}, {"starlette", "pyyaml"}),
        ("kafka", {"confluent-kafka"}, {"starlette", "pyyaml"}),
        ("compiler", {"click", "pyyaml", "pygit2"}, {"starlette", "uvicorn"}),
        ("edge", {"starlette", "uvicorn", "pyjwt"}, {"pygit2"}),
        ("writer", {"starlette", "uvicorn", "pyyaml", "pygit2"}, {"pytest"}),
        ("all", {"openfeature-sdk", "opentelemetry-sdk", "pyyaml", "uvicorn"}, {"pytest", "ruff"}),
        ("bench", {"pyyaml", "uvicorn"}, {"pytest", "ruff"}),
        ("dev", {"pytest", "ruff", "mypy", "uvicorn", "pyyaml"}, set()),
    ],
)
def test_extra_brings_its_side_alone(
    metadata: Message, extra: str, some: set[str], none: set[str]
) -> None:
    brought = needs(metadata, extra)
    assert some <= brought
    assert not none & brought


def test_tools_know_the_same_packages(pyproject: dict[str, Any]) -> None:
    tool = pyproject["tool"]
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(SOURCES.values())
    assert set(tool["check-wheel-contents"]["toplevel"]) == set(SOURCES)
    assert set(tool["importlinter"]["root_packages"]) == set(SOURCES)
