"""The files that a change can matter to: a plan of twenty flags of ten thousand reads forty.

Flags and segments are named in full wherever they are asked for, so whoever may ask for a changed
one is found by looking for its name in the bytes of files, which takes no YAML. Too many files
are harmless; too few would be a wrong plan, and a test holds plans with and without this alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from burgee_compiler.broken import names_in
from burgee_compiler.layout import ROOT_FILE, TENANT_FILES, files_read
from burgee_compiler.load import load_repository
from burgee_compiler.repository import Repository, SourceFile
from burgee_compiler.trees import Entry, Tree

__all__ = ["Pruned", "built_from", "relevant"]

_MOST_NAMES: Final = 400
# How a name may be written other than by its letters.
_ESCAPES: Final = re.compile(rb"\\[xuU\r\n]")


class Pruned:
    """A tree with some of its files only; what is not read as a file stays."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        kept, known = set(paths), files_read(tree.entries())
        self._entries = [
            each for each in tree.entries() if each.path in kept or each.path not in known
        ]
        self.read = tree.read

    def entries(self) -> list[Entry]:
        """Return what is left of the tree."""
        return self._entries


def relevant(base: Tree, head: Tree, changed: Iterable[str]) -> set[str] | None:
    """Return the files of two trees that the changed ones can matter to; None for all of them."""
    found = set(changed)
    if any(path == ROOT_FILE or path.endswith("/attributes.yaml") for path in found):
        return None
    sides = [(tree, files_read(tree.entries())) for tree in (base, head)]
    if not all(
        _users(sides, tenant, found) for tenant in {each.partition("/")[0] for each in found}
    ):
        return None
    found |= set(chain.from_iterable(_always(paths) for _, paths in sides))
    known = sides[0][1] | sides[1][1]
    twins: dict[str, list[str]] = {}
    for path in known:
        twins.setdefault(path.lower(), []).append(path)
    while True:
        repositories = [load_repository(Pruned(tree, found & paths)) for tree, paths in sides]
        more = {path for each in repositories for path in built_from(each)}
        more |= {twin for path in found for twin in twins.get(path.lower(), ())}
        if more & known <= found:
            return found
        found |= more & known


def _always(paths: set[str]) -> Iterator[str]:
    """Yield what says which tenants there are, and what holds for all their files."""
    yield ROOT_FILE
    tenants: dict[str, list[str]] = {}
    for path in sorted(paths):
        tenant, slash, _ = path.partition("/")
        if slash:
            tenants.setdefault(tenant, []).append(path)
    for tenant, own in tenants.items():
        named = [path for name in TENANT_FILES if (path := f"{tenant}/{name}") in paths]
        yield from named or own[:1]


def _users(sides: list[tuple[Tree, set[str]]], tenant: str, found: set[str]) -> bool:
    """Add the files that may ask for those in `found`, however far; False where it is too much."""
    # What is not in `found` is the same in both.
    head, paths = sides[1]
    rest = {
        path: head.read(path)
        for path in paths - found
        if path.startswith(f"{tenant}/") and path.endswith(".yaml")
    }
    open_ = {name for path in found if path.startswith(f"{tenant}/") for name in _names(path)}
    seen: set[bytes] = set()
    while open_ - seen:
        names = open_ - seen
        seen |= names
        if len(seen) > _MOST_NAMES:
            return False
        hits = [path for path, data in rest.items() if _asks(data, names)]
        for path in hits:
            del rest[path]
            found.add(path)
            open_.update(_names(path))
    return True


def _asks(data: bytes, names: set[bytes]) -> bool:
    return any(name in data for name in names) or _ESCAPES.search(data) is not None


def _names(path: str) -> Iterator[bytes]:
    """Yield the text by which other files name a file."""
    _, _, inside = path.partition("/")
    folder, slash, rest = inside.partition("/")
    if not slash:
        return
    if rest.endswith(".yaml"):
        stem = rest.removesuffix(".yaml")
        stem = stem.removesuffix(".lock") if folder == "flags" else stem
        yield stem.replace("/", ".").encode()
    else:
        yield rest.rpartition("/")[2].encode()


def built_from(repository: Repository) -> Iterator[str]:
    """Yield the files that those of a repository are built from."""
    for tenant, files in repository.tenants.items():
        for layer in files.layers.values():
            claims = (claim.partition("/")[0] for claim in layer.slots)
            yield from chain.from_iterable(_flag(tenant, key) for key in claims)
        for key in (*files.flags, *files.locks):
            yield from _flag(tenant, key)
        for file in files.flags.values():
            yield from _asked(tenant, file)
        for file in files.segments.values():
            yield from _asked(tenant, file)
            yield from _lists(file)


def _asked(tenant: str, file: SourceFile) -> Iterator[str]:
    flags, segments = names_in(file.definition)
    for key in flags:
        yield from _flag(tenant, key)
    for name in segments:
        yield f"{tenant}/segments/{name.replace('.', '/')}.yaml"


def _flag(tenant: str, key: str) -> tuple[str, str]:
    path = f"{tenant}/flags/{key.replace('.', '/')}"
    return f"{path}.yaml", f"{path}.lock.yaml"


def _lists(file: SourceFile) -> Iterator[str]:
    segment = file.segment
    if segment is not None:
        folder = file.path.rpartition("/")[0]
        overlaid = (each.members_file for each in segment.environments.values())
        for name in (segment.members_file, *overlaid):
            if isinstance(name, str):
                yield f"{folder}/{name}"
