"""`GET /v1/audit`: who changed what, when and why, by calls and by pull requests alike."""

from __future__ import annotations

from burgee_http.call import JSON, Call, Reply
from burgee_http.json_text import encode_json
from burgee_http.tenancy import TENANT_HEADERS
from burgee_writer.history.cursor import BadCursor
from burgee_writer.history.index import HistoryIndex
from burgee_writer.history.query import bad_cursor, read_audit_query
from burgee_writer.routes.writes import admit
from burgee_writer.service import Service

__all__ = ["get_audit"]


def get_audit(service: Service, history: HistoryIndex, call: Call) -> Reply:
    """Return a page of the audit, newest first."""
    access = admit(service, call, "flags:r")
    query = read_audit_query(call.query(), access.tenant)
    tip = service.tip
    history.advance(str(tip.commit))
    page = history.page(query)
    if isinstance(page, BadCursor):
        raise bad_cursor(page)
    body = {
        "entries": page.entries,
        "cursor": page.cursor,
        "commit": tip.commit,
        "request_id": call.request_id,
    }
    return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS))
