"""A memo that remembers: what an earlier run learnt and still holds, and what this one learns.

What holds is found by what has changed. Let `changed` be the files whose bytes are not those that
were compiled. A definition's checks hold unless its own file, a flag that it names, the layers it
names, or the attributes are changed, as long as every name in it exists. Its form and tests hold
unless its own file, its lock, the layers it names, or the form of anything that it names is
changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from burgee_compiler.cache.built import Forms, still_good
from burgee_compiler.cache.halves import Halves
from burgee_compiler.cache.records import Built, BuiltEnvironment, Known, KnownTenant
from burgee_compiler.memo import Checked, FileRecord, Memo, Mentions, ReadAhead, TenantMemo
from burgee_compiler.repository import Repository
from burgee_compiler.trees import stamped_at

__all__ = ["RememberedMemo", "RememberedTenant", "Store"]

_SECOND: Final = 1_000_000_000
_STEP: Final = _SECOND // 5
"""Clocks of file systems go by steps: what was written this shortly before it was looked at may
be written again without its time telling, as git's "racily clean" files may."""


class Store:
    """Where remembered things come from and go to; this one is empty and forgets."""

    def known(self) -> Known | None:
        """Return what is known of the repository's files."""

    def built(self, tenant: str) -> Built | None:
        """Return what a tenant's files were compiled to."""

    def keep(self, known: Known | None, built: Mapping[str, Built]) -> None:
        """Keep what is new."""


class RememberedMemo(Memo):
    """One run's memory of a repository; `save` hands on what it learnt."""

    remembers = True

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened = time.time_ns()
        self._known = store.known() or Known()
        self._environments: tuple[str, ...] = ()
        self._tenants: dict[str, RememberedTenant] = {}
        self._halves = Halves()

    def begin(self, environments: Sequence[str]) -> None:
        self._environments = tuple(environments)
        self._tenants = {}

    def tenant(self, name: str) -> RememberedTenant:
        made = self._tenants.get(name)
        if made is None:
            old = self._known.tenants.get(name, KnownTenant())
            if self._environments != self._known.environments:
                old = KnownTenant(old.files, {})
            made = RememberedTenant(name, old, self._opened, lambda: self._store.built(name))
            self._tenants[name] = made
        return made

    def read_ahead(self, ahead: ReadAhead) -> None:
        self._halves.read(ahead)
        for tenant, paths in self._halves.paths.items():
            self.tenant(tenant).expect(paths, self._take_checked)

    def _take_checked(self) -> None:
        for name, checked in self._halves.checked().items():
            tenant = self.tenant(name)
            for path, each in checked.items():
                tenant.take_checked(path, each)

    def compile_ahead(self, repository: Repository) -> None:
        self._halves.compile(repository)

    def blobs(self) -> Mapping[str, bytes]:
        return {
            path: record.blob
            for tenant in self._tenants.values()
            for path, record in tenant.files.items()
        }

    def known(self, *, lasting: bool = False) -> Known:
        """Return what is known of the repository's files by now.

        What is to be kept is `lasting`: without what holds for nobody else.
        """
        return Known(
            self._environments,
            {name: each.known(lasting=lasting) for name, each in self._tenants.items()},
        )

    def save(self) -> None:
        """Keep what this run learnt; it may go on learning."""
        self._halves.close()
        tenants = self._tenants
        same = (
            self._environments == self._known.environments
            and tenants.keys() == self._known.tenants.keys()
            and not any(each.is_news() for each in tenants.values())
        )
        known = None if same else self.known(lasting=True)
        built = {name: each.built() for name, each in tenants.items()}
        self._store.keep(known, {name: each for name, each in built.items() if each is not None})


class RememberedTenant(TenantMemo):
    """One run's memory of a tenant."""

    def __init__(
        self, name: str, old: KnownTenant, opened: int, built: Callable[[], Built | None]
    ) -> None:
        self.files: dict[str, FileRecord] = {}
        self._name = name
        self._old = old
        self._opened = opened
        self._read_built = built
        self._changed: set[str] = set()
        self._checked: dict[str, Checked] = {}
        self._flags: Collection[str] = ()
        self._segments: Collection[str] = ()
        self._news = False
        self._built: Built | None = None
        self._forms: dict[str, Forms] = {}
        self._expected: Collection[str] = ()
        self._fetch: Callable[[], None] | None = None

    def expect(self, paths: Collection[str], fetch: Callable[[], None]) -> None:
        """Take note that somebody else checks these files; `fetch` waits for what comes of it."""
        self._expected, self._fetch = paths, fetch

    def take_checked(self, path: str, checked: Checked) -> None:
        """Take what checking a file came to elsewhere, where that says nothing of other names."""
        if path in self.files and self._is_whole(checked.mentions):
            self.keep_checked(path, checked)

    def by_stamp(self, path: str, stamp: bytes) -> FileRecord | None:
        record = self._old.files.get(path)
        return record if record is not None and stamp and record.stamp == stamp else None

    def by_digest(self, path: str, digest: bytes) -> FileRecord | None:
        record = self._old.files.get(path)
        return record if record is not None and record.digest == digest else None

    def keep_file(self, path: str, record: FileRecord) -> None:
        old = self._old.files.get(path)
        if old is not record:
            if not path.isascii() and not _is_text(path):
                return
            record = self._without_young_stamp(record)
            self._news = self._news or old != record
            if old is None or old.digest != record.digest:
                self._changed.add(path)
        self.files[path] = record

    def _without_young_stamp(self, record: FileRecord) -> FileRecord:
        written = stamped_at(record.stamp)
        if written is None:
            return record
        step = _STEP if written % _SECOND else 2 * _SECOND + _STEP  # some keep whole seconds
        return record if written < self._opened - step else replace(record, stamp=b"")

    def settle(self, flags: Collection[str], segments: Collection[str]) -> None:
        self._flags, self._segments = flags, segments
        gone = self._old.files.keys() - self.files.keys()
        self._changed |= gone
        self._news = self._news or bool(gone)

    def checked(self, path: str) -> Checked | None:
        known = self._checked.get(path)
        if known is None and self._fetch is not None and path in self._expected:
            fetch, self._fetch = self._fetch, None
            fetch()
            known = self._checked.get(path)
        if known is None and path not in self._changed:
            known = self._old.checked.get(path)
            if known is not None:
                if not self._holds(known.mentions):
                    return None
                self._checked[path] = known
        return known

    def keep_checked(self, path: str, checked: Checked) -> None:
        self._checked[path] = checked
        self._news = self._news or self._is_whole(checked.mentions)

    def _holds(self, mentions: Mentions) -> bool:
        if not self._is_whole(mentions) or f"{self._name}/attributes.yaml" in self._changed:
            return False
        if mentions.layers and self._layers() in self._changed:
            return False
        return not any(self._path(key) in self._changed for key in mentions.flags)

    def _is_whole(self, mentions: Mentions) -> bool:
        """Return whether checks depend on nothing but the files that are named.

        What is said of an unknown name depends on all the names there are; a list of members is
        not remembered, since it may be large.
        """
        return (
            not mentions.lists
            and all(name in self._segments for name in mentions.segments)
            and all(key in self._flags for key in mentions.flags)
            and (not mentions.layers or self._layers() in self.files)
        )

    def _layers(self) -> str:
        return f"{self._name}/layers.yaml"

    def _path(self, key: str) -> str:
        return f"{self._name}/flags/{key.replace('.', '/')}.yaml"

    def environment(self, name: str) -> Forms:
        forms = self._forms.get(name)
        if forms is None:
            if self._built is None:
                built = self._read_built()
                self._built = Built() if built is None else built
                still_good(self._name, self._built, self.files, self._checked)
            kept = self._built.environments.setdefault(name, BuiltEnvironment())
            forms = self._forms[name] = Forms(kept)
        return forms

    def is_news(self) -> bool:
        """Return whether anything about the files is not as it was read."""
        return self._news

    def known(self, *, lasting: bool) -> KnownTenant:
        """Return what is known of the files now; whoever uses it looks again whether it holds."""
        if not lasting:
            return KnownTenant(self.files, self._checked)
        kept = {
            path: each
            for path, each in self._checked.items()
            if path in self.files and self._is_whole(each.mentions)
        }
        return KnownTenant(self.files, kept)

    def built(self) -> Built | None:
        """Return what the files were compiled to, None where that is as it was read."""
        if self._built is None:
            return None
        sources = {path: record.digest for path, record in self.files.items()}
        if sources == self._built.sources and not any(each.news for each in self._forms.values()):
            return None
        self._built.sources = sources
        return self._built


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
