"""When a key signs tokens and how long it is published: a pure function of the keys and a clock.

There is always a key that signs and a next one, which everybody can fetch long before it signs. The
one before goes once the last token that it signed has expired.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["MAX_AGE", "Plan", "TokenKey", "advanced", "signer", "tended"]

MAX_AGE: Final = 300  # seconds for which whoever fetches the public keys may keep them


class TokenKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A key as the folder's index has it; the private half is a file of its own."""

    kid: str
    x: str  # the public half, as in a JWK
    published: int  # seconds since 1970, as all instants here
    signs_from: int
    token_seconds: int  # the longest life of the tokens that it signs


class Plan(Struct, frozen=True):
    """How long tokens are good and how long one key signs, in seconds."""

    token_seconds: int
    period: int

    @property
    def lead(self) -> int:
        """How long a key is published, at the least, before it signs."""
        return self.token_seconds + MAX_AGE


def signer(keys: Sequence[TokenKey], now: float) -> TokenKey:
    """Return the key that signs; the first one where a clock is behind them all."""
    begun = [key for key in keys if key.signs_from <= now]
    return begun[-1] if begun else keys[0]


def tended(
    keys: Sequence[TokenKey], now: int, plan: Plan, make: Callable[[int], TokenKey]
) -> tuple[TokenKey, ...]:
    """Return the keys as they should be now; the same where nothing is due.

    `make` makes a key that signs from an instant on.
    """
    kept = [_long_enough(key, plan) for key in _alive(keys, now)]
    if not kept:
        kept.append(make(now))
    if kept[-1].signs_from <= now:
        kept.append(make(max(kept[-1].signs_from + plan.period, now + plan.lead)))
    return tuple(kept)


def advanced(keys: Sequence[TokenKey], now: int) -> tuple[TokenKey, ...]:
    """Return the keys with the last one signing as soon as it may: at once, unless it has been
    published so lately that somebody may not know it yet.
    """
    last = keys[-1]
    soonest = max(now, last.published + 2 * MAX_AGE)
    return (*keys[:-1], replace(last, signs_from=min(last.signs_from, soonest)))


def _alive(keys: Sequence[TokenKey], now: int) -> list[TokenKey]:
    """Those that sign, will, or signed tokens that may still be good."""
    gone = {
        key.kid
        for key, successor in pairwise(keys)
        if successor.signs_from + key.token_seconds + MAX_AGE <= now
    }
    return [key for key in keys if key.kid not in gone]


def _long_enough(key: TokenKey, plan: Plan) -> TokenKey:
    return (
        key
        if key.token_seconds >= plan.token_seconds
        else replace(key, token_seconds=plan.token_seconds)
    )
