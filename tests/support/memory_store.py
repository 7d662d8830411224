"""Where a build cache keeps things in tests: as the bytes that would be written, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from burgee_compiler.cache.packed import pack, unpack
from burgee_compiler.cache.records import Built, Known
from burgee_compiler.cache.remembered import Store

__all__ = ["InMemory"]

T = TypeVar("T")


class InMemory(Store):
    """Keeps what would be written, as the bytes that would be."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def known(self) -> Known | None:
        return self._read("", Known)

    def built(self, tenant: str) -> Built | None:
        return self._read(tenant, Built)

    def keep(self, known: Known | None, built: Mapping[str, Built]) -> None:
        if known is not None:
            self.files[""] = pack(known)
        self.files |= {name: pack(each) for name, each in built.items()}

    def _read(self, name: str, kind: type[T]) -> T | None:
        return unpack(self.files[name], kind) if name in self.files else None
