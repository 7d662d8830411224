"""Answers with an ETag: 304, a body that is at hand, or a body made now."""

from collections.abc import Callable, Mapping

from burgee.evaluation import Result
from burgee_edge.etag import answer_key, etag_of, not_modified
from burgee_edge.node import Node, Visit
from burgee_edge.view import Selection
from burgee_http.call import Call, Reply

__all__ = ["conditional"]

Asked = tuple[bytes, Selection, Mapping[str, object]]
"""The form of the body, the flags, and the context."""


def conditional(
    node: Node,
    visit: Visit,
    call: Call,
    asked: Asked,
    make: Callable[[], tuple[bytes, list[Result]]],
) -> Reply:
    """Return a reply with its ETag; `make` gives the body and the results in it."""
    key = answer_key(*asked, visit.now)
    cache = visit.view.cache
    kept = None if cache is None else cache.find(key)
    etag = etag_of(key) if kept is None else kept.etag
    if not_modified(call, etag, visit.view):
        return visit.tagged(304, b"", etag)
    if cache is None:
        body, results = make()
        node.figures.settle(node.figures.tally(visit.view.tenant, results))
    elif kept is not None:
        body = cache.hit(key, kept)
    else:
        body, results = make()
        cache.put(key, etag, body, node.figures.tally(visit.view.tenant, results))
    return visit.tagged(200, body, etag)
