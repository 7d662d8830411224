"""What a receiver knows a call by: HMAC-SHA-256 over the time and the body."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

__all__ = ["signature"]


def signature(secrets: Iterable[str], time: int, body: bytes) -> str:
    """Return the value of `Burgee-Signature`: the time, and a `v1` for each secret."""
    signed = b"%d.%b" % (time, body)
    made = (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets)
    return ",".join([f"t={time}", *(f"v1={each}" for each in made)])
