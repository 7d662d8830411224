"""An object store as a target: S3, Google Cloud Storage or Azure, with conditional puts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import obstore
from obstore import exceptions as told
from obstore.store import from_url

from burgee_compiler.publish.target import (
    Denied,
    Listed,
    Lost,
    Stored,
    Unavailable,
    Unusable,
)

if TYPE_CHECKING:
    from obstore import UpdateVersion

__all__ = ["StoreTarget"]


_TIMEOUT: Final = "30s"
_QUERY: Final = re.compile(r"\?[^\s)>,]*")
_ALLOW_HTTP: Final = ("AWS_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP", "AZURE_ALLOW_HTTP")
_AT_ONCE: Final = 1_000
_CURE: Final = (
    "its address and credentials come from the usual variables: AWS_… for s3://, GOOGLE_… for "
    "gs://, AZURE_STORAGE_… for az://"
)


class StoreTarget:
    """A bucket, or what lies in it below a prefix; `url` is such as s3://bucket/prefix."""

    streams = 8

    def __init__(self, url: str) -> None:
        self.place = url.rstrip("/")
        try:
            # Tries of its own are few: whoever publishes tries again, and says so.
            made: Any = from_url(
                self.place,
                client_options={
                    "timeout": _TIMEOUT,
                    "connect_timeout": "5s",
                    "allow_http": any(os.environ.get(each) == "true" for each in _ALLOW_HTTP),
                },
                retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=30)},
            )
        except (told.BaseError, ValueError) as error:
            raise Unusable(f"{self.place}: {_text(error)}", _CURE) from error
        self._store = made

    def read(self, path: str, most: int) -> Stored | None:
        with self._told(path):
            try:
                found = obstore.get(self._store, path)
            except FileNotFoundError:
                return None
            if found.meta["size"] > most:
                raise Unusable(f"{self.place}/{path} has over {most} bytes", "is it a snapshot's?")
            return Stored(bytes(found.bytes()), _condition(found.meta))

    def create(self, path: str, data: bytes) -> bool:
        with self._told(path):
            try:
                obstore.put(self._store, path, data, mode="create")
            except told.AlreadyExistsError:  # it holds the same; written so that it is young again
                self.write(path, data)
                return False
        return True

    def write(self, path: str, data: bytes) -> None:
        with self._told(path):
            obstore.put(self._store, path, data, mode="overwrite", use_multipart=False)

    def replace(self, path: str, data: bytes, condition: str | None) -> None:
        with self._told(path):
            try:
                mode = "create" if condition is None else _version(condition)
                obstore.put(self._store, path, data, mode=mode)  # type: ignore[arg-type]
            except (told.AlreadyExistsError, told.PreconditionError, FileNotFoundError):
                raise Lost(f"{self.place}/{path} was replaced by somebody else") from None

    def list(self, folder: str) -> Sequence[Listed]:
        with self._told(folder):
            return [
                Listed(each["path"], each["size"], each["last_modified"].timestamp())
                for part in obstore.list(self._store, prefix=folder)
                for each in part
            ]

    def remove(self, paths: Sequence[str]) -> None:
        with self._told("files to be pruned"):
            for start in range(0, len(paths), _AT_ONCE):
                try:
                    obstore.delete(self._store, paths[start : start + _AT_ONCE])
                except FileNotFoundError:
                    continue

    def prove(self, folder: str) -> None:
        """These stores have conditional puts; one that has not says so when it is asked."""

    def close(self) -> None:
        """The library keeps its connections itself."""

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        where = f"{self.place}/{path}"
        try:
            yield
        except (told.PermissionDeniedError, told.UnauthenticatedError) as error:
            raise Denied(f"{where}: {_text(error)}", _CURE) from error
        except FileNotFoundError as error:  # of a file that is to be written
            raise Unusable(f"{where}: {_text(error)}", "is there such a bucket?") from error
        except (told.NotSupportedError, told.InvalidPathError) as error:
            raise Unusable(f"{where}: {_text(error)}") from error
        except (told.BaseError, OSError) as error:
            raise Unavailable(f"{where}: {_text(error)}", _CURE) from error


def _condition(meta: Any) -> str:
    named = {name: meta[name] for name in ("e_tag", "version") if meta[name] is not None}
    return msgspec.json.encode(named).decode()


def _version(condition: str) -> UpdateVersion:
    found: UpdateVersion = msgspec.json.decode(condition)
    return found


def _text(error: Exception) -> str:
    """Return the first line of what the library says, without queries, which may hold secrets."""
    first = next(iter(str(error).splitlines()), type(error).__name__)
    return _QUERY.sub("", first)[:300]
