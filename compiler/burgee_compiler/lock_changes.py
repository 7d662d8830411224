"""The locks of a whole repository: which of them a change needs written, or removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from burgee_compiler.locking import FlagAtRevision, TableMove, relocked, same_lock
from burgee_compiler.model.files import Lock
from burgee_compiler.repository import Repository, TenantFiles

__all__ = ["LockChange", "lock_changes", "lock_path"]


class LockChange(Struct, frozen=True):
    """A flag whose lock is to be written, or whose tables moved since the base."""

    tenant: str
    key: str
    flag_path: str
    path: str
    tables: tuple[TableMove, ...]
    text: bytes | None = None
    """The lock as it should be; None where the flag needs none."""
    differs: bool = False
    """Whether that is not what the file says."""
    refused: str | None = None
    """Why no lock can be worked out for it."""


def lock_path(flag_path: str) -> str:
    """Return where the lock of a flag lies."""
    return flag_path.removesuffix(".yaml") + ".lock.yaml"


def lock_changes(
    head: Repository, base: Repository | None, settled: Mapping[str, Lock] | None = None
) -> list[LockChange]:
    """Return every lock that the head needs written or removed, and every table that moved.

    `base` may leave out flags that are the same at the head; `settled` holds, by path, the locks
    that stand in conflict at the head.
    """
    return [
        change
        for name, tenant in sorted(head.tenants.items())
        for change in _Tenant(head, tenant, base, name, settled or {}).changes()
    ]


class _Tenant:
    def __init__(
        self,
        head: Repository,
        files: TenantFiles,
        base: Repository | None,
        name: str,
        settled: Mapping[str, Lock],
    ) -> None:
        self._files = files
        self._environments = _environments(head)
        self._base = None if base is None else base.tenants.get(name)
        self._base_environments = () if base is None else _environments(base)
        self._settled = settled
        self._moved = self._by_salt()

    def changes(self) -> Iterator[LockChange]:
        for key, file in sorted(self._files.flags.items()):
            path = lock_path(file.path)
            if file.flag is None:
                if path in self._settled:
                    yield self._refuse(
                        key, file.path, f"{file.path} cannot be read: settle it first"
                    )
                continue
            change = self._flag(key, file.path, path)
            if change is not None:
                yield change
        if not self._files.is_whole:
            return
        for key, lock in sorted(self._files.locks.items()):
            if key not in self._files.flags:
                yield LockChange(self._files.name, key, "", lock.path, (), None, True)

    def _flag(self, key: str, flag_path: str, path: str) -> LockChange | None:
        file = self._files.locks.get(key)
        there = None if file is None else file.lock
        settled = self._settled.get(path)
        before = self._before(key)
        if file is None and before is None and settled is None:
            return None
        unreadable = file is not None and there is None
        if unreadable and before is None and settled is None:
            return self._refuse(
                key, flag_path, "its lock cannot be read, nor is there an older one"
            )
        found = relocked(before, self._after(key, settled or there))
        if found.lost:
            return self._refuse(
                key, flag_path, "its lock cannot be used, nor is there an older one"
            )
        differs = unreadable or not same_lock(found.lock, there)
        if not differs and not any(each.moved for each in found.tables):
            return None
        name = self._files.name
        return LockChange(name, key, flag_path, path, found.tables, found.text, differs)

    def _refuse(self, key: str, flag_path: str, why: str) -> LockChange:
        return LockChange(self._files.name, key, flag_path, lock_path(flag_path), (), refused=why)

    def _after(self, key: str, lock: Lock | None) -> FlagAtRevision:
        flag = self._files.flags[key].flag
        assert flag is not None
        return FlagAtRevision(
            key=key,
            flag=flag,
            lock=lock,
            environments=self._environments,
            layers=self._files.layers,
        )

    def _before(self, key: str) -> FlagAtRevision | None:
        """Return the flag at the base, by its key or, after a rename, by its salt."""
        base = self._base
        if base is None:
            return None
        flag = self._files.flags[key].flag
        if key not in base.flags and flag is not None and flag.seed is not None:
            key = self._moved.get(flag.seed, key)
        found = base.flags.get(key)
        if found is None or found.flag is None:
            return None
        lock = base.locks.get(key)
        if lock is not None and lock.lock is None:
            return None  # it did not build, so nobody is in a table of it
        return FlagAtRevision(
            key=key,
            flag=found.flag,
            lock=None if lock is None else lock.lock,
            environments=self._base_environments,
            layers=base.layers,
        )

    def _by_salt(self) -> dict[str, str]:
        """Return the flags that only the base has, by what their tables are hashed with."""
        flags: Mapping[str, Any] = {} if self._base is None else self._base.flags
        return {
            file.flag.seed or key: key
            for key, file in flags.items()
            if file.flag is not None and key not in self._files.flags
        }


def _environments(repository: Repository) -> tuple[str, ...]:
    return () if repository.burgee is None else repository.burgee.environments
