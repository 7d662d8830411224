"""Targets to publish to in tests: each kind for real, and one that stops at a given step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from burgee.load import Snapshot, load_environment
from burgee_compiler.publish.folder import FolderTarget
from burgee_compiler.publish.http import HttpTarget
from burgee_compiler.publish.published import reader
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.store import StoreTarget
from burgee_compiler.publish.target import Listed, Stored, Target, Unavailable
from support.conditional_server import conditional_server
from support.servers.s3 import s3_bucket

__all__ = ["KINDS", "QUICK", "Stopped", "StoppingTarget", "loaded", "open_kind"]

KINDS = ("folder", "s3", "http")
QUICK = Retry(tries=6, first=0.001, longest=0.02)


@contextmanager
def open_kind(kind: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[list[Target]]:
    """Yield eight targets of a kind that are one place, each as a publisher of its own has it."""
    if kind == "folder":
        yield [FolderTarget(folder / "dist") for _ in range(8)]
    elif kind == "s3":
        with s3_bucket(folder) as bucket:
            for name, value in bucket.environment.items():
                patch.setenv(name, value)
            yield [StoreTarget(f"{bucket.url}/live") for _ in range(8)]
    else:
        with conditional_server() as server:
            made = [HttpTarget(f"{server.url}/set") for _ in range(8)]
            yield list(made)
            for each in made:
                each.close()


def loaded(target: Target, environment: str = "production") -> Snapshot:
    """Return what a reader of the target serves, every byte checked; Refused where it would not."""
    return load_environment(reader(target, environment, Retry(tries=1)), environment)


class Stopped(BaseException):
    """The publisher is killed here."""


class StoppingTarget:
    """Hands on to a target, and at change `at` stops before it, or just after it was made.

    With `fails` it raises Unavailable there, once, as a network does.
    """

    streams = 1

    def __init__(self, target: Target, at: int, *, after: bool, fails: bool = False) -> None:
        self._target = target
        self._at = at
        self._after = after
        self._fails = fails
        self.changes = 0
        self.place = target.place

    def read(self, path: str, most: int) -> Stored | None:
        return self._target.read(path, most)

    def create(self, path: str, data: bytes) -> bool:
        with self._counted():
            return self._target.create(path, data)

    def write(self, path: str, data: bytes) -> None:
        with self._counted():
            self._target.write(path, data)

    def replace(self, path: str, data: bytes, condition: str | None) -> None:
        with self._counted():
            self._target.replace(path, data, condition)

    def list(self, folder: str) -> Sequence[Listed] | None:
        return self._target.list(folder)

    def remove(self, paths: Sequence[str]) -> None:
        with self._counted():
            self._target.remove(paths)

    def prove(self, folder: str) -> None:
        self._target.prove(folder)

    def close(self) -> None:
        self._target.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.changes += 1
        here = self.changes == self._at
        if here and not self._after:
            self._stop()
        yield
        if here and self._after:
            self._stop()

    def _stop(self) -> None:
        if self._fails:
            raise Unavailable("the network is away")
        raise Stopped
