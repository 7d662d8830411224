"""A flag repository held in memory: files as text, folders by their names."""

from __future__ import annotations

from collections.abc import Mapping

from burgee_compiler.checks import run_checks
from burgee_compiler.load import load_repository
from burgee_compiler.repository import Repository
from burgee_compiler.trees import Entry

__all__ = ["MemoryTree", "repository_of"]


class MemoryTree:
    """Implements the compiler's Tree over a mapping of paths to contents."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {
            path: data.encode() if isinstance(data, str) else data for path, data in files.items()
        }

    def entries(self) -> list[Entry]:
        found = {path: Entry(path, "file", len(data)) for path, data in self._files.items()}
        for path in self._files:
            parts = path.split("/")
            for end in range(1, len(parts)):
                folder = "/".join(parts[:end])
                found[folder] = Entry(folder, "folder")
        return sorted(found.values())

    def read(self, path: str) -> bytes:
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(path) from None


def repository_of(files: Mapping[str, str | bytes]) -> Repository:
    """Return the repository that files make, which must be without errors."""
    repository = load_repository(MemoryTree(files))
    found = [*repository.found, *run_checks(repository)]
    errors = [each for each in found if each.severity == "error"]
    assert not errors, errors
    return repository
