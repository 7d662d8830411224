"""Answers with an ETag: 304, a body that is at hand, or a body made now."""

from collections.abc import Callable, Sequence

from burgee_edge.cache import Kept
from burgee_edge.etag import etag_of, not_modified
from burgee_edge.figures import Counted
from burgee_edge.node import Node, Visit
from burgee_http.call import Call, Reply

__all__ = ["Made", "at_hand", "conditional"]

Made = tuple[bytes, Sequence[Counted]]
"""A body, and what is served with it."""


def at_hand(visit: Visit, call: Call, key: bytes) -> Reply | None:
    """Return the answer that is kept under `key`, if any; it is all that the body depends on."""
    cache = visit.view.cache
    kept = None if cache is None else cache.find(key)
    if kept is None:
        return None
    if kept.base is not visit.served.fields:  # it was last given by an earlier snapshot
        kept.dress(kept.whole.body, visit.tagged(kept.etag))
    if not_modified(call, kept.etag, visit.view):
        return kept.same
    assert cache is not None
    cache.hit(key, kept)
    return kept.whole


def conditional(
    node: Node, visit: Visit, call: Call, key: bytes, make: Callable[[], Made]
) -> Reply:
    """Return a reply with its ETag."""
    found = at_hand(visit, call, key)
    if found is not None:
        return found
    etag = etag_of(key)
    fields = visit.tagged(etag)
    same = not_modified(call, etag, visit.view)
    cache = visit.view.cache
    keeps = cache is not None and cache.admits(key)
    if same and not keeps:
        return Reply(304, b"", fields)
    body, held = make()  # what is polled is made once, so that its key is known by its bytes
    if cache is None or not keeps:
        node.figures.count(held)
        if cache is not None:
            cache.miss()
        return Reply(200, body, fields)
    kept = Kept(etag, body, fields, node.figures.tally(held, 0 if same else 1))
    cache.put(key, kept)
    return kept.same if same else kept.whole
