"""A file of a flag repository: a flag, a segment, a layer file, a lock, or the root's own."""

from __future__ import annotations

from burgee_compiler.build import build
from burgee_compiler.load import load_repository
from support.memory_tree import MemoryTree

__all__ = ["run"]

_FILES = {
    "burgee.yaml": b"environments: [staging, production]\n",
    "acme/flags/g.yaml": b"default: {split: {on: 1, off: 1}}\n",
    "acme/segments/s.yaml": b"members: [u]\n",
}
_PLACES = (
    "acme/flags/f.yaml",
    "acme/segments/t.yaml",
    "acme/layers.yaml",
    "acme/flags/g.lock.yaml",
    "acme/attributes.yaml",
    "acme/tenant.yaml",
    "burgee.yaml",
    "acme/segments/m.csv",
)


def run(data: bytes) -> None:
    """Take the first byte for which file it is; all that is wrong is told as findings."""
    if not data:
        return
    place = _PLACES[data[0] % len(_PLACES)]
    build(load_repository(MemoryTree({**_FILES, place: data[1:]})), None)
