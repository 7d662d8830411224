"""A flag as one commit has it, with the segments, layers and lock that it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import Struct

from burgee_compiler.checks.walk import flag_parts, rule_lists, rule_parts, segment_parts, whens
from burgee_compiler.model.decoder import BAD, Decoder, Kind
from burgee_compiler.model.files import LAYERS, LOCK, SEGMENT, Layer, Lock, Segment
from burgee_compiler.model.flag import FLAG, Flag
from burgee_compiler.past.steps import Step
from burgee_compiler.source import Node, read_yaml

__all__ = [
    "Read",
    "SegmentVersion",
    "Version",
    "earlier_path",
    "lock_path",
    "read_node",
    "read_segment",
    "read_value",
    "read_version",
    "segment_lists",
    "segments_in",
]

T = TypeVar("T")
_KEPT: Final = 512
_LONGEST_KEPT: Final = 64 * 1024
"""Files are remembered up to this size: in a history each is read as it was before and after."""
Read: TypeAlias = "Callable[[str], bytes | None]"


class Version(Struct, frozen=True):
    """What was read; a flag is None where there is none, or where its file could not be read."""

    path: str
    exists: bool
    flag: Flag | None
    lock: Lock | None
    segments: dict[str, Segment | None]
    layers: dict[str, Layer]
    members: dict[str, frozenset[str]]
    """Ids by the path of their list."""
    paths: frozenset[str]
    """All files that these were read from, or would be."""

    @property
    def key(self) -> str:
        """The flag's key by its path."""
        return self.path.partition("/flags/")[2].removesuffix(".yaml").replace("/", ".")


def read_version(read: Read, tenant: str, path: str) -> Version:
    """Return the flag at `path` and all that it uses."""
    data = read(path)
    flag = _typed(data, path, FLAG, Flag)
    paths = {path, lock_path(path)}
    segments: dict[str, Segment | None] = {}
    members: dict[str, frozenset[str]] = {}
    stack = sorted(segments_in(flag)) if flag is not None else []
    while stack:
        name = stack.pop()
        if name in segments:
            continue
        file = f"{tenant}/segments/{name.replace('.', '/')}.yaml"
        paths.add(file)
        found_segment = read_segment(read, file)
        segment = segments[name] = found_segment.segment
        members |= found_segment.members
        paths |= members.keys()
        if segment is not None:
            stack += sorted(segments_in(segment))
    layers: dict[str, Layer] = {}
    used = set() if flag is None else _layers(flag)
    if used:
        file = f"{tenant}/layers.yaml"
        paths.add(file)
        found = read_value(read(file), file, LAYERS)
        known: dict[str, Layer] = found if isinstance(found, dict) else {}
        layers = {name: layer for name, layer in known.items() if name in used}
    return Version(
        path,
        data is not None,
        flag,
        _typed(read(lock_path(path)), lock_path(path), LOCK, Lock),
        segments,
        layers,
        members,
        frozenset(paths),
    )


class SegmentVersion(Struct, frozen=True):
    """A segment as one commit has it; None where there is none, or it could not be read."""

    path: str
    exists: bool
    segment: Segment | None
    members: dict[str, frozenset[str]]


def read_segment(read: Read, path: str) -> SegmentVersion:
    """Return the segment at `path` and the lists that it names."""
    data = read(path)
    segment = _typed(data, path, SEGMENT, Segment)
    lists = () if segment is None else segment_lists(segment, path)
    return SegmentVersion(
        path, data is not None, segment, {each: _ids(read(each)) for each in lists}
    )


def earlier_path(step: Step, path: str) -> str:
    """Return where a flag stood before a commit: git tells of a rename, or the flag's seed does."""
    if path not in step.changed or step.before(path) is not None:
        return path
    folder = path.partition("/flags/")[0] + "/flags/"
    renamed = step.renamed.get(path, "")
    if renamed.startswith(folder) and renamed.endswith(".yaml"):
        return renamed
    flag = _typed(step.after(path), path, FLAG, Flag)
    if flag is not None and flag.seed is not None:
        seed = f"{folder}{flag.seed.replace('.', '/')}.yaml"
        if seed in step.changed and step.before(seed) is not None and step.after(seed) is None:
            return seed
    return path


def lock_path(path: str) -> str:
    """Return where the lock of a flag stands."""
    return f"{path.removesuffix('.yaml')}.lock.yaml"


def segments_in(definition: Flag | Segment) -> set[str]:
    """Return the segments that a definition names, in whatever environment."""
    if isinstance(definition, Segment):
        parts = list(segment_parts(definition))
    else:
        parts = [*flag_parts(definition)]
        for path, rules in rule_lists(definition):
            for index, rule in enumerate(rules):
                parts += rule_parts((*path, index), rule)
    return {each.segment for _, each in whens(iter(parts)) if each.segment is not None}


def _layers(flag: Flag) -> set[str]:
    named = (
        getattr(part, "experiment", None)
        for path, rules in rule_lists(flag)
        for index, rule in enumerate(rules)
        for _, part in rule_parts((*path, index), rule)
    )
    return {layer for each in named if (layer := getattr(each, "layer", None)) is not None}


def segment_lists(segment: Segment, file: str) -> Iterator[str]:
    """Yield the paths of the lists that a segment names, in whatever environment."""
    folder = file.rpartition("/")[0]
    for _, part in segment_parts(segment):
        name = getattr(part, "members_file", None)
        if isinstance(name, str):
            yield f"{folder}/{name}"


def _ids(data: bytes | None) -> frozenset[str]:
    lines = b"" if data is None else data
    return frozenset(line for line in lines.decode(errors="replace").splitlines() if line)


def _typed(data: bytes | None, path: str, kind: Kind, cls: type[T]) -> T | None:
    value = read_value(data, path, kind)
    return value if isinstance(value, cls) else None


def read_value(data: bytes | None, path: str, kind: Kind) -> Any:
    """Return what a file defines, None where there is none; never to be changed in place."""
    if data is None:
        return None
    return _value_kept(data, path, kind) if len(data) <= _LONGEST_KEPT else _value(data, path, kind)


def read_node(data: bytes) -> Node | None:
    """Return a file as a plain tree, None where it does not read; never to be changed in place."""
    return _node_kept(data) if len(data) <= _LONGEST_KEPT else _node(data)


def _value(data: bytes, path: str, kind: Kind) -> Any:
    node = read_node(data)
    return BAD if node is None else kind.read(Decoder(path), node)


def _node(data: bytes) -> Node | None:
    return read_yaml(data, "")[0]


_value_kept: Final = lru_cache(maxsize=_KEPT)(_value)
_node_kept: Final = lru_cache(maxsize=_KEPT)(_node)
