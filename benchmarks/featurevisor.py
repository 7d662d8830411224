"""Check, tests and build of ours against lint and build of Featurevisor, the comparable compiler.

Both get the same flags: three rules each, the first naming one of 200 shared segments, in two
environments; ours also have two tests each, which ours runs and Featurevisor's does not, so that
it has less to do. `@featurevisor/cli` is installed from npm by name, once, below .build.
Each command is a process of its own, the two programs take turns.
Run: python -m benchmarks.featurevisor [FLAGS]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks._claims import Claim, print_claims
from benchmarks._processes import Took, burgee, environment, median, run
from benchmarks._repositories import write_repository

__all__ = ["claims", "main"]

_PACKAGE: Final = "@featurevisor/cli"
_INSTALLED: Final = Path(__file__).resolve().parents[1] / ".build" / "featurevisor"
_SEGMENTS: Final = 200
_ROUNDS: Final = 3

_RULES: Final = """\
      - {{key: internal, segments: group-{segment}, percentage: 100}}
      - {{key: plans, segments: [paying, germany], percentage: 100}}
      - {{key: ramp, segments: version-{minor}, percentage: {percentage}}}
"""
_FEATURE: Final = (
    """\
description: Flag {n}
tags: [all]
bucketBy: userId
environments:
  production:
    rules:
"""
    + _RULES
    + """\
  staging:
    rules:
"""
    + _RULES
    + """\
      - {{key: everyone, segments: "*", percentage: 100}}
"""
)
_SEGMENT: Final = (
    "description: Segment\nconditions:\n  - {attribute: %s, operator: %s, value: %s}\n"
)


class Unavailable(Exception):
    """Featurevisor cannot be had here, and why."""


def _installed() -> tuple[list[str], str]:
    """Return the command that runs Featurevisor, and its version; installs it at first."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unavailable("node and npm are not installed")
    program = _INSTALLED / "node_modules" / ".bin" / "featurevisor"
    if not program.exists():
        _INSTALLED.mkdir(parents=True, exist_ok=True)
        (_INSTALLED / "package.json").write_text('{"private": true}\n')
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", _PACKAGE]
        try:
            subprocess.run(command, cwd=_INSTALLED, check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            raise Unavailable(f"npm could not install {_PACKAGE}") from error
    manifest = _INSTALLED / "node_modules" / _PACKAGE / "package.json"
    return [node, str(program.resolve())], str(json.loads(manifest.read_text())["version"])


def write_project(root: Path, flags: int) -> Path:
    """Write what `write_repository` writes, tests left out, as a Featurevisor project."""
    for folder in ("features", "segments", "attributes"):
        (root / folder).mkdir(parents=True)
    (root / "featurevisor.config.js").write_text(
        'module.exports = {environments: ["staging", "production"], tags: ["all"]};\n'
    )
    (root / "package.json").write_text('{"private": true}\n')
    for name, kind in (("group", "string"), ("plan", "string"), ("country", "string")):
        (root / "attributes" / f"{name}.yml").write_text(f"type: {kind}\ndescription: {name}\n")
    (root / "attributes" / "userId.yml").write_text("type: string\ndescription: id\n")
    (root / "attributes" / "version.yml").write_text("type: semver\ndescription: version\n")
    segments = {f"group-{n}": ("group", "equals", f"g{n}") for n in range(_SEGMENTS)}
    segments |= {
        f"version-{n}": ("version", "semverGreaterThanOrEquals", f"3.{n}.0") for n in range(50)
    }
    segments["paying"] = ("plan", "in", "[enterprise, premium]")
    segments["germany"] = ("country", "equals", "DE")
    for name, condition in segments.items():
        (root / "segments" / f"{name}.yml").write_text(_SEGMENT % condition)
    for n in range(flags):
        text = _FEATURE.format(n=n, segment=n % _SEGMENTS, minor=n % 50, percentage=n % 100 + 0.5)
        (root / "features" / f"flag-{n}.yml").write_text(text)
    return root


def _ours(folder: Path, repo: Path) -> dict[str, Took]:
    """Run our three commands one after the other, as continuous integration does, from nothing."""
    user, out = folder / "user", folder / "dist"
    shutil.rmtree(user / "cache", ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    env = environment(user)
    return {
        "burgee check": run(burgee("check", repo), env),
        "burgee test": run(burgee("test", repo), env),
        "burgee build": run(burgee("build", repo, "--out", out), env),
    }


def _at_once(folder: Path, repo: Path) -> Took:
    """Run the one command that checks, tests and builds, from nothing."""
    user, out = folder / "user", folder / "dist"
    shutil.rmtree(user / "cache", ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    return run(burgee("build", repo, "--out", out), environment(user))


def _theirs(program: list[str], project: Path) -> dict[str, Took]:
    for name in ("dist", ".featurevisor"):
        shutil.rmtree(project / name, ignore_errors=True)
    done = {
        f"featurevisor {name}": run([*program, name], dict(os.environ), cwd=project)
        for name in ("lint", "build")
    }
    built = [each for each in (project / "dist").rglob("*.json") if "flag-0" in each.read_text()]
    assert len(built) >= 2, "Featurevisor built nothing"
    return done


def _measure(flags: int) -> tuple[dict[str, Took], dict[str, Took], Took, str]:
    program, version = _installed()
    with TemporaryDirectory() as name:
        folder = Path(name)
        repo = write_repository(folder / "repo", flags, _SEGMENTS)
        project = write_project(folder / "project", flags)
        small = write_repository(folder / "small", 10)
        run(burgee("check", small), environment(folder / "user"))  # writes Python's bytecode
        rounds = [
            (_ours(folder, repo), _theirs(program, project), _at_once(folder, repo))
            for _ in range(_ROUNDS)
        ]
    ours = {name: median([each[name] for each, _, _ in rounds]) for name in rounds[0][0]}
    theirs = {name: median([each[name] for _, each, _ in rounds]) for name in rounds[0][1]}
    return ours, theirs, median([each for _, _, each in rounds]), version


def claims(flags: int = 10_000) -> list[Claim]:
    """Measure, and return the claim; none where Featurevisor cannot be had."""
    try:
        ours, theirs, at_once, version = _measure(flags)
    except Unavailable as error:
        print(f"skipped: {error}", file=sys.stderr)
        return []
    return [_claim(ours, theirs, version, flags), _whole(at_once, theirs, flags)]


def _whole(at_once: Took, theirs: dict[str, Took], flags: int) -> Claim:
    other = sum(each.seconds for each in theirs.values())
    return Claim(
        f"one `burgee build`, which checks, tests and builds, against the same, {flags:,} flags",
        f"{at_once.seconds:.2f} s, {at_once.seconds / other:.2f} of {other:.2f} s",
        "< 1",
        at_once.seconds < other,
    )


def _claim(ours: dict[str, Took], theirs: dict[str, Took], version: str, flags: int) -> Claim:
    mine = sum(each.seconds for each in ours.values())
    other = sum(each.seconds for each in theirs.values())
    return Claim(
        f"check, test and build against Featurevisor {version}'s lint and build, {flags:,} flags",
        f"{mine:.2f} s, {mine / other:.2f} of {other:.2f} s",
        "< 1",
        mine < other,
        ", ".join(f"{name} {took.seconds:.2f} s" for name, took in (ours | theirs).items()),
    )


def main(flags: int) -> None:
    """Print what each command took, and the ratio."""
    try:
        ours, theirs, at_once, version = _measure(flags)
    except Unavailable as error:
        print(f"skipped: {error}")
        return
    for name, took in (ours | theirs).items():
        print(f"{name:<20} {took.seconds:6.2f} s  (processor {took.processor:6.2f} s)")
    print_claims([_claim(ours, theirs, version, flags), _whole(at_once, theirs, flags)])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
