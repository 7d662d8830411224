"""Calls of the writer client that are about one flag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from burgee.writer.answers import Document, Written
from burgee.writer.base import Caller, apart
from burgee.writer.calls import segments

if TYPE_CHECKING:
    from typing import Unpack

    from burgee.writer.base import Options

__all__ = ["FlagCalls"]

Environments: TypeAlias = Iterable[str] | Literal["*"]


class FlagCalls(Caller):
    """Flags, their switches, rules and overrides."""

    def create_flag(self, key: str, **fields: Any) -> Written:
        """Make a flag; Conflict where there is one of that key. Options may be among the fields."""
        options, rest = apart(fields)
        body = {"key": key, **rest}
        return self._write("POST", "/v1/flags", body, options, new=True)

    def upsert_flag(self, key: str, **fields: Any) -> Written:
        """Make a flag, or set the fields that are named. Options may be among the fields."""
        options, rest = apart(fields)
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

    def get_document(self, key: str, rev: str | None = None) -> bytes:
        """Return a flag's file, as it is or as it was at a commit."""
        return self._calls.get(f"/v1/flags/{segments(key)}/document", {"rev": rev}).raw

    def list_flags(
        self,
        *,
        state: str | None = None,
        tag: str | None = None,
        kind: str | None = None,
        owner: str | None = None,
        environment: str | None = None,
        q: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield flags that all filters let through, page by page of `limit`."""
        query = {
            "state": state,
            "tag": tag,
            "kind": kind,
            "owner": owner,
            "environment": environment,
            "q": q,
            "limit": limit,
        }
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

    def add_rule(
        self,
        key: str,
        rule: Mapping[str, Any],
        *,
        before: str | None = None,
        after: str | None = None,
        **options: Unpack[Options],
    ) -> Written:
        """Add a rule to a flag, before or after another one."""
        query = {"before": before, "after": after}
        return self._write("POST", f"/v1/flags/{segments(key)}/rules", rule, options, query=query)

    def set_override(
        self,
        key: str,
        user: str,
        serve: str,
        *,
        expires: datetime | date | str | None = None,
        environment: str | None = None,
        **options: Unpack[Options],
    ) -> Written:
        """Pin a user to a variant; the reason stands with the override and in the commit."""
        body = {
            "serve": serve,
            "reason": options.get("reason"),
            "expires": expires,
            "environment": environment,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self._write(
            "PUT", f"/v1/flags/{segments(key)}/overrides/{segments(user)}", given, options
        )

    def remove_override(
        self, key: str, user: str, *, environment: str | None = None, **options: Unpack[Options]
    ) -> Written:
        """Have a user served like everybody."""
        query = {"environment": environment}
        return self._write("DELETE", _override(key, user), None, options, query=query)


def _override(key: str, user: str) -> str:
    return f"/v1/flags/{segments(key)}/overrides/{segments(user)}"
