"""Which half of the work a helper does, and when its results are taken.

Reading and checking come first: the helper is started before anything is read, reads and checks
its flags, and waits. If the repository is sound and is to be built, it goes on and compiles them.
Where all was read in an earlier run and much has to be compiled, it is started only then.
"""

from __future__ import annotations

from collections.abc import Collection

from burgee_compiler.cache.ahead import (
    Compiled,
    Keys,
    check_share,
    compile_share,
    compiled,
    take_over,
)
from burgee_compiler.cache.helper import LEAST, Channel, Helper, start_helper
from burgee_compiler.layout import key_of
from burgee_compiler.memo import Checked, FileRecord, ReadAhead
from burgee_compiler.progress import told
from burgee_compiler.repository import Repository, TenantFiles
from burgee_compiler.trees import Entry

__all__ = ["Halves"]


class Halves:
    """The work of one run, split where that pays."""

    def __init__(self) -> None:
        self.paths: dict[str, set[str]] = {}
        """The files that the helper reads and checks, by tenant."""
        self._helper: Helper | None = None

    def read(self, ahead: ReadAhead) -> None:
        """Read all flags of which nothing is known, if they are many."""
        half = len(ahead.unread) // 2
        if half < LEAST // 2:
            return
        mine, theirs = ahead.unread[:half], ahead.unread[half:]
        helper = start_helper(lambda channel: _help(channel, ahead, theirs), 3)
        if helper is None:
            return
        for tenant, entry in told("reading", mine):
            ahead.read_flag(tenant, entry)
        records = helper.receive(dict[str, FileRecord])
        if records is None:
            return
        ahead.take(records)
        self._helper = helper
        for tenant, entry in theirs:
            self.paths.setdefault(tenant, set()).add(entry.path)

    def checked(self) -> dict[str, dict[str, Checked]]:
        """Return what the helper's checks came to, by tenant and path; waits for it."""
        helper = self._helper
        found = None if helper is None else helper.receive(dict[str, dict[str, Checked]])
        if found is None:
            self.close()
        return found or {}

    def compile(self, repository: Repository) -> None:
        """Compile all flags that are still to be compiled, if they are many."""
        burgee = repository.burgee
        if burgee is None:
            return
        missing = {
            name: _missing(files, burgee.environments) for name, files in repository.tenants.items()
        }
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.go_on()
            theirs = {name: _keys(name, paths) for name, paths in self.paths.items()}
        elif sum(map(len, missing.values())) >= LEAST:
            theirs = {name: keys[len(keys) // 2 :] for name, keys in missing.items()}
            helper = start_helper(lambda channel: _compile(channel, repository, theirs), 1)
        if helper is None:
            return
        others = {name: set(keys) for name, keys in theirs.items()}
        mine = {
            name: [key for key in keys if key not in others.get(name, ())]
            for name, keys in missing.items()
        }
        compile_share(repository, mine)
        take_over(repository, helper.receive(list[Compiled]) or [])
        helper.close()

    def close(self) -> None:
        """Let the helper end."""
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.close()


def _help(channel: Channel, ahead: ReadAhead, share: list[tuple[str, Entry]]) -> None:
    """Do the helper's part of reading, checking and, if it is wanted, compiling."""
    records = {entry.path: ahead.read_flag(tenant, entry) for tenant, entry in share}
    channel.send({path: each for path, each in records.items() if each is not None})
    repository = ahead.rest_later()
    paths: dict[str, list[str]] = {}
    for tenant, entry in share:
        paths.setdefault(tenant, []).append(entry.path)
    keys = {tenant: _keys(tenant, each) for tenant, each in paths.items()}
    channel.send(check_share(repository, keys))
    if channel.is_wanted():
        _compile(channel, repository, keys)


def _compile(channel: Channel, repository: Repository, keys: Keys) -> None:
    compile_share(repository, keys)
    channel.send(compiled(repository, keys))


def _keys(tenant: str, paths: Collection[str]) -> list[str]:
    return [key_of(path, f"{tenant}/flags/") for path in paths]


def _missing(files: TenantFiles, environments: Collection[str]) -> list[str]:
    """Return the flags of which a form is missing, sorted."""
    memos = [files.memo.environment(name) for name in environments]
    missing = {
        key
        for memo in memos
        for key, file in files.flags.items()
        if memo.flag(key) is None and file.is_readable
    }
    return sorted(missing)
