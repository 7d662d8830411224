"""A Dockerfile as instructions by stage, and which files of a folder a build of it would see."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from msgspec import Struct

__all__ = ["Instruction", "Stage", "read_dockerfile", "sent"]


class Instruction(Struct, frozen=True):
    """One instruction, on one line."""

    name: str
    text: str


class Stage(Struct, frozen=True):
    """What stands between one FROM and the next."""

    name: str
    base: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[str]:
        """The texts of all instructions of a name."""
        return [each.text for each in self.instructions if each.name == name]

    def last(self, name: str) -> str:
        """The text of the one that counts."""
        return self.all(name)[-1]

    def environment(self) -> dict[str, str]:
        """What ENV sets here."""
        pairs = (pair.partition("=") for text in self.all("ENV") for pair in text.split())
        return {name: value for name, _, value in pairs}

    def health_command(self) -> list[str]:
        """The command of the health check, in its exec form."""
        _, _, command = self.last("HEALTHCHECK").partition("CMD ")
        found: list[str] = json.loads(command)
        return found


def read_dockerfile(path: Path) -> dict[str, Stage]:
    """Return the stages by name, in order."""
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    joined = "\n".join(lines).replace("\\\n", " ")
    stages: dict[str, Stage] = {}
    for line in filter(None, map(str.strip, joined.split("\n"))):
        name, _, text = line.partition(" ")
        one = Instruction(name, " ".join(text.split()))
        if name == "FROM":
            base, _, stage = one.text.partition(" AS ")
            stages[stage] = Stage(stage, base, ())
        elif stages:
            last = next(reversed(stages.values()))
            stages[last.name] = Stage(last.name, last.base, (*last.instructions, one))
    return stages


def sent(root: Path, file: str) -> bool:
    """Whether `.dockerignore` lets a file into the context: the last line that fits it decides."""
    kept = True
    parts = PurePosixPath(file)
    names = [file, *(str(parent) for parent in parts.parents if str(parent) != ".")]
    for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if line.startswith("#") or not line:
            continue
        anywhere = pattern.removeprefix("**/")
        hit = any(fnmatch(name, pattern) for name in names) or (
            pattern != anywhere and any(fnmatch(part, anywhere) for part in parts.parts)
        )
        if hit:
            kept = line.startswith("!")
    return kept
