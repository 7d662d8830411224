"""A repository of two tenants with some commits, and the build of each of them."""

from __future__ import annotations

from pathlib import Path

from burgee_compiler.build import EnvironmentBuild
from support.flag_repository import FlagRepository

__all__ = ["BuildHistory"]

FLAG = "variants: [a, b]\ndefault: {}\n"


class BuildHistory:
    """Builds of production by commit, oldest first; flag `one` serves another variant each time."""

    def __init__(self, root: Path, count: int = 3) -> None:
        self.repository = FlagRepository(root, {"burgee.yaml": "environments: [production]\n"})
        self.commits: list[str] = []
        self.builds: list[EnvironmentBuild] = []
        other = {
            "other/flags/two.yaml": FLAG.format("a"),
            "other/flags/three.yaml": "default: on\n",
        }
        self.repository.write(other)
        for number in range(count):
            self.add({"flags/one.yaml": FLAG.format("ab"[number % 2])})

    def add(self, files: dict[str, str]) -> EnvironmentBuild:
        """Commit files and build that."""
        self.commits.append(self.repository.commit(files))
        (made,) = self.repository.build_commit("HEAD").environments
        self.builds.append(made)
        return made
