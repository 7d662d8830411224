"""From a seed to commits: files as they are after each, and which flags may answer otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msgspec import Struct

from burgee_compiler.load import load_repository
from burgee_compiler.lock_changes import lock_changes, lock_path
from support.history.drafts import FlagDraft, SegmentDraft
from support.history.edits import EDITS, TENANTS, Draft, World, new_flag
from support.memory_tree import MemoryTree

__all__ = ["ENVIRONMENTS", "Commit", "life_of"]

ENVIRONMENTS = ("staging", "production")
SETTINGS = f"environments: [{', '.join(ENVIRONMENTS)}]\n"
_START = 1_790_000_000_000_000
_APART = 6 * 3_600_000_000

Keys = frozenset[tuple[str, str]]


class Commit(Struct, frozen=True, kw_only=True):
    """What a commit writes and removes (None), and what it is to do."""

    message: str
    files: dict[str, str | None]
    at: int
    affects: Keys
    """Tenants and keys of the flags that may answer otherwise."""
    is_text: bool = False
    """Whether nothing but text changes, which no snapshot holds."""
    reverts: int | None = None
    """The number of the commit that it undoes, which is the one before it."""


def life_of(seed: int, flags: int, commits: int) -> Iterator[Commit]:
    """Yield the first commit, with all flags, and as many more."""
    r = Random(seed)
    drafts: dict[str, Draft] = {}
    for tenant in TENANTS:
        for name in ("staff", "beta"):
            segment = SegmentDraft(tenant, name, (f"u-{name}",), f"@{name}.example")
            drafts[segment.path] = segment
    for number in range(flags):
        flag = new_flag(r, TENANTS[number % len(TENANTS)], number)
        drafts[flag.path] = flag
    files: dict[str, str] = {path: each.text for path, each in drafts.items()}
    files["burgee.yaml"] = SETTINGS
    yield Commit(message="Flags", files=dict(files), at=_START, affects=_all(drafts))
    last: tuple[Commit, dict[str, Draft], dict[str, str]] | None = None
    for number in range(1, commits + 1):
        at = _START + number * _APART
        before, files_before = drafts, files
        if last is not None and last[0].reverts is None and r.random() < 0.07:
            undone, drafts, files = last
            commit = Commit(
                message=f"Revert {undone.message!r}",
                files=_difference(files_before, files),
                at=at,
                affects=undone.affects,
                is_text=undone.is_text,
                reverts=number - 1,
            )
        else:
            commit, drafts, files = _edited(r, World(drafts, at, number), files)
        yield commit
        last = commit, before, files_before


def _edited(
    r: Random, world: World, files: dict[str, str]
) -> tuple[Commit, dict[str, Draft], dict[str, str]]:
    edit = None
    while edit is None:
        (make,) = r.choices(list(EDITS), list(EDITS.values()))
        edit = make(r, world)
        if edit is not None and all(world.drafts.get(p) == d for p, d in edit.changes.items()):
            edit = None
    drafts = {**world.drafts, **{p: d for p, d in edit.changes.items() if d is not None}}
    after = dict(files)
    for path, draft in edit.changes.items():
        if draft is None:
            del drafts[path], after[path]
            after.pop(lock_path(path), None)
        else:
            after[path] = draft.text
    if not edit.without_lock:
        _lock(edit.changes, files, after)
    affects = _affected(edit.changes, world.drafts) | _affected(edit.changes, drafts)
    commit = Commit(
        message=edit.message,
        files=_difference(files, after),
        at=world.now,
        affects=affects,
        is_text=edit.is_text,
    )
    return commit, drafts, after


def _lock(changes: dict[str, Draft | None], before: dict[str, str], after: dict[str, str]) -> None:
    """Write the locks that `burgee lock` would."""

    def part(files: dict[str, str]) -> MemoryTree:
        names = {name for path in changes for name in (path, lock_path(path))} | {"burgee.yaml"}
        return MemoryTree({name: files[name] for name in names if name in files})

    for change in lock_changes(load_repository(part(after)), load_repository(part(before))):
        if change.differs:
            after.pop(change.path, None)
            if change.text is not None:
                after[change.path] = change.text.decode()


def _difference(before: dict[str, str], after: dict[str, str]) -> dict[str, str | None]:
    return {
        path: after.get(path)
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    }


def _affected(changes: dict[str, Draft | None], drafts: dict[str, Draft]) -> Keys:
    """Return the flags at these paths, those in a segment of these, and those that need one."""
    flags = [each for each in drafts.values() if isinstance(each, FlagDraft)]
    segments = {
        (each.tenant, each.name)
        for path in changes
        if isinstance(each := drafts.get(path), SegmentDraft)
    }
    found = {
        (each.tenant, each.key)
        for each in flags
        if each.path in changes or segments & {(each.tenant, name) for name in each.segments}
    }
    more = {
        (each.tenant, each.key)
        for each in flags
        if found & {(each.tenant, key) for key in each.requires}
    }
    return frozenset(found | more)


def _all(drafts: dict[str, Draft]) -> Keys:
    flags = [each for each in drafts.values() if isinstance(each, FlagDraft)]
    return frozenset((each.tenant, each.key) for each in flags)
