"""The writer client: changes flags through the writer's API, each call a commit."""

from __future__ import annotations

from burgee.writer.answers import Document, Written
from burgee.writer.client import WriterClient
from burgee.writer.credentials import ClientCredentials
from burgee.writer.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthorized,
    Unreachable,
    WriterError,
)

__all__ = [
    "ClientCredentials",
    "Conflict",
    "Document",
    "Forbidden",
    "Invalid",
    "NotFound",
    "RateLimited",
    "Unauthorized",
    "Unreachable",
    "WriterClient",
    "WriterError",
    "Written",
]
