"""From a repository to loaded flags, in memory, through the bytes that a build would write."""

from __future__ import annotations

from burgee.evaluation import TenantFlags
from burgee.load import load_tenant
from burgee_compiler.emit import emit_tenant, tenant_documents
from burgee_compiler.repository import Repository

__all__ = ["flags_of"]


def flags_of(repository: Repository, tenant: str, environment: str) -> TenantFlags:
    """Return a tenant's flags, emitted to bytes and read back."""
    documents = tenant_documents(emit_tenant(repository.tenants[tenant], environment))
    _, flags = load_tenant(documents.files.__getitem__, environment, tenant, documents.manifest)
    return flags
