"""Who names whom in a tenant, so that a change finds those that it can matter to."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from burgee_compiler.broken import files_behind
from burgee_compiler.checks.views import TenantView
from burgee_compiler.layout import key_of
from burgee_compiler.memo import NO_MEMO
from burgee_compiler.reaching import reaching
from burgee_compiler.repository import Repository, TenantFiles

__all__ = ["Names", "Users", "names_changed", "part_of", "users_of"]


class Names(Struct, frozen=True):
    """Flags and segments of one tenant."""

    flags: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()

    def __or__(self, other: Names) -> Names:
        return Names(self.flags | other.flags, self.segments | other.segments)


class Users(Struct, frozen=True):
    """Of each definition that names any, the names; of the rest nothing."""

    flags: dict[str, Collection[str]]
    """The flags that a flag names."""
    segments: dict[str, Collection[str]]
    """The segments that a flag names."""
    below: dict[str, Collection[str]]
    """The segments that a segment names."""
    layers: dict[str, Collection[str]]
    """The layers that a flag names."""
    lists: dict[str, str]
    """The segment that names a member list, by the list's path."""

    def over(self, names: Names) -> Names:
        """Return these names and all that ask for one of them, however far."""
        segments = reaching(names.segments, self.below) if names.segments else set[str]()
        flags = set(names.flags)
        if segments:
            flags |= {key for key, used in self.segments.items() if not segments.isdisjoint(used)}
        return Names(frozenset(reaching(flags, self.flags)), frozenset(segments))


def users_of(repository: Repository, files: TenantFiles) -> Users:
    """Return who names whom."""
    view = TenantView(repository, files)
    made = Users({}, {}, {}, {}, {})
    for key in files.flags:
        mentions = view.flag_mentions(key)
        for table, names in (
            (made.flags, mentions.flags),
            (made.segments, mentions.segments),
            (made.layers, mentions.layers),
        ):
            if names:
                table[key] = names
    for name, file in files.segments.items():
        mentions = view.segment_mentions(name)
        if mentions.segments:
            made.below[name] = mentions.segments
        for each in mentions.lists:
            made.lists[f"{file.path.rpartition('/')[0]}/{each}"] = name
    return made


def names_changed(tenant: str, paths: Iterable[str], users: Users) -> Names | None:
    """Return what a tenant's changed files define or decide; None where that may be anything."""
    flags: set[str] = set()
    segments: set[str] = set()
    for path in paths:
        folder, slash, rest = path.removeprefix(f"{tenant}/").partition("/")
        if not slash:
            if folder == "attributes.yaml":
                return None
            if folder == "layers.yaml":
                flags |= users.layers.keys()
        elif path in users.lists:
            segments.add(users.lists[path])
        elif rest.endswith(".lock.yaml"):
            flags.add(key_of(rest.removesuffix(".lock.yaml"), ""))
        elif rest.endswith(".yaml"):
            (flags if folder == "flags" else segments).add(key_of(rest, ""))
    return Names(frozenset(flags), frozenset(segments))


def part_of(files: TenantFiles, names: Names) -> TenantFiles:
    """Return a tenant with these definitions, and those that they are built from, alone."""
    flags, segments = set(names.flags), set(names.segments)
    paths: set[str] = set()
    for key in names.flags:
        paths |= files_behind(files, key)
    prefixes = f"{files.name}/flags/", f"{files.name}/segments/"
    for path in paths:
        if path.endswith(".lock.yaml"):
            continue
        if path.startswith(prefixes[0]):
            flags.add(key_of(path, prefixes[0]))
        elif path.startswith(prefixes[1]) and path.endswith(".yaml"):
            segments.add(key_of(path, prefixes[1]))
    return _only(files, flags, segments)


def _only(files: TenantFiles, flags: set[str], segments: set[str]) -> TenantFiles:
    return replace(
        files,
        flags={key: files.flags[key] for key in sorted(flags & files.flags.keys())},
        locks={key: files.locks[key] for key in sorted(flags & files.locks.keys())},
        segments={name: files.segments[name] for name in sorted(segments & files.segments.keys())},
        is_whole=False,
        memo=NO_MEMO,
    )
