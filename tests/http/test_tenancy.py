"""Who may ask for which tenant's data; the order of refusals gives nothing away."""

from math import inf
from typing import Any

import pytest

from burgee_http.authentication import Authenticator
from burgee_http.clients import Clients
from burgee_http.errors import ApiError
from burgee_http.insecure import ANYONE, is_loopback
from burgee_http.principal import Principal, Rate, expand_scopes
from burgee_http.rate import RateLimiter
from burgee_http.tenancy import Gate


def principal(name: str, **changes: Any) -> Principal:
    fields: dict[str, Any] = {
        "subject": name,
        "kind": "client",
        "scopes": expand_scopes(["evaluate"]),
        "tenants": frozenset({"acme"}),
    }
    return Principal(**(fields | changes))


CALLERS = {
    "one": principal("one"),
    "two": principal("two", tenants=frozenset({"acme", "shop"})),
    "all": principal("all", tenants=frozenset({"*"})),
    "none": principal("none", tenants=frozenset()),
    "reader": principal("reader", scopes=expand_scopes(["flags:r"])),
    "staging": principal("staging", environments=frozenset({"staging"})),
    "nothing": principal("nothing", scopes=frozenset()),
}


class Fixed(Authenticator):
    """Takes a caller's name for a token."""

    def __init__(self) -> None:
        super().__init__(clients=None)

    def verified(self, headers: Any) -> tuple[Principal, float]:
        found = CALLERS.get(headers.get(b"x-api-key", b"").decode())
        if found is None:
            raise ApiError(401, "unauthenticated", "Who?")
        return found, inf


PLAIN = Gate(Fixed(), environment="production")
DEFAULT = Gate(Fixed(), environment="production", default_tenant="acme")
OPEN = Gate(None)

# gate, caller, tenant named, scope, implied (OFREP) -> tenant, or the refusal
CASES = [
    (PLAIN, "one", "acme", "evaluate", False, "acme"),
    (PLAIN, "two", "shop", "evaluate", False, "shop"),
    (PLAIN, "all", "anything", "evaluate", False, "anything"),
    (PLAIN, "reader", "acme", "flags:r", False, "acme"),
    (PLAIN, "one", "acme \t", "evaluate", False, "acme"),
    # 401 before anything else
    (PLAIN, None, "acme", "evaluate", False, "401 unauthenticated"),
    (PLAIN, None, None, "evaluate", False, "401 unauthenticated"),
    (PLAIN, None, "a b", "evaluate", True, "401 unauthenticated"),
    # then 400
    (PLAIN, "one", None, "evaluate", False, "400 tenant_missing"),
    (PLAIN, "none", None, "flags:rw", False, "400 tenant_missing"),
    (PLAIN, "one", "", "evaluate", False, "400 tenant_invalid"),
    (PLAIN, "one", "a b", "evaluate", False, "400 tenant_invalid"),
    (PLAIN, "all", "*", "evaluate", False, "400 tenant_invalid"),
    (PLAIN, "all", "../x", "evaluate", False, "400 tenant_invalid"),
    (PLAIN, "all", "a" * 129, "evaluate", False, "400 tenant_invalid"),
    (PLAIN, "one", "acme, acme", "evaluate", False, "400 tenant_invalid"),
    # then 403
    (PLAIN, "one", "shop", "evaluate", False, "403 tenant_forbidden"),
    (PLAIN, "one", "ACME", "evaluate", False, "403 tenant_forbidden"),
    (PLAIN, "none", "acme", "evaluate", False, "403 tenant_forbidden"),
    (PLAIN, "one", "shop", "flags:rw", False, "403 tenant_forbidden"),
    (PLAIN, "one", "acme", "flags:r", False, "403 scope_missing"),
    (PLAIN, "reader", "acme", "flags:rw", False, "403 scope_missing"),
    (PLAIN, "nothing", "acme", "evaluate", False, "403 scope_missing"),
    (PLAIN, "staging", "acme", "evaluate", False, "403 environment_forbidden"),
    # OFREP: one tenant need not be named
    (PLAIN, "one", None, "evaluate", True, "acme"),
    (PLAIN, "one", "shop", "evaluate", True, "403 tenant_forbidden"),
    (PLAIN, "two", None, "evaluate", True, "400 tenant_missing"),
    (PLAIN, "all", None, "evaluate", True, "400 tenant_missing"),
    (PLAIN, "none", None, "evaluate", True, "400 tenant_missing"),
    # a default tenant
    (DEFAULT, "two", None, "evaluate", False, "acme"),
    (DEFAULT, "two", None, "evaluate", True, "acme"),
    (DEFAULT, "two", "shop", "evaluate", False, "shop"),
    (DEFAULT, "none", None, "evaluate", False, "403 tenant_forbidden"),
    (DEFAULT, None, None, "evaluate", False, "401 unauthenticated"),
    # insecure
    (OPEN, None, "acme", "flags:rw", False, "acme"),
    (OPEN, None, None, "evaluate", True, "400 tenant_missing"),
]


@pytest.mark.parametrize(("gate", "caller", "tenant", "scope", "implied", "expected"), CASES)
def test_admission(
    gate: Gate, caller: str | None, tenant: str | None, scope: str, implied: bool, expected: str
) -> None:
    headers = {} if caller is None else {b"x-api-key": caller.encode()}
    if tenant is not None:
        headers[b"x-tenant-id"] = tenant.encode()
    try:
        outcome = gate.admit(headers, scope, implied=implied).tenant
    except ApiError as error:
        outcome = f"{error.status} {error.code}"
    assert outcome == expected


def test_no_tenant_is_told_from_another() -> None:
    """One that exists and one that does not are refused alike."""
    messages = set()
    for tenant in (b"shop", b"no-such-tenant"):
        with pytest.raises(ApiError) as refusal:
            PLAIN.admit({b"x-api-key": b"one", b"x-tenant-id": tenant})
        messages.add(refusal.value.message)
    assert len(messages) == 1


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(limiter: RateLimiter, who: Principal, times: int = 1) -> list[int]:
    """0 for each that passed, else the seconds to wait."""
    waits = []
    for _ in range(times):
        try:
            limiter.take(who)
            waits.append(0)
        except ApiError as error:
            waits.append(int(dict(error.headers)[b"retry-after"]) if error.status == 429 else -1)
    return waits


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    who = principal("w", rate=Rate(per_second=2, burst=3))
    assert taken(limiter, who, 5) == [0, 0, 0, 1, 1]
    clock.now += 0.5
    assert taken(limiter, who, 2) == [0, 1]
    clock.now += 60
    assert taken(limiter, who, 4) == [0, 0, 0, 1]


def test_retry_after_is_whole_seconds_after_which_it_works() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    who = principal("w", rate=Rate(per_second=0.4, burst=1))
    assert taken(limiter, who, 2) == [0, 3]
    clock.now += 3
    assert taken(limiter, who) == [0]


def test_callers_do_not_share_a_rate() -> None:
    limiter = RateLimiter(Clock())
    who = [principal(name, rate=Rate(per_second=1, burst=1)) for name in "ab"]
    assert [taken(limiter, w, 2) for w in who] == [[0, 1], [0, 1]]
    assert taken(limiter, principal("c"), 100) == [0] * 100


def test_rates_are_forgotten_in_time() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    for number in range(25_000):
        clock.now += 0.001
        taken(limiter, principal(str(number), rate=Rate(per_second=1, burst=1)))
    assert len(limiter._full_at) <= 10_000


def test_an_empty_bucket_is_told_before_the_tenant() -> None:
    CALLERS["busy"] = principal("busy", rate=Rate(per_second=1, burst=1))
    gate = Gate(Fixed(), limiter=RateLimiter(Clock()))
    statuses = []
    for _ in range(2):
        with pytest.raises(ApiError) as refusal:
            gate.admit({b"x-api-key": b"busy"})
        statuses.append(refusal.value.status)
    assert statuses == [400, 429]


def test_nobody_is_let_in_by_an_empty_configuration() -> None:
    empty = Authenticator(clients=None, jwt=None)
    for token in (b"x", b"a.b.c", b""):
        with pytest.raises(ApiError) as refusal:
            empty.principal({b"x-api-key": token})
        assert refusal.value.status == 401
    assert Clients({}, frozenset()).principals == {}


LOOPBACK = {
    "localhost": True,
    "127.0.0.1": True,
    "127.1.2.3": True,
    "::1": True,
    "[::1]": True,
    "0.0.0.0": False,
    "::": False,
    "": False,
    "10.0.0.1": False,
    "localhost.example": False,
    "127.0.0.1.example": False,
    "127.1": False,
    "2130706433": False,
}


@pytest.mark.parametrize(("host", "local"), LOOPBACK.items())
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_anyone_may_do_everything_but_is_no_browser() -> None:
    assert ANYONE.grants("any")
    assert {"evaluate", "flags:r", "flags:rw", "admin"} == ANYONE.scopes
    assert not ANYONE.browser


WITHIN: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({}, {}, {}),
    ({"scopes": expand_scopes(["flags:rw"])}, {}, {}),
    ({}, {"scopes": expand_scopes(["flags:rw"])}, {}),
    ({"tenants": frozenset({"*"})}, {}, {}),
    ({}, {"tenants": frozenset({"*"})}, {}),
    ({}, {"tenants": frozenset({"shop"})}, {"tenants": frozenset()}),
    (
        {"environments": frozenset({"a", "b"})},
        {"environments": frozenset({"b", "c"})},
        {"environments": frozenset({"b"})},
    ),
    ({"environments": frozenset({"a"})}, {}, {"environments": frozenset({"a"})}),
    ({}, {"environments": frozenset({"a"})}, {"environments": frozenset({"a"})}),
    ({}, {"browser": True}, {"browser": True}),
    ({"browser": True}, {}, {"browser": True}),
    ({}, {"rate": Rate(1, 1)}, {"rate": Rate(1, 1)}),
    ({"rate": Rate(1, 1)}, {}, {"rate": None}),
]


@pytest.mark.parametrize(("token", "line", "expected"), WITHIN)
def test_a_token_goes_no_further_than_its_client(
    token: dict[str, Any], line: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = principal("one", kind="jwt", **token).within(principal("one", **line))
    assert found == principal("one", **{"kind": "jwt", **expected})


def test_names_that_are_no_principals_are_limited_too() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    rate = Rate(per_second=1, burst=2)
    limiter.spend("a", rate)
    limiter.spend("a", rate)
    with pytest.raises(ApiError):
        limiter.spend("a", rate)
    limiter.spend("b", rate)
    limiter.refund("a", rate)
    limiter.spend("a", rate)
    limiter.refund("nobody", rate)
