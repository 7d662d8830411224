"""A tenant's documents as they were read, verified and not yet looked into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Raw, Struct

from burgee.snapshot.forms import TenantManifest

__all__ = ["Data", "Entries", "TenantDocuments"]

Data: TypeAlias = bytes | memoryview
"""A document's bytes; those of a member list may be a map of a file."""

Entries: TypeAlias = "Mapping[str, tuple[str, Raw]]"
"""Flags by key: the digest of what can change their answers, and their raw form."""


class TenantDocuments(Struct, frozen=True):
    """Entries and segments raw, members by digest.

    `parts` are the documents that the flags stand in, by digest: two sets of documents tell by
    them what they share, without a look at each flag.
    """

    manifest: TenantManifest
    flags: Entries
    segments: Mapping[str, Raw]
    members: Mapping[str, Data]
    parts: Mapping[str, Entries]
