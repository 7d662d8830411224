"""Which slot a unit falls into, and how members of lists are named: the two hashes of Burgee.

Both are part of the contract with every other implementation; `tests/burgee/vectors` holds them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from xxhash import xxh3_64_intdigest

__all__ = ["SLOTS", "member_digest", "slot_of", "slot_prefix"]

SLOTS: Final = 100_000


def slot_prefix(tenant: str, salt: str) -> bytes:
    """Return the bytes that stand before a unit when it is bucketed."""
    return f"{tenant}/{salt}/".encode()


def slot_of(prefix: bytes, unit: str) -> int:
    """Return the slot, 0 to 99,999, of `unit` under a prefix made by `slot_prefix`.

    XXH3 with 64 bits and seed 0 over the UTF-8 text; the product's high word maps it to slots
    without the bias of a modulus (D. Lemire, "Fast Random Integer Generation in an Interval").
    `burgee.evaluation.outcomes` writes the same expression into its functions.
    """
    return (xxh3_64_intdigest(prefix + unit.encode()) * SLOTS) >> 64


def member_digest(tenant: str, unit: str) -> bytes:
    """Return the 16 bytes by which a member list or an override names `unit`."""
    return sha256(f"{tenant}/@member/{unit}".encode()).digest()[:16]
