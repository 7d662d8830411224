"""Who is calling, and what they may do."""

import re
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

__all__ = [
    "LEAST_RATE",
    "MOST_RATE",
    "SCOPES",
    "TENANT",
    "TENANT_OR_ALL",
    "Principal",
    "Rate",
    "expand_scopes",
    "rate_of",
]

LEAST_RATE: Final = 1e-6  # requests a second
MOST_RATE: Final = 1e9

# What a tenant may be called; the compiler holds the folders of a repository to the same.
_NAME: Final = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
TENANT: Final = re.compile(_NAME.encode())  # as it stands in a header
TENANT_OR_ALL: Final = re.compile(rf"\*|{_NAME}")  # as it stands in a grant

# What each allows: `evaluate` gives answers only, `flags:r` also shows flags, `flags:rw` writes,
# `admin` also shows what was sent to whom (webhooks). No scope reaches beyond a token's tenants.
SCOPES: Final[dict[str, frozenset[str]]] = {
    "evaluate": frozenset({"evaluate"}),
    "flags:r": frozenset({"evaluate", "flags:r"}),
    "flags:rw": frozenset({"evaluate", "flags:r", "flags:rw"}),
    "admin": frozenset({"evaluate", "flags:r", "flags:rw", "admin"}),
}


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `burst` requests at once, `per_second` on average."""

    per_second: float
    burst: int


def rate_of(per_second: float) -> Rate:
    """A rate that allows a burst of one second's worth."""
    return Rate(float(per_second), max(1, round(per_second)))


class Principal(msgspec.Struct, frozen=True):
    subject: str
    kind: Literal["client", "jwt", "insecure"]
    scopes: frozenset[str]  # expanded: what a scope implies is in here too
    tenants: frozenset[str]  # may hold "*"
    environments: frozenset[str] | None = None  # None: all
    browser: bool = False  # sees only flags with `client_side: true`
    rate: Rate | None = None

    def grants(self, tenant: str) -> bool:
        return tenant in self.tenants or "*" in self.tenants

    def sole_tenant(self) -> str | None:
        """The one tenant that need not be named, because there is no other."""
        if len(self.tenants) != 1 or "*" in self.tenants:
            return None
        return next(iter(self.tenants))

    def within(self, other: "Principal") -> "Principal":
        """This one, less whatever the other may not do, and at the other's rate."""
        return msgspec.structs.replace(
            self,
            scopes=self.scopes & other.scopes,
            tenants=_both(self.tenants, other.tenants),
            environments=_all_or_both(self.environments, other.environments),
            browser=self.browser or other.browser,
            rate=other.rate,
        )


def expand_scopes(given: Iterable[str]) -> frozenset[str]:
    """The scopes that are ours, with what they imply; others are left out."""
    return frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in given))


def _both(some: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """The tenants that both grants hold; "*" holds each."""
    if "*" in some:
        return others
    return some if "*" in others else some & others


def _all_or_both(
    some: frozenset[str] | None, others: frozenset[str] | None
) -> frozenset[str] | None:
    if some is None:
        return others
    return some if others is None else some & others
