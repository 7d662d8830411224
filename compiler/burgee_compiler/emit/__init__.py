"""From resolved definitions to the snapshot's forms and documents: the only writer of its JSON."""

from burgee_compiler.emit.documents import Documents, tenant_documents
from burgee_compiler.emit.tenant import TenantForms, emit_tenant

__all__ = ["Documents", "TenantForms", "emit_tenant", "tenant_documents"]
