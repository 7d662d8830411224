"""Where clients and public keys come from, as settings name them."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from burgee_http.followed_file import FollowedFile
from burgee_http.jwks import KeySet, parse_jwks
from burgee_http.jwks_url import JwksUrl

__all__ = ["follow_file", "follow_keys"]

T = TypeVar("T")


def follow_file(option: str, path: Path, parse: Callable[[bytes], T]) -> FollowedFile[T]:
    """Return a file that is followed; ValueError that names option and file."""
    try:
        return FollowedFile(path, parse)
    except OSError as error:
        raise ValueError(f"{option} {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ValueError(f"{option} {path}: {error}") from error


def follow_keys(option: str, place: str) -> FollowedFile[KeySet] | JwksUrl:
    """Return the keys of a file or a URL; whoever takes them lets a URL's be fetched."""
    if place.startswith(("https://", "http://")):
        return JwksUrl(place)
    return follow_file(option, Path(place), parse_jwks)
