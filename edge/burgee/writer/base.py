"""What all calls of the writer client share: options, pages, and how an answer is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from burgee.writer.answers import Document, Written, document_of, written_of
from burgee.writer.calls import Calls
from burgee.writer.credentials import Credentials

if TYPE_CHECKING:
    import ssl

__all__ = ["Caller", "Options", "apart"]


class Options(TypedDict, total=False):
    """What every write takes besides what it writes.

    `etag`: only if it is still what was read. `dry_run`: only tell what it would do. `propose`:
    commit to a branch for review. `replace_rules`: drop rules, overrides, tests and variants
    that are not named. `idempotency_key`: that of an earlier try of the same write.
    """

    reason: str | None
    etag: str | None
    dry_run: bool
    propose: bool
    replace_rules: bool
    idempotency_key: str | None


class Caller:
    """Makes the calls of one client."""

    def __init__(
        self,
        url: str,
        *,
        token: Credentials = None,
        tenant: str | None = None,
        timeout: float = 10.0,
        retry_seconds: float = 30.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._calls = Calls(
            url,
            token,
            tenant,
            timeout=timeout,
            retry_seconds=retry_seconds,
            ssl_context=ssl_context,
        )

    def _document(self, path: str, name: str) -> Document:
        answer = self._calls.get(path)
        return document_of(answer.body, answer.headers, name)

    def _pages(
        self, path: str, items: str, query: Mapping[str, Any], asks: str, tells: str
    ) -> Iterator[Mapping[str, Any]]:
        page: Any = None
        while True:
            body = self._calls.get(path, {**query, asks: page}).body
            yield from body.get(items) or ()
            page, before = body.get(tells), page
            if not page or page == before:
                return

    def _write(
        self,
        method: str,
        path: str,
        body: object,
        options: Options,
        *,
        new: bool = False,
        query: Mapping[str, object] | None = None,
    ) -> Written:
        named = {"If-None-Match": "*"} if new else {}
        etag, reason = options.get("etag"), options.get("reason")
        if etag is not None:
            named["If-Match"] = etag
        if reason is not None:
            named["Burgee-Reason"] = quote(reason, safe=" ")
        asked = ("dry_run", "propose", "replace_rules")
        answer = self._calls.write(
            method,
            path,
            body,
            query={**(query or {}), **{name: True for name in asked if options.get(name)}},
            headers=named,
            idempotency_key=options.get("idempotency_key"),
        )
        return written_of(answer.status, answer.body, answer.headers)


def apart(given: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Take options from among the fields; no field of the format has the name of one."""
    names = Options.__annotations__
    options: Any = {name: value for name, value in given.items() if name in names}
    return options, {name: value for name, value in given.items() if name not in names}
