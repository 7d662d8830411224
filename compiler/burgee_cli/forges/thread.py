"""The comments of one pull request, over HTTP: one of them is ours, made once and then replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final, Literal
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from msgspec import Struct

__all__ = ["NotPosted", "Thread", "post"]

_WITHIN: Final = 30.0
_A_PAGE: Final = 100
_MOST_PAGES: Final = 100


class NotPosted(Exception):
    """The comment could not be made; the text says why. `denied`: the token may not comment."""

    def __init__(self, why: str, *, denied: bool = False) -> None:
        super().__init__(why)
        self.denied = denied


class Thread(Struct, frozen=True):
    """Where the comments of a pull request are, and how one talks of them there."""

    api: str
    """The root of the forge's API."""
    comments: str
    """The path of all of them."""
    comment: str
    """The path below which each has its own."""
    headers: tuple[tuple[str, str], ...]
    change: Literal["PATCH", "PUT"]
    """The method that replaces one."""
    author: str
    """The field that tells who wrote one."""
    name: str
    """The field of an author that tells one from another."""


def post(thread: Thread, marker: str, text: str) -> Literal["made", "replaced"]:
    """Make the comment that begins with `marker`, or replace the one there is; or NotPosted."""
    body = {"body": text}
    earlier = _earlier(thread, marker)
    if earlier is None:
        _call(thread, "POST", thread.comments, body)
        return "made"
    _call(thread, thread.change, f"{thread.comment}/{earlier}", body)
    return "replaced"


def _earlier(thread: Thread, marker: str) -> int | None:
    """Return the id of our comment: whoever else writes the marker is not taken for us."""
    us = _us(thread)
    for each in _all(thread):
        author = each.get(thread.author) or {}
        ours = author.get("type") == "Bot" if us is None else author.get(thread.name) == us
        if ours and str(each.get("body", "")).startswith(marker):
            return int(each["id"])
    return None


def _us(thread: Thread) -> str | None:
    """Return whose the token is; None for a workflow's, which may not ask."""
    try:
        return str(_call(thread, "GET", "/user")[thread.name])
    except NotPosted as error:
        if error.denied:
            return None
        raise


def _all(thread: Thread) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        found = _call(thread, "GET", f"{thread.comments}?per_page={_A_PAGE}&page={page}")
        yield from found
        if len(found) < _A_PAGE:
            return


class _Nowhere(HTTPRedirectHandler):
    """Follows nothing: the token would go along."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _call(thread: Thread, method: str, path: str, body: object = None) -> Any:
    if not thread.api.startswith(("https://", "http://")):
        raise NotPosted(f"{thread.api!r} is no address of an API")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "burgee", **dict(thread.headers)}
    request = Request(thread.api + path, data, headers, method=method)  # noqa: S310  seen above
    try:
        with build_opener(_Nowhere).open(request, timeout=_WITHIN) as answer:
            return json.load(answer)
    except HTTPError as error:
        denied = error.code in (401, 403, 404)
        error.close()
        raise NotPosted(f"{method} {path} was answered with {error.code}", denied=denied) from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotPosted(f"{method} {path} failed: {error}") from error
