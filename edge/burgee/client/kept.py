"""A copy on disk of the snapshot held last, so that an app can start with its source down."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from burgee.client.known import Held, Mark
from burgee.load import document_path, load_tenant, read_folder
from burgee.whole_files import put_whole

if TYPE_CHECKING:
    from burgee.signatures import Trust

__all__ = ["KeptCopy"]

_ORDER: Final = "order.json"
_LOCK: Final = "lock"
_OURS: Final = re.compile(r"\.?(manifest|flags|segments|members)-[0-9a-f]{16}\.|\.order\.json\.")
"""Documents, and what a process that was killed left of one; nobody else's files are touched."""
_UNUSED_SECONDS: Final = 3600.0  # another process may be reading what this one no longer names

_log = logging.getLogger("burgee.client")


class KeptCopy:
    """The folder `<cache-dir>/<environment>/<tenant>`, readable by its owner alone.

    Laid out as a dist folder, so every byte is checked again when it is read. Several processes
    may share it: the highest order wins.
    """

    def __init__(
        self, cache: Path, environment: str, tenant: str, trust: Trust | None = None
    ) -> None:
        self._root = cache / environment
        self._folder = self._root / tenant
        self._environment = environment
        self._tenant = tenant
        self._trust = trust

    def open(self) -> None:
        """Make the folder; OSError where that cannot be done."""
        for folder in (self._root.parent, self._root, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder.stat().st_mode & 0o077:
            self._folder.chmod(0o700)

    def mark(self) -> Mark | None:
        """Return what was held last, None where that is not known."""
        try:
            data = (self._folder / _ORDER).read_bytes()
            return msgspec.json.decode(data, type=Mark)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("the order of the kept snapshot is not known any more: %s", error)
            return None

    def load(self, mark: Mark) -> Held:
        """Return the copy; Refused where it is not whole, or not signed where it has to be."""
        documents: dict[str, bytes] = {}
        read = read_folder(self._root)

        def reading(path: str) -> bytes:
            documents[path] = read(path)
            return documents[path]

        manifest, flags = load_tenant(reading, self._environment, self._tenant, mark.digest)
        if self._trust is not None:
            signed = documents[document_path(self._tenant, "manifest", mark.digest)]
            self._trust.check(lambda path: read(f"{self._tenant}/{path}"), signed)
        return Held(mark, flags, manifest, documents)

    def save(self, held: Held, signature: bytes | None) -> None:
        """Write what is held, its order last; a failure is logged and changes nothing else."""
        if self._trust is not None and signature is None:
            _log.warning(
                "%s has no signatures of this tenant alone, no copy kept", held.mark.version
            )
            return
        try:
            with _locked(self._folder / _LOCK):
                there = self.mark()
                if there == held.mark or (there is not None and there.order > held.mark.order):
                    return
                changed = there is None or there.digest != held.mark.digest
                named = self._write(held, signature) if changed else set[Path]()
                put_whole(self._folder / _ORDER, msgspec.json.encode(held.mark), 0o600)
                if changed:
                    self._prune(named)
        except OSError as error:
            _log.warning("the snapshot could not be kept on disk: %s", error)

    def _write(self, held: Held, signature: bytes | None) -> set[Path]:
        named = dict(held.documents)
        if signature is not None:
            path = document_path(self._tenant, "manifest", held.mark.digest)
            named[path.removesuffix(".json") + ".sig"] = signature
        for path, data in named.items():
            put_whole(self._root / path, data, 0o600)
        return {self._root / path for path in named}

    def _prune(self, named: set[Path]) -> None:
        before = time.time() - _UNUSED_SECONDS
        for path in self._folder.iterdir():
            if path in named or not _OURS.match(path.name):
                continue
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


@contextlib.contextmanager
def _locked(path: Path) -> Generator[None]:
    """Keep other processes out; a record lock, which a forked child does not inherit."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            import fcntl  # noqa: PLC0415  there is none on Windows
        except ImportError:
            pass
        else:
            fcntl.lockf(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
