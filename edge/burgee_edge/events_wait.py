"""A request that an event led to may come to a node that is behind the one that told of it."""

from functools import partial
from typing import Final

from burgee_edge.node import Node, Visit
from burgee_http.call import Call
from burgee_http.errors import ApiError, TryAgain

__all__ = ["require_told"]

_FLAG_CONFIG_ETAG: Final = "flagConfigEtag"
_PATIENCE: Final = 1.0  # then the caller is answered with what there is


def require_told(node: Node, visit: Visit, call: Call) -> None:
    """Raise TryAgain, once, where the caller was told of a configuration that is not known here.

    Else a page would keep the old values: no other event will tell it to ask again.
    """
    if node.hub is None or call.waited or _FLAG_CONFIG_ETAG.encode() not in call.query_string:
        return
    tenant = visit.view.tenant
    told = [etag for etag in _told(call) if not _known(node, tenant, etag)]
    if told:
        call.waited = True
        error = ApiError(503, "behind", "This node does not serve that configuration yet.")
        holds = partial(_known, node, tenant, told[0])
        raise TryAgain(error, partial(node.hub.wait_until, holds, _PATIENCE))


def _told(call: Call) -> list[str]:
    named = (value for name, value in call.query() if name == _FLAG_CONFIG_ETAG)
    return [tag.removeprefix("W/").removeprefix('"').removesuffix('"') for tag in named]


def _known(node: Node, tenant: str, etag: str) -> bool:
    served = node.serving()
    return served.view(tenant).config_etag == etag or served.history.held(tenant, etag)
