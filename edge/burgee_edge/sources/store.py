"""An object store: S3, Google Cloud Storage or Azure, by obstore."""

import asyncio
import errno
import os
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from burgee.load import Refused
from burgee_edge.sources.pace import Pace
from burgee_edge.sources.source import HEARTBEAT, MANIFEST, most_bytes

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore

__all__ = ["SCHEMES", "StoreSource"]

SCHEMES: Final = ("s3", "gs", "az")
_MUTABLE: Final = frozenset({MANIFEST, HEARTBEAT})
_ALLOW_HTTP: Final = ("AWS_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP", "AZURE_ALLOW_HTTP")
_PATIENCE: Final = timedelta(seconds=30)
_QUERY: Final = re.compile(r"\?[^\s)>,]*")


class StoreSource:
    """`<url>/<environment>/…`; credentials come from the environment, as the store's tools say."""

    local = False

    def __init__(self, url: str, environment: str, poll_seconds: float, most_document: int) -> None:
        """Open the store; ValueError where the URL is none of a store. Nothing is asked yet."""
        self.place = f"{url}/{environment}"
        self._environment = environment
        self._most_document = most_document
        self._pace = Pace(poll_seconds)
        self._store = _opened(url)
        self._kept: dict[str, tuple[str, bytes]] = {}

    def read(self, path: str) -> bytes:
        from obstore.exceptions import (  # noqa: PLC0415  not every node reads from a store
            BaseError,
            NotModifiedError,
            PermissionDeniedError,
            UnauthenticatedError,
        )

        try:
            data = self._get(path)
        except NotModifiedError:
            data = self._kept[path][1]
        except FileNotFoundError:
            self._pace.well()
            raise FileNotFoundError(errno.ENOENT, "there is no such object") from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            self._pace.failed()
            told = "the store does not let this node read: look at its credentials"
            raise Refused("forbidden", f"{self.place}/{path}: {told}") from error
        except (BaseError, OSError, ValueError) as error:
            if isinstance(error, Refused):
                raise
            self._pace.failed()
            raise Refused("unreachable", f"{self.place}/{path}: {_short(error)}") from error
        if path == MANIFEST:
            self._pace.well()
        return data

    def others(self) -> str:
        return "; is the URL that of the folder above, without the environment?"

    def changes(self, stop: asyncio.Event, wake: asyncio.Event) -> AsyncGenerator[None, None]:
        return self._pace.changes(stop, wake)

    def interrupt(self) -> None:
        """Nothing to end: what waits for the store has its own bound."""

    def close(self) -> None:
        """The library keeps its connections itself."""

    def _get(self, path: str) -> bytes:
        import obstore  # noqa: PLC0415

        kept = self._kept.get(path)
        whole = f"{self._environment}/{path}"
        options: GetOptions | None = None if kept is None else {"if_none_match": kept[0]}
        found = obstore.get(self._store, whole, options=options)
        most = most_bytes(path, self._most_document)
        if found.meta["size"] > most:
            told = f"it has {found.meta['size']} bytes, and at most {most} are taken"
            raise Refused("oversized", f"{self.place}/{path}: {told}")
        data = bytes(found.bytes())
        etag = found.meta["e_tag"]
        if path in _MUTABLE and etag:
            self._kept[path] = etag, data
        return data


def _opened(url: str) -> "ObjectStore":
    from obstore.exceptions import BaseError  # noqa: PLC0415
    from obstore.store import from_url  # noqa: PLC0415

    try:
        return from_url(
            url,
            client_options={
                "timeout": _PATIENCE,
                "connect_timeout": timedelta(seconds=5),
                "allow_http": any(os.environ.get(each) == "true" for each in _ALLOW_HTTP),
            },
            retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
        )
    except (BaseError, ValueError) as error:
        raise ValueError(f"--source {url}: {_short(error)}") from error


def _short(error: Exception) -> str:
    """Return the first line of what went wrong, without queries, which may hold secrets."""
    first = str(error).strip().partition("\n")[0]
    return _QUERY.sub("", first)[:300] or type(error).__name__
