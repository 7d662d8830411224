"""A copy on local disk of what was served last, so that a node can start with its source down."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from burgee.load import read_folder
from burgee.signatures import Trust
from burgee.whole_files import put_whole
from burgee_edge.cache import ResponseCache
from burgee_edge.holder import Highest
from burgee_edge.member_files import MemberFiles
from burgee_edge.served import Served, make_served
from burgee_edge.sources.source import MANIFEST

__all__ = ["LastGood"]

_ORDER: Final = "order.json"

_log = structlog.get_logger("burgee.state")


class LastGood:
    """The folder `<state-dir>/<environment>`, readable by its owner alone.

    It is checked again when read: whoever can write to the disk gains nothing by it.
    """

    def __init__(self, state: Path, environment: str, trust: Trust | None = None) -> None:
        """Make the folder; OSError where that cannot be done."""
        self._environment = environment
        self._folder = state / environment
        self._set = self._folder / "set"
        self._trust = trust
        self._written: str | None = None
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self._folder, self._set):  # the one above may be for others' use as well
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)

    @property
    def there(self) -> bool:
        """Whether there is a copy."""
        return (self._set / MANIFEST).exists()

    def highest(self) -> Highest | None:
        """Return the highest order that was served here, None where none is known."""
        try:
            return msgspec.json.decode((self._folder / _ORDER).read_bytes(), type=Highest)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.error("the highest order served is not known any more", detail=str(error))
            return None

    @property
    def member_files(self) -> MemberFiles:
        """The member lists of the copy, which may be mapped from there."""
        return MemberFiles(self._set)

    def load(self, make_cache: Callable[[], ResponseCache]) -> Served:
        """Return the copy, verified; raises Refused."""
        read = read_folder(self._set)
        if self._trust is not None:
            with contextlib.suppress(OSError):
                self._trust.check(read, read(MANIFEST))
        served = make_served(read, self._environment, None, make_cache, self.member_files)
        self._written = served.snapshot.digest
        return served

    def save(self, served: Served, highest: Highest | None) -> None:
        """Write what is served, the manifest last; a failure is logged and changes nothing else."""
        try:
            if served.snapshot.digest != self._written:
                self._write_set(served)
                self._written = served.snapshot.digest
            if highest is not None:
                put_whole(self._folder / _ORDER, msgspec.json.encode(highest), 0o600)
        except OSError as error:
            _log.error("the local copy could not be written", detail=str(error))

    def _write_set(self, served: Served) -> None:
        for path, data in served.documents.items():
            put_whole(self._set / path, data, 0o600)
        put_whole(self._set / MANIFEST, served.snapshot.data, 0o600)
        self._prune({MANIFEST, *served.documents})

    def _prune(self, named: set[str]) -> None:
        for path in sorted(self._set.rglob("*"), reverse=True):
            with contextlib.suppress(OSError):
                if path.is_dir():
                    path.rmdir()  # only where it is empty
                elif path.relative_to(self._set).as_posix() not in named:
                    path.unlink()
