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


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "requirements" / "all.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pins(text: str) -> dict[str, Requirement]:
    found = (Requirement(match["pin"].strip()) for match in PIN.finditer(text))
    return {canonicalize_name(pin.name): pin for pin in found}


def direct(pyproject: dict[str, Any]) -> list[Requirement]:
    project = pyproject["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    asked = [Requirement(line) for lines in lists for line in lines]
    return [requirement for requirement in asked if requirement.name != project["name"]]


def test_each_pin_has_sha256_hashes(text: str, pins: dict[str, Requirement]) -> None:
    assert len(pins) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)), (
        "a line is no pin with hashes"
    )
    assert set(re.findall(r"--hash=(\w+):", text)) == {"sha256"}


def test_names_no_registry_and_no_path(text: str) -> None:
    hosts_and_paths = r"://|--(index|extra-index|find-links|trusted)|@ |^-|file:|/home/|/tmp/"
    assert re.search(hosts_and_paths, text, re.MULTILINE) is None


def test_pins_all_we_ask_for(pyproject: dict[str, Any], pins: dict[str, Requirement]) -> None:
    wrong = [
        str(asked)
        for asked in direct(pyproject)
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
