"""The writer client: flags, segments and experiments changed by calls, each of them a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict
from urllib.parse import quote

from burgee.writer.answers import Document, Written, document_of, written_of
from burgee.writer.calls import Calls, segments
from burgee.writer.credentials import Credentials
from burgee.writer.plain import rfc3339

if TYPE_CHECKING:
    import ssl
    from typing import Unpack

__all__ = ["Options", "WriterClient"]

Environments: TypeAlias = Iterable[str] | Literal["*"]


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


class WriterClient:
    """Writes flags of a tenant. Safe to share between threads; holds no connection open.

    `token` is a token, a function that returns one, or ClientCredentials. A call that fails for
    the network's or the writer's sake is made again, under the same idempotency key, for as long
    as `retry_seconds`; every other failure is a WriterError at once.
    """

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

    # --- flags ---

    def create_flag(self, key: str, **fields: Any) -> Written:
        """Make a flag; Conflict where there is one of that key. Options may be among the fields."""
        options, rest = _apart(fields)
        body = {"key": key, **rest}
        return self._write("POST", "/v1/flags", body, options, {"If-None-Match": "*"})

    def upsert_flag(self, key: str, **fields: Any) -> Written:
        """Make a flag, or set the fields that are named. Options may be among the fields."""
        options, rest = _apart(fields)
        return self._write("POST", "/v1/flags", {"key": key, **rest}, options)

    def update_flag(
        self, key: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Replace whole fields of a flag; None removes one."""
        return self._write("PATCH", f"/v1/flags/{segments(key)}", fields, options)

    def replace_flag(
        self, key: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Make a flag what is given, and nothing else."""
        return self._write("PUT", f"/v1/flags/{segments(key)}", fields, options)

    def delete_flag(self, key: str, **options: Unpack[Options]) -> Written:
        """Delete a flag; history keeps it."""
        return self._write("DELETE", f"/v1/flags/{segments(key)}", None, options)

    def get_flag(self, key: str) -> Document:
        """Return a flag and its etag."""
        return self._document(f"/v1/flags/{segments(key)}", "flag")

    def list_flags(
        self,
        *,
        state: str | None = None,
        tag: str | None = None,
        q: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield flags, page by page of `limit`."""
        query = {"state": state, "tag": tag, "q": q, "limit": limit}
        return self._pages("/v1/flags", "flags", query, "page_token", "next_page_token")

    def set_state(
        self,
        key: str,
        state: Literal["on", "off"],
        environments: Environments = "*",
        **options: Unpack[Options],
    ) -> Written:
        """Switch a flag on or off, in all environments or in those named, from now on."""
        named = environments if environments == "*" else list(environments)
        body = {"state": state, "environments": named}
        return self._write("PUT", f"/v1/flags/{segments(key)}/state", body, options)

    def set_rollout(
        self, key: str, serve: str, percentage: float, **options: Unpack[Options]
    ) -> Written:
        """Have a flag's default serve a variant to a percentage of its users."""
        default = {"serve": serve, "percentage": percentage}
        return self.update_flag(key, {"default": default}, **options)

    def add_rule(self, key: str, rule: Mapping[str, Any], **options: Unpack[Options]) -> Written:
        """Add a rule to a flag."""
        return self._write("POST", f"/v1/flags/{segments(key)}/rules", rule, options)

    def set_override(
        self,
        key: str,
        user: str,
        serve: str,
        *,
        expires: datetime | date | str | None = None,
        **options: Unpack[Options],
    ) -> Written:
        """Pin a user to a variant; the reason stands with the override and in the commit."""
        body = {"serve": serve, "reason": options.get("reason"), "expires": expires}
        given = {name: value for name, value in body.items() if value is not None}
        return self._write(
            "PUT", f"/v1/flags/{segments(key)}/overrides/{segments(user)}", given, options
        )

    def remove_override(self, key: str, user: str, **options: Unpack[Options]) -> Written:
        """Have a user served like everybody."""
        return self._write("DELETE", _override(key, user), None, options)

    # --- segments ---

    def upsert_segment(self, key: str, **fields: Any) -> Written:
        """Make a segment, or set the fields that are named. Options may be among the fields."""
        options, rest = _apart(fields)
        return self._write("POST", "/v1/segments", {"key": key, **rest}, options)

    def update_segment(
        self, key: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Replace whole fields of a segment; None removes one."""
        return self._write("PATCH", f"/v1/segments/{segments(key)}", fields, options)

    def delete_segment(self, key: str, **options: Unpack[Options]) -> Written:
        """Delete a segment; history keeps it."""
        return self._write("DELETE", f"/v1/segments/{segments(key)}", None, options)

    def get_segment(self, key: str) -> Document:
        """Return a segment and its etag."""
        return self._document(f"/v1/segments/{segments(key)}", "segment")

    def list_segments(self, *, limit: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield segments, page by page of `limit`."""
        query = {"limit": limit}
        return self._pages("/v1/segments", "segments", query, "page_token", "next_page_token")

    def add_to_group(self, segment: str, user: str, **options: Unpack[Options]) -> Written:
        """Make a user a member of a segment."""
        return self._write("PUT", _member(segment, user), None, options)

    def remove_from_group(self, segment: str, user: str, **options: Unpack[Options]) -> Written:
        """Make a user a member no more."""
        return self._write("DELETE", _member(segment, user), None, options)

    # --- experiments ---

    def get_experiment(self, key: str, rule: str) -> Document:
        """Return the experiment of a rule and its etag."""
        return self._document(_experiment(key, rule), "experiment")

    def update_experiment(
        self, key: str, rule: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Replace whole fields of an experiment; None removes one."""
        return self._write("PATCH", _experiment(key, rule), fields, options)

    def start_experiment(self, key: str, rule: str, **options: Unpack[Options]) -> Written:
        """Have the experiment of a rule run."""
        return self.update_experiment(key, rule, {"status": "running"}, **options)

    def pause_experiment(self, key: str, rule: str, **options: Unpack[Options]) -> Written:
        """Have the experiment of a rule rest."""
        return self.update_experiment(key, rule, {"status": "paused"}, **options)

    def conclude_experiment(
        self, key: str, rule: str, winner: str, **options: Unpack[Options]
    ) -> Written:
        """End the experiment of a rule: everybody in it gets the winner."""
        fields = {"status": "concluded", "winner": winner}
        return self.update_experiment(key, rule, fields, **options)

    # --- the whole ---

    def changes(self, changes: Iterable[Mapping[str, Any]], **options: Unpack[Options]) -> Written:
        """Make several writes in one commit, all or none: each is `{method, path, body}`."""
        return self._write("POST", "/v1/changes", {"changes": list(changes)}, options)

    def undo(self, commit: str, entity: str | None = None, **options: Unpack[Options]) -> Written:
        """Give back what was before a commit, by a new one; of one entity, or of all."""
        body = {"commit": commit} if entity is None else {"commit": commit, "entity": entity}
        return self._write("POST", "/v1/undo", body, options)

    def audit(
        self,
        *,
        entity: str | None = None,
        entity_key: str | None = None,
        actor: str | None = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        limit: int | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield who changed what, newest first, page by page of `limit`."""
        query = {
            "entity": entity,
            "entity_key": entity_key,
            "actor": actor,
            "since": None if since is None else rfc3339(since),
            "until": None if until is None else rfc3339(until),
            "limit": limit,
        }
        return self._pages("/v1/audit", "entries", query, "cursor", "cursor")

    def stats(self) -> Mapping[str, Any]:
        """Return how many flags there are, by state and kind, and what is stale."""
        found: Mapping[str, Any] = self._calls.get("/v1/stats").body
        return found

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
        headers: Mapping[str, str] | None = None,
    ) -> Written:
        named = dict(headers or {})
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
            query={name: True for name in asked if options.get(name)},
            headers=named,
            idempotency_key=options.get("idempotency_key"),
        )
        return written_of(answer.status, answer.body, answer.headers)


def _override(key: str, user: str) -> str:
    return f"/v1/flags/{segments(key)}/overrides/{segments(user)}"


def _member(segment: str, user: str) -> str:
    return f"/v1/segments/{segments(segment)}/members/{segments(user)}"


def _experiment(key: str, rule: str) -> str:
    return f"/v1/flags/{segments(key)}/experiments/{segments(rule)}"


def _apart(given: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Take options from among the fields; no field of the format has the name of one."""
    names = Options.__annotations__
    options: Any = {name: value for name, value in given.items() if name in names}
    return options, {name: value for name, value in given.items() if name not in names}
