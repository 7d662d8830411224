"""Which slot a unit falls into, and how members of lists are named: the two hashes of Burgee.

Both are part of the contract with every other implementation; `tests/burgee/vectors` holds them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from xxhash import xxh3_64_intdigest

__all__ = [
    "DRAWS",
    "SLOTS",
    "draw_of",
    "first_draw",
    "member_digest",
    "slot_in",
    "slot_of",
    "slot_prefix",
]

SLOTS: Final = 100_000
DRAWS: Final = 2**64
"""How many values a unit's hash may have; a slot is an equal part of them."""


def slot_prefix(tenant: str, salt: str) -> bytes:
    """Return the bytes that stand before a unit when it is bucketed."""
    return f"{tenant}/{salt}/".encode()


def draw_of(prefix: bytes, unit: str) -> int:
    """Return the hash of `unit` under a prefix made by `slot_prefix`: XXH3, 64 bits, seed 0.

    `burgee.evaluation.outcomes` writes the same expression into its functions.
    """
    return xxh3_64_intdigest(prefix + unit.encode())


def slot_in(draw: int) -> int:
    """Return the slot, 0 to 99,999, that a hash falls into.

    The product's high word maps it without the bias of a modulus (D. Lemire, "Fast Random Integer
    Generation in an Interval").
    """
    return (draw * SLOTS) >> 64


def first_draw(slot: int) -> int:
    """Return the least hash that falls into `slot`: a hash is below it just where its slot is."""
    return -(-slot * DRAWS // SLOTS)


def slot_of(prefix: bytes, unit: str) -> int:
    """Return the slot of `unit` under a prefix made by `slot_prefix`."""
    return slot_in(draw_of(prefix, unit))


def member_digest(tenant: str, unit: str) -> bytes:
    """Return the 16 bytes by which a member list or an override names `unit`."""
    return sha256(f"{tenant}/@member/{unit}".encode()).digest()[:16]
