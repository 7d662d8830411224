"""Calls of the writer client that are about a segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from burgee.writer.answers import Document, Written
from burgee.writer.base import Caller, apart
from burgee.writer.calls import segments

if TYPE_CHECKING:
    from typing import Unpack

    from burgee.writer.base import Options

__all__ = ["SegmentCalls"]


class SegmentCalls(Caller):
    """Segments and who is in them."""

    def upsert_segment(self, key: str, **fields: Any) -> Written:
        """Make a segment, or set the fields that are named. Options may be among the fields."""
        options, rest = apart(fields)
        return self._write("POST", "/v1/segments", {"key": key, **rest}, options)

    def update_segment(
        self, key: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Replace whole fields of a segment; None removes one."""
        return self._write("PATCH", f"/v1/segments/{segments(key)}", fields, options)

    def replace_segment(
        self, key: str, fields: Mapping[str, Any], **options: Unpack[Options]
    ) -> Written:
        """Make a segment what is given, and nothing else."""
        return self._write("PUT", f"/v1/segments/{segments(key)}", fields, options)

    def delete_segment(self, key: str, **options: Unpack[Options]) -> Written:
        """Delete a segment; history keeps it."""
        return self._write("DELETE", f"/v1/segments/{segments(key)}", None, options)

    def get_segment(self, key: str) -> Document:
        """Return a segment and its etag."""
        return self._document(f"/v1/segments/{segments(key)}", "segment")

    def list_segments(
        self, *, q: str | None = None, limit: int | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield segments, page by page of `limit`."""
        query = {"q": q, "limit": limit}
        return self._pages("/v1/segments", "segments", query, "page_token", "next_page_token")

    def add_to_group(
        self, segment: str, user: str, *, environment: str | None = None, **options: Unpack[Options]
    ) -> Written:
        """Make a user a member of a segment."""
        query = {"environment": environment}
        return self._write("PUT", _member(segment, user), None, options, query=query)

    def remove_from_group(
        self, segment: str, user: str, *, environment: str | None = None, **options: Unpack[Options]
    ) -> Written:
        """Make a user a member no more."""
        query = {"environment": environment}
        return self._write("DELETE", _member(segment, user), None, options, query=query)


def _member(segment: str, user: str) -> str:
    return f"/v1/segments/{segments(segment)}/members/{segments(user)}"
