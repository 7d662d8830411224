"""Which flags and segments errors keep from being built, and who else uses those."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Segment
from burgee_compiler.model.flag import Require
from burgee_compiler.reaching import reaching
from burgee_compiler.repository import SourceFile, TenantFiles
from burgee_compiler.resolve import flag_in, phases_of

__all__ = [
    "broken_flags",
    "broken_segments",
    "files_behind",
    "flags_named",
    "layers_of",
    "names_in",
    "users_of_flags",
    "users_of_segments",
]


def broken_segments(files: TenantFiles, found: Iterable[Diagnostic]) -> set[str]:
    """Return the segments that have an error, and those that name one of them."""
    subjects, places = _errors(found)
    own = {
        name
        for name, file in files.segments.items()
        if not file.is_readable or f"{files.name}/@{name}" in subjects or file.path in places
    }
    return _segments_over(files, own)


def broken_flags(
    files: TenantFiles, environment: str, found: Collection[Diagnostic], segments: set[str]
) -> set[str]:
    """Return the flags that have an error themselves or in a lock, segment or layer they use."""
    subjects, places = _errors(found)
    bad = {
        key
        for key, file in files.flags.items()
        if not file.is_readable or f"{files.name}/{key}" in subjects or file.path in places
    }
    bad |= {
        key
        for key, file in files.locks.items()
        if key in files.flags and (not file.is_readable or file.path in places)
    }
    layers = _broken_layers(files, found)
    for key, file in files.flags.items():
        if key not in bad and (layers or not files.has_layers):
            used = layers_of(files, file, environment)
            if used & layers or (used and not files.has_layers):
                bad.add(key)
    return bad | users_of_segments(files, segments)


def _errors(found: Iterable[Diagnostic]) -> tuple[set[str | None], set[str]]:
    errors = [each for each in found if each.severity == "error"]
    return {each.subject for each in errors}, {each.where.file for each in errors}


def _broken_layers(files: TenantFiles, found: Iterable[Diagnostic]) -> set[str]:
    """Return the layers with an error: a place in layers.yaml begins with the layer's name."""
    return {
        str(each.where.path[0])
        for each in found
        if each.severity == "error"
        and each.where.file == files.path_of_layers()
        and each.where.path
    }


def layers_of(files: TenantFiles, file: SourceFile, environment: str) -> set[str]:
    """Return the layers that a flag's experiments have slots in, now or later."""
    known = files.memo.checked(file.path)
    if known is not None and not known.mentions.layers:
        return set()
    flag = file.flag
    return {
        rule.experiment.layer
        for phase in (() if flag is None else phases_of(flag_in(flag, environment)))
        for rule in phase.flag.rules
        if rule.experiment is not None and rule.experiment.layer is not None
    }


def users_of_segments(files: TenantFiles, segments: set[str]) -> set[str]:
    """Return the flags that name one of `segments`, also through other segments."""
    if not segments:
        return set()
    reached = _segments_over(files, segments)
    return {
        key
        for key, file in files.flags.items()
        if not reached.isdisjoint(_segments_named(files, file))
    }


def users_of_flags(files: TenantFiles, flags: set[str]) -> set[str]:
    """Return `flags` and those that name one of them, transitively."""
    if not flags:
        return set()
    named = {key: flags_named(files, file) for key, file in files.flags.items()}
    return reaching(flags, named)


def files_behind(files: TenantFiles, key: str) -> set[str]:
    """Return the paths of all files that a flag is built from, as far as they can be read."""
    paths = {files.path_of_layers()}
    flags, segments = [key], list[str]()
    while flags or segments:
        kind, sources = (flags, files.flags) if flags else (segments, files.segments)
        name = kind.pop()
        source = sources.get(name)
        if source is None or source.path in paths:
            continue
        paths.add(source.path)
        if source.flag is not None:
            flags += flags_named(files, source)
            paths |= {lock.path for lock in (files.locks.get(name),) if lock is not None}
        if source.segment is not None:
            paths |= {f"{source.path.rpartition('/')[0]}/{each}" for each in _lists(source.segment)}
        segments += _segments_named(files, source)
    return paths


def _lists(segment: Segment) -> Iterator[str]:
    overlaid = [each.members_file for each in segment.environments.values()]
    for name in (segment.members_file, *overlaid):
        if isinstance(name, str):
            yield name


def _segments_over(files: TenantFiles, segments: set[str]) -> set[str]:
    if not segments:
        return segments
    named = {name: _segments_named(files, file) for name, file in files.segments.items()}
    return reaching(segments, named)


def names_in(definition: object) -> tuple[set[str], set[str]]:
    """Return the flags and the segments that a flag or segment names anywhere."""
    parts = [each for each in _parts(definition) if isinstance(each, Condition | Require)]
    flags = {each.flag for each in parts if each.flag is not None}
    segments = {each.segment for each in parts if isinstance(each, Condition) and each.segment}
    return flags, segments


def _segments_named(files: TenantFiles, file: SourceFile) -> Collection[str]:
    """Return every segment that a definition names anywhere, in whatever environment."""
    known = files.memo.checked(file.path)
    if known is not None:
        return known.mentions.segments
    return {
        each.segment
        for each in _parts(file.definition)
        if isinstance(each, Condition) and each.segment is not None
    }


def flags_named(files: TenantFiles, file: SourceFile) -> Collection[str]:
    """Return every flag that a flag names, in `requires` and in conditions."""
    known = files.memo.checked(file.path)
    if known is not None:
        return known.mentions.flags
    return {
        each.flag
        for each in _parts(file.definition)
        if isinstance(each, Condition | Require) and each.flag is not None
    }


def _parts(value: object) -> Iterator[object]:
    """Yield a definition and everything in it."""
    stack = [value]
    while stack:
        each = stack.pop()
        yield each
        if isinstance(each, Struct):
            stack += [getattr(each, name) for name in each.__struct_fields__]
        elif isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, tuple):
            stack += each
