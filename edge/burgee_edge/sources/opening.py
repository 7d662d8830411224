"""From the settings of a node to its source."""

from pathlib import Path
from typing import Final

from burgee.client.http import Http, read_address
from burgee_edge.sources import store
from burgee_edge.sources.folder import FolderSource
from burgee_edge.sources.http import HttpSource
from burgee_edge.sources.source import Source
from burgee_http.followed_file import FollowedFile

__all__ = ["SCHEMES", "open_source"]

SCHEMES: Final = ("http", "https", *store.SCHEMES)
"""What a URL of a source may begin with."""


def open_source(
    where: str,
    environment: str,
    *,
    poll_seconds: float,
    most_document: int,
    token_file: Path | None = None,
) -> Source:
    """Open a folder or a URL of `SCHEMES`; OSError or ValueError where a setting cannot be used.

    Nothing is asked of it yet.
    """
    scheme, divided, _ = where.partition("://")
    if not divided:
        return FolderSource(Path(where), environment, poll_seconds)
    if scheme in store.SCHEMES:
        return store.StoreSource(where, environment, poll_seconds, most_document)
    token = None if token_file is None else _Token(token_file)
    http = Http(read_address(where), {"User-Agent": "burgee-edge"}, token)
    return HttpSource(http, environment, poll_seconds, most_document)


class _Token:
    """The token in a file, as it is there now."""

    def __init__(self, path: Path) -> None:
        self._file = FollowedFile(path, _parse)

    def __call__(self) -> str:
        self._file.follow()
        return self._file.value


def _parse(data: bytes) -> str:
    text = data.strip().decode("ascii")
    if not text:
        raise ValueError("it holds no token")
    return text
