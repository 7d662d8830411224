"""The ledger on disk: a checkpoint, a journal behind it, and a lock that says who writes."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog

from burgee.whole_files import put_whole
from burgee_writer.webhooks.ledger import Checkpoint, Ledger, Record

__all__ = ["Store"]

_ID: Final = re.compile(r"dlv_[0-9a-f]{32}")
_DECODER: Final = msgspec.json.Decoder(Record)
_log = structlog.get_logger("burgee.webhooks")


class Store:
    """`ledger` is what was read last; it is written by the process that leads alone.

    A record is in the journal, synced, before it counts; a line that a crash cut short is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests = folder / "redeliver"
        self._requests.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._checkpoint = folder / "checkpoint.json"
        self._lock: int | None = None
        self._journal: int | None = None
        self._seen: tuple[int, int, int] | None = None
        self._generation = 0
        self._size = 0  # of the journal, as far as it was read or written
        self._checkpoint_size = 0
        self.ledger = Ledger(Checkpoint())
        self.refresh()

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return self._journal is not None

    def lead(self) -> bool:
        """Become the one that writes, if nobody else is; what others wrote is read first."""
        import fcntl  # noqa: PLC0415  there is none on Windows

        handle = os.open(self._folder / "leader.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        try:
            self._lock = handle
            self._load()
            self.refresh()
            for path in set(self._folder.glob("journal-*.jsonl")) - {self._journal_path()}:
                path.unlink(missing_ok=True)  # a crash may leave one behind its checkpoint
            self._open_journal()
            self._cut()
        except BaseException:
            self.resign()
            raise
        return True

    def still_leads(self) -> bool:
        """Return whether the lock is still the one that others look at."""
        try:
            there = os.stat(self._folder / "leader.lock")  # noqa: PTH116
            return self._lock is not None and os.path.samestat(there, os.fstat(self._lock))
        except OSError:
            return False

    def resign(self) -> None:
        """Let another process write."""
        for handle in (self._journal, self._lock):
            if handle is not None:
                os.close(handle)
        self._journal = self._lock = None

    def write(self, record: Record) -> None:
        """Keep a record; OSError where that cannot be done, and then nothing changed."""
        assert self._journal is not None
        line = msgspec.json.encode(record) + b"\n"
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._journal, view) :]
            os.fsync(self._journal)
        except OSError:
            self._cut()
            raise
        self._size += len(line)
        self.ledger.apply(record)

    def compact(self, *, least: int, keep: int, keep_bytes: int) -> bool:
        """Put the journal into a new checkpoint, once it is longer than both that and `least`."""
        if self._size <= max(least, self._checkpoint_size):
            return False
        old = self._journal_path()
        made = self.ledger.checkpoint(self._generation + 1, keep, keep_bytes)
        put_whole(self._checkpoint, msgspec.json.encode(made), 0o600)
        assert self._journal is not None
        os.close(self._journal)
        self._journal = None
        self._load()
        self._open_journal()
        old.unlink(missing_ok=True)
        return True

    def refresh(self) -> None:
        """Read what another process has written since."""
        if self._seen != self._stamp():
            self._load()
        try:
            with self._journal_path().open("rb") as file:
                file.seek(self._size)
                text = file.read()
        except FileNotFoundError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                self.ledger.apply(_DECODER.decode(line))
            except msgspec.MsgspecError:
                _log.error("a line of the journal of webhooks cannot be read", bytes=len(line))
        self._size += len(whole)

    def ask_again(self, delivery: str) -> None:
        """Leave word that a delivery is to be made again, for the process that leads."""
        if _ID.fullmatch(delivery):
            put_whole(self._requests / delivery, b"again", 0o600)

    def asked_again(self) -> Iterator[str]:
        """Yield deliveries that are to be made again; each is taken back once it was dealt with."""
        for path in sorted(self._requests.iterdir()):
            if _ID.fullmatch(path.name):
                yield path.name
                path.unlink(missing_ok=True)

    def _load(self) -> None:
        self._seen, self._size, self._checkpoint_size = self._stamp(), 0, 0
        made = Checkpoint()
        try:
            data = self._checkpoint.read_bytes()
            made = msgspec.json.decode(data, type=Checkpoint)
            self._checkpoint_size = len(data)
        except FileNotFoundError:
            pass
        except msgspec.MsgspecError:
            _log.error("the checkpoint of webhooks cannot be read; beginning anew")
        self._generation = made.generation
        self.ledger = Ledger(made)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._checkpoint.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _journal_path(self) -> Path:
        return self._folder / f"journal-{self._generation}.jsonl"

    def _open_journal(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        self._journal = os.open(self._journal_path(), flags, 0o600)
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the file's name is to survive a power cut as its lines do
        finally:
            os.close(folder)

    def _cut(self) -> None:
        """Take off what a crash or a full disk has left behind the last whole line."""
        if self._journal is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._journal, self._size)
            os.lseek(self._journal, self._size, os.SEEK_SET)
