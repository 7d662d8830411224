"""Answers with an ETag: 304, a body that is at hand, or a body made now."""

from collections.abc import Callable, Sequence

from burgee_edge.etag import etag_of, not_modified
from burgee_edge.figures import Counted
from burgee_edge.node import Node, Visit
from burgee_http.call import Call, Reply

__all__ = ["Made", "conditional"]

Made = tuple[bytes, Sequence[Counted]]
"""A body, and what is served with it."""


def conditional(
    node: Node, visit: Visit, call: Call, key: bytes, make: Callable[[], Made]
) -> Reply:
    """Return a reply with its ETag; `key` is all that the body depends on."""
    cache = visit.view.cache
    kept = None if cache is None else cache.find(key)
    if kept is None:
        etag = etag_of(key)
        fields = visit.tagged(etag)
    else:
        etag = kept.etag
        fields = kept.fields
        if fields.base is not visit.served.fields:
            fields = kept.fields = visit.tagged(etag)
    if not_modified(call, etag, visit.view):
        return Reply(304, b"", fields)
    if cache is not None and kept is not None:
        return Reply(200, cache.hit(key, kept), fields)
    body, held = make()
    tally = node.figures.tally(held)
    if cache is None:
        node.figures.settle(tally)
    else:
        cache.put(key, etag, fields, body, tally)
    return Reply(200, body, fields)
