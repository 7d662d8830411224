"""`/v1/set/<env>/…`: the snapshot itself in the dist layout, for whoever evaluates elsewhere."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from burgee.load import document_path
from burgee.snapshot.documents import Data
from burgee_edge.freshness import Freshness
from burgee_edge.node import Node
from burgee_edge.served import Served
from burgee_http.call import JSON, Call, Reply
from burgee_http.errors import ApiError, from_status
from burgee_http.etags import matches
from burgee_http.principal import Principal

__all__ = [
    "document",
    "environment_manifest",
    "environment_signatures",
    "heartbeat",
    "tenant_manifest",
]

_VARY = (b"vary", b"Authorization, X-API-Key")
_FRESH = (b"cache-control", b"private, no-cache")
_FOR_EVER = (b"cache-control", b"private, max-age=31536000, immutable")
_BINARY = (b"content-type", b"application/octet-stream")
_DOCUMENT: Final = re.compile(
    r"(manifest|flags|segments)-[0-9a-f]{16}\.json|members-[0-9a-f]{16}\.bin"
)
_SIGNATURES: Final = re.compile(r"manifest-[0-9a-f]{16}\.sig")


def environment_manifest(node: Node, call: Call) -> Reply:
    """The environment's manifest names all tenants: it is for tokens of all tenants."""
    _of_all_tenants(node, call)
    served = _serving(node, call)
    return _manifest(call, served, served.snapshot.data, served.snapshot.digest)


def heartbeat(node: Node, freshness: Freshness, call: Call) -> Reply:
    """The publisher's newest sign of life, as it came."""
    _of_all_tenants(node, call)
    _serving(node, call)
    data = freshness.heartbeat
    if data is None:
        raise from_status(404)
    return _mutable(call, data)


def environment_signatures(node: Node, call: Call) -> Reply:
    """The signatures of the environment's manifest, the present one or the one before."""
    _of_all_tenants(node, call)
    return _signatures(call, _serving(node, call), call.params["name"])


def tenant_manifest(node: Node, call: Call) -> Reply:
    """A tenant's present manifest; order and version stand in the headers."""
    principal = _reader(node, call)
    served, tenant = _serving(node, call), _tenant(call, principal)
    digest = served.snapshot.manifest.tenants.get(tenant)
    if digest is None:
        raise from_status(404)
    data = bytes(served.documents[document_path(tenant, "manifest", digest)])
    return _manifest(call, served, data, digest)


def document(node: Node, call: Call) -> Reply:
    """A document by its digest, of the present snapshot or the one before; it never changes."""
    principal = _reader(node, call)
    served, tenant = _serving(node, call), _tenant(call, principal)
    name = call.params["name"]
    if name.endswith(".sig"):
        return _signatures(call, served, name, f"{tenant}/")
    if not _DOCUMENT.fullmatch(name):
        raise from_status(404)
    data = _find(f"{tenant}/{name}", served.documents, served.older)
    kind = _BINARY if name.endswith(".bin") else JSON
    return Reply(200, data, (kind, _VARY, _FOR_EVER))


def _reader(node: Node, call: Call) -> Principal:
    principal = node.gate.caller(call.headers)
    node.gate.require(principal, "flags:r")
    return principal


def _of_all_tenants(node: Node, call: Call) -> None:
    if not _reader(node, call).grants("*"):
        raise ApiError(403, "tenant_forbidden", "This is for tokens of all tenants.")


def _tenant(call: Call, principal: Principal) -> str:
    tenant: str = call.params["tenant"]
    if not principal.grants(tenant):
        raise ApiError(403, "tenant_forbidden", "This token is not for that tenant.")
    call.tenant = tenant
    return tenant


def _serving(node: Node, call: Call) -> Served:
    if call.params["environment"] != node.environment:
        raise from_status(404)
    return node.serving()


def _manifest(call: Call, served: Served, data: bytes, digest: str) -> Reply:
    etag = b'"' + digest.encode("ascii") + b'"'
    order = served.order_header, served.version_header
    headers = (JSON, (b"etag", etag), *order, _VARY, _FRESH)
    if matches(call.headers.get(b"if-none-match", b""), etag):
        return Reply(304, b"", headers)
    return Reply(200, data, headers)


def _signatures(call: Call, served: Served, name: str, folder: str = "") -> Reply:
    """They may be made anew over the same manifest, so they are asked for again."""
    if not _SIGNATURES.fullmatch(name):
        raise from_status(404)
    return _mutable(call, _find(folder + name, served.documents, served.older))


def _mutable(call: Call, data: bytes) -> Reply:
    etag = b'"' + sha256(data).hexdigest().encode("ascii") + b'"'
    headers = (JSON, (b"etag", etag), _VARY, _FRESH)
    if matches(call.headers.get(b"if-none-match", b""), etag):
        return Reply(304, b"", headers)
    return Reply(200, data, headers)


def _find(path: str, *where: Mapping[str, Data]) -> bytes:
    for documents in where:
        if path in documents:
            return bytes(documents[path])
    raise from_status(404)
