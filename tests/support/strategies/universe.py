"""The values that random rules ask for and random contexts hold: few, so that they meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

__all__ = [
    "ATTRIBUTES",
    "CONSTANTS",
    "ENVIRONMENTS",
    "EXCLUDED",
    "HOUR",
    "INSTANTS",
    "KEYS",
    "MEMBERS",
    "START",
    "VALUES",
    "spelled",
]

ENVIRONMENTS: Final = ("production", "staging")
START: Final = 1_793_491_200_000_000  # 2026-11-01T00:00:00Z
HOUR: Final = 3_600_000_000
INSTANTS: Final = tuple(START + step * 12 * HOUR for step in range(7))
MEMBERS: Final = ("u0", "u1", "5", "ü", "a/b", "18446744073709551616")
EXCLUDED: Final = ("u2", "u3", "7", "-0")


def spelled(micros: int, form: int = 0) -> str:
    """Return an instant as a file may write it."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    if form == 0 or (form == 1 and micros % (24 * HOUR)):
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if form == 1:
        return moment.strftime("%Y-%m-%d")
    moment += timedelta(hours=5, minutes=30)
    return moment.strftime("%Y-%m-%dt%H:%M:%S.%f999+05:30")


_SCALARS: Final = (
    "pro", "Pro", "free", "", "5", "k", "\u212a", "İ", "ß", "😀", "true", True, False,
    0, 1, 5, -1, 1.5, 0.1, 2**53, 2**53 + 1, 2**63 - 1, 1e30, -0.0,
)  # fmt: skip
_NUMBERS: Final = (0, 1, 1.5, -1, 18, 2**53 + 1, 2**63 - 1, 1e30, 0.1, -2.5)
_TEXTS: Final = ("pro", "P", "ro", "", "é", "😀", "K", "\u212a", "E")
_PATTERNS: Final = (
    "^p", "o$", "p.*o", "[[:upper:]]", "(?i)PRO", "", r"\d+", "é", "^$", "k", r"^.$", "s|É", r"\pL",
)  # fmt: skip
_VERSIONS: Final = (
    "1", "1.2", "1.2.0", "1.2.3-rc.1", "v2.0.0", "151.1.93.128", "1.0.0+b7", "1.0.0-alpha",
    "1.0.0-alpha.1", "1.0.0-2", "1.02", "0", "1.0.0-alpha.beta", "1-a-b",
)  # fmt: skip
_NETWORKS: Final = (
    "10.0.0.0/8", "192.168.1.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0", "::ffff:0:0/96",
)  # fmt: skip
_TIMES: Final = (
    *(spelled(at, index % 3) for index, at in enumerate(INSTANTS)),
    spelled(START + 100_000),
)

CONSTANTS: Final[dict[str, tuple[Any, ...]]] = {
    **dict.fromkeys(("eq", "neq", "in", "nin"), _SCALARS),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _NUMBERS),
    **dict.fromkeys(("startswith", "endswith"), _TEXTS),
    "contains": (*_TEXTS, 1, True, 5.0, 2**53 + 1),
    "regex": _PATTERNS,
    **dict.fromkeys(("semver_eq", "semver_gt", "semver_gte", "semver_lt", "semver_lte"), _VERSIONS),
    **dict.fromkeys(("before", "after"), _TIMES),
    **dict.fromkeys(("within_last", "older_than"), ("12h", "15m", "1d", "30d", "720m")),
    "cidr": _NETWORKS,
    "exists": (True, False),
}
"""What an operator may be given, by operator; those with a list take one or several."""

ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "plan": ("eq", "neq", "in", "nin", "contains", "startswith", "endswith", "regex", "exists"),
    "age": ("gt", "gte", "lt", "lte", "eq", "in", "neq"),
    "app.version": ("semver_eq", "semver_gt", "semver_gte", "semver_lt", "semver_lte"),
    "tags": ("contains", "in", "exists", "neq"),
    "created": ("before", "after", "within_last", "older_than"),
    "net.address.ip": ("cidr",),
    "user.id": ("eq", "in", "exists", "startswith"),
    "targetingKey": ("eq", "nin", "exists", "gt", "regex"),
    "user.name": ("eq", "exists"),
    "odd..path": ("exists", "eq"),
    "account.id": ("exists", "in"),
}
"""Paths that rules look at, and the operators that suit them."""

_WRONG: Final[tuple[Any, ...]] = (
    None,
    True,
    [],
    {},
    "",
    0,
    "\ud800",
    "a\udfffb",
    [None, [1]],
    {"id": 1},
    10**400,
)

VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "plan": (*_SCALARS, "PRO", "xprox", "É", "\u017f", "aB", "prO\n", "p\x00o", 2**63, 1.0,
             *_WRONG),
    "age": (*_NUMBERS, 17, 18.0, 1e22, 2**53, float(2**53), 2**63, "18", 0.30000000000000004,
            5e-324, *_WRONG),
    "app.version": (*_VERSIONS, "V1", "1.", "1.2.3-01", "1.2.3-0", "1" * 18, "1" * 19, "1..2",
                    "1.2.3-" + "1" * 19, " 1.2", "1.2\n", "\uff11.2", 1.2, "01.002", "1.2.3-",
                    "1.2.3-rc.1.0", "2.0.0-", "1.0.0+", "1.0.0-alpha.100", *_WRONG),
    "tags": (["pro"], ["PRO", 1], [True], [5], [1.0, None], ["x", ["pro"]], [2.0**53], "pro",
             *_WRONG),
    "created": (*(spelled(at + shift, form) for at in INSTANTS[:4] for shift in (-1, 0, 1)
                  for form in (0, 2)),
                "2026-11-01", "2026-11-01 00:00:00Z", "2026-11-01T00:00:60Z", "2026-11-01T00:00:00",
                "20261101", "2026-02-30", "2026-11-01t00:00:00z", "2026-11-01T00:00:00-00:00",
                "2026-11-01T00:00:00+24:00", "2026-11-01T24:00:00Z", "2026-11-01T00:00:00.Z",
                "2026-11-01T00:00Z", "0000-02-29", "9999-12-31T23:59:59-23:59", "2026-11-01Z",
                START // 10**6, START // 10**6 - 1, START / 10**6 + 0.5, START / 10**6 + 0.1,
                1e300, -1e300, "1793491200", *_WRONG),
    "net.address.ip": ("10.1.2.3", "192.168.1.1", "192.168.1.2", "::1", "2001:db8::1",
                       "fe80::1%eth0", "::ffff:10.0.0.1", "10.0.0.01", "10.0.0.1/32", "1",
                       167772161, "::ffff:a00:1", "\u0661.1.1.1", *_WRONG),
    "user.name": ("pro", *_WRONG),
    "odd..path": ("pro", *_WRONG),
    "account.id": ("acc-1", "acc-2", "pro", 5, 5.0, 7, -0.0, 2**64, 2**64 + 1, -(2**64), 2.0**53,
                   2.0**53 - 1, 1.5, "a/b", "ü", *_WRONG),
}  # fmt: skip
"""What contexts hold at a path: near the constants, and of every wrong type."""

KEYS: Final = (
    "u0", "u1", "u2", "u3", "m3", "pro", 5, 5.0, 7, -0.0, "ü", "a/b", "😀", 2**64, 2**64 + 1,
    -(2**64) - 1, 2.0**53, 1e15, 1.5, "-0", "0", *_WRONG,
)  # fmt: skip
"""Targeting keys besides plain ones."""
