"""Entity tags that are known before anything is evaluated, and when they make a 304."""

from collections.abc import Mapping
from hashlib import sha256

from burgee_edge.view import Selection, TenantView
from burgee_http.call import Call
from burgee_http.etags import matches

__all__ = ["answer_key", "etag_of", "not_modified"]

# Raised when the bodies come to look different for the same answers.
_FORM = b"burgee-2 "


def answer_key(kind: bytes, selection: Selection, context: Mapping[str, object], now: int) -> bytes:
    """Return all that the body depends on; `kind` names the form of the body, and holds no NUL.

    The digest has always the same length, so no two parts can be taken for two others.
    """
    return selection.digest + kind + b"\0" + selection.footprint.key(context, now)


def etag_of(key: bytes) -> bytes:
    """Return a strong entity tag."""
    return b'"' + sha256(_FORM + key).hexdigest().encode("ascii") + b'"'


def not_modified(call: Call, etag: bytes, view: TenantView) -> bool:
    """Whether the caller has the present body.

    A client that was told of another configuration than the one served here gets a body in any
    case (protocol#84): a node that is behind must not confirm what it has not seen replaced.
    """
    if_none_match = call.headers.get(b"if-none-match")
    if if_none_match is None:
        return False
    if if_none_match != etag and not matches(if_none_match, etag):
        return False
    if not call.query_string:
        return True
    told = [value for name, value in call.query() if name == "flagConfigEtag"]
    return all(_plain(value) == view.config_etag for value in told)


def _plain(tag: str) -> str:
    return tag.removeprefix("W/").removeprefix('"').removesuffix('"')
