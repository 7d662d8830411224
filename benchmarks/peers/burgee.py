"""Burgee itself, with reason, rule, bucket and metadata in every answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks._flags import Definition, User
from benchmarks._snapshot import compiled, read_packed
from benchmarks.peers import Peer
from burgee import TenantFlags, load_environment

__all__ = ["Adapter"]


class Adapter(Peer):
    """`TenantFlags.evaluate`, as apps and edge nodes call it."""

    title = "burgee"
    distribution = "burgee"
    note = "reason, rule, bucket and metadata in every result"
    _flags: TenantFlags

    def configure(self, flags: Sequence[Definition]) -> bytes:
        """Compile from YAML; the files of the build, packed into one."""
        return msgspec.json.encode(compiled(flags))

    def load(self, data: bytes) -> None:
        """Load as from a folder, every digest checked."""
        self._flags = load_environment(read_packed(data), "production").tenants["acme"]

    def context(self, user: User) -> User:
        """Take the dictionary as it is."""
        return user

    def answer(self, flag: Definition, context: Any) -> Any:
        """Return the value of the whole result."""
        return self._flags.evaluate(flag.key, context, 0).value

    def run(self, flag: Definition, contexts: Sequence[Any]) -> None:
        """One call a context."""
        evaluate, key = self._flags.evaluate, flag.key
        for context in contexts:
            evaluate(key, context, 0)

    def run_all(self, flags: Sequence[Definition], contexts: Sequence[Any]) -> None:
        """One call a flag and context."""
        evaluate = self._flags.evaluate
        keys = [flag.key for flag in flags]
        for context in contexts:
            for key in keys:
                evaluate(key, context, 0)
