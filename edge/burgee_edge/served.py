"""A snapshot as this node serves it, and making the next one beside it."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from burgee.load import (
    Read,
    Snapshot,
    document_path,
    load_environment,
    named_documents,
    read_verified,
)
from burgee.signatures import signature_path
from burgee.snapshot.documents import Data
from burgee_edge.cache import ResponseCache
from burgee_edge.events_history import History
from burgee_edge.member_files import MemberFiles
from burgee_edge.view import TenantView, empty_view
from burgee_http.call import JSON
from burgee_http.fields import Fields
from burgee_http.json_text import encode_json
from burgee_http.tenancy import TENANT_HEADERS

__all__ = ["Served", "make_served"]


class Served:
    """A snapshot, a view of each tenant, and the bytes of its documents.

    `documents` are by their path below the environment's folder, signatures among them where there
    are any; `older` are those of the snapshot before, for readers that are half way through it.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        views: Mapping[str, TenantView],
        documents: Mapping[str, Data],
        older: Mapping[str, Data],
        history: History,
    ) -> None:
        self.snapshot = snapshot
        self.views = views
        self.documents = documents
        self.older = older
        self.history = history
        self.version_header = (b"burgee-version", _safe(snapshot.version))
        self.version_json = b',"version":' + encode_json(snapshot.version) + b"}"
        self.fields = Fields.of((JSON, self.version_header, *TENANT_HEADERS))
        order = "{}.{}".format(*snapshot.order)
        self.order_header = (b"burgee-order", order.encode("ascii"))
        self.since = 0.0  # when this node began to serve it, in seconds since 1970

    @property
    def held(self) -> int:
        """How many flags are held at an earlier form."""
        return sum(len(manifest.held) for manifest in self.snapshot.manifests.values())

    def view(self, tenant: str) -> TenantView:
        """Return a tenant's view; one that is not in the set is a tenant without flags."""
        found = self.views.get(tenant)
        return empty_view(self.snapshot.manifest.environment, tenant) if found is None else found


def _safe(text: str) -> bytes:
    """The text as the value of a header."""
    return "".join(c if " " <= c <= "~" else "?" for c in text).encode("ascii")


def make_served(
    read: Read,
    environment: str,
    previous: Served | None,
    make_cache: Callable[[], ResponseCache],
    member_files: MemberFiles | None = None,
) -> Served:
    """Load, verify and prepare the snapshot that `read` leads to; raises Refused.

    Tenants that did not change are taken over with all that was prepared for them. Member lists
    are mapped from `member_files`, where there are any.
    """
    taken: dict[str, Data] = {}

    def recording(path: str) -> bytes:
        data = taken[path] = read(path)
        return data

    def mapped(path: str, whole: str) -> Data:
        data = taken[path] = (
            read_verified(read, path, whole)
            if member_files is None
            else member_files.take(read, path, whole)
        )
        return data

    before = None if previous is None else previous.snapshot
    older = {} if previous is None else previous.documents
    snapshot = load_environment(recording, environment, before, mapped)
    views = _views(snapshot, environment, previous, make_cache)
    documents = {**_documents(snapshot, taken, older), **_signatures(snapshot, read, older)}
    history = (History() if previous is None else previous.history).followed(before, snapshot)
    return Served(snapshot, views, documents, older, history)


def _views(
    snapshot: Snapshot,
    environment: str,
    previous: Served | None,
    make_cache: Callable[[], ResponseCache],
) -> dict[str, TenantView]:
    views: dict[str, TenantView] = {}
    for tenant, flags in snapshot.tenants.items():
        known = None if previous is None else previous.views.get(tenant)
        if known is not None and known.flags is flags:
            views[tenant] = known
            continue
        cache = None if known is None else known.cache
        view = TenantView(
            environment,
            flags,
            snapshot.manifests[tenant].attributes,
            snapshot.manifest.tenants[tenant],
            make_cache() if cache is None else cache,
        )
        if known is not None:
            view.prepare_as(known)
        views[tenant] = view
    return views


def _documents(
    snapshot: Snapshot, taken: Mapping[str, Data], older: Mapping[str, Data]
) -> dict[str, Data]:
    """Return the documents that a snapshot names; what was taken over was not read again."""
    named = [
        path
        for tenant, whole in snapshot.manifest.tenants.items()
        for path in named_documents(tenant, whole, snapshot.manifests[tenant])
    ]
    return {path: taken[path] if path in taken else older[path] for path in named}


def _signatures(snapshot: Snapshot, read: Read, older: Mapping[str, Data]) -> dict[str, Data]:
    """Return the signatures beside the manifests, where there are any; they are not looked into."""
    found: dict[str, Data] = {}
    with suppress(OSError):
        path = signature_path(snapshot.data)
        found[path] = read(path)
    for tenant, whole in snapshot.manifest.tenants.items():
        manifest = document_path(tenant, "manifest", whole)
        path = manifest.removesuffix(".json") + ".sig"
        if path in older:
            found[path] = older[path]
        elif manifest not in older:
            with suppress(OSError):
                found[path] = read(path)
    return found
