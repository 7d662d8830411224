"""From a repository's place to its memo."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from burgee_compiler.cache.fingerprint import fingerprint
from burgee_compiler.cache.place import (
    cache_folder,
    is_off,
    prune,
    repository_folder,
    sealing_key,
)
from burgee_compiler.cache.records import Built, Known
from burgee_compiler.cache.remembered import RememberedMemo, Store
from burgee_compiler.cache.sealed import Sealer

__all__ = ["open_memo"]

_FILES: Final = "files"


def open_memo(root: Path, kind: str, *, cached: bool = True) -> RememberedMemo:
    """Return what is remembered of a repository: nothing where caching is off or cannot be.

    `kind` keeps its work tree and its commits apart.
    """
    return RememberedMemo((_sealed(root, kind) if cached and not is_off() else None) or Store())


def _sealed(root: Path, kind: str) -> Store | None:
    made = fingerprint()
    with suppress(OSError, RuntimeError):  # there may be no home folder
        key = sealing_key()
        if made is not None and key is not None:
            return _Sealed(Sealer(repository_folder(cache_folder(), root, kind), key, made))
    return None


class _Sealed(Store):
    """A repository's folder of sealed files: one on its files, and one a tenant on its forms."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def known(self) -> Known | None:
        return self._sealer.read(_FILES, Known)

    def built(self, tenant: str) -> Built | None:
        return self._sealer.read(_built_name(tenant), Built)

    def keep(self, known: Known | None, built: Mapping[str, Built]) -> None:
        if known is None and not built:
            return
        if known is not None:
            self._sealer.write(_FILES, known)
        for tenant, each in built.items():
            self._sealer.write(_built_name(tenant), each)
        prune(self._sealer.folder.parent, self._sealer.folder)


def _built_name(tenant: str) -> str:
    """Return a name that no file system takes for another tenant's."""
    return f"built-{sha256(tenant.encode()).hexdigest()[:16]}"
