"""The gate in front of every tenant's data: who calls, for which tenant, and may they."""

from collections.abc import Mapping
from functools import partial
from math import inf
from typing import Final

import msgspec

from burgee_http.authentication import Authenticator, Known
from burgee_http.call import Call
from burgee_http.errors import ApiError
from burgee_http.insecure import ANYONE
from burgee_http.principal import TENANT, Principal
from burgee_http.rate import RateLimiter

__all__ = ["TENANT_HEADERS", "Access", "Gate"]

# On every answer that depends on who asked: shared caches must not mix tenants.
TENANT_HEADERS = (
    (b"vary", b"Authorization, X-Tenant-ID, X-API-Key"),
    (b"cache-control", b"private"),
)


class Access(msgspec.Struct, frozen=True):
    principal: Principal
    tenant: str


_Admitted = tuple[Access, float, Known | None]
_NEVER: Final = inf


class Gate:
    """`authenticator` is None only in insecure mode, where everybody may do everything."""

    def __init__(
        self,
        authenticator: Authenticator | None,
        *,
        environment: str | None = None,
        default_tenant: str | None = None,
        limiter: RateLimiter | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._environment = environment
        self._default = default_tenant
        self._limiter = RateLimiter() if limiter is None else limiter

    def caller(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Who calls: 401, or 429 where they call too often."""
        if self._authenticator is None:
            return ANYONE
        principal = self._authenticator.principal(headers)
        if principal.rate is not None:
            self._limiter.take(principal)
        return principal

    def admit(
        self, headers: Mapping[bytes, bytes], scope: str = "evaluate", *, implied: bool = False
    ) -> Access:
        """401 before 400 (no tenant named) before 403 (tenant, scope or environment not granted).

        `implied`, on OFREP paths: a token of one tenant need not name it.
        """
        return self._admit(headers, scope, implied)[0]

    def admit_call(self, call: Call, scope: str, implied: bool) -> Access:
        """The same, remembered with a head that comes again.

        A head leads to one handler, so scope and `implied` are the same each time.
        """
        memo, authenticator = call.memo, self._authenticator
        if memo is None or authenticator is None:
            return self._admit(call.headers, scope, implied, call)[0]
        found: _Admitted | None = memo.admitted
        if (
            found is None
            or found[2] is not authenticator.known()
            or (found[1] != _NEVER and authenticator.clock() >= found[1])
        ):
            found = memo.admitted = self._admit(call.headers, scope, implied, call)
            return found[0]
        access = found[0]
        if access.principal.rate is not None:
            self._count(access.principal, call)
        return access

    def _count(self, principal: Principal, call: Call | None) -> None:
        self._limiter.take(principal)
        if call is not None:
            call.counted = partial(self._limiter.give_back, principal)

    def _admit(
        self,
        headers: Mapping[bytes, bytes],
        scope: str,
        implied: bool,
        call: Call | None = None,
    ) -> _Admitted:
        """With when it ends, and what it was verified under: taken before, so never too new."""
        if self._authenticator is None:
            return self._judge(ANYONE, headers, scope, implied), _NEVER, None
        known = self._authenticator.known()
        principal, until = self._authenticator.verified(headers)
        if principal.rate is not None:
            self._count(principal, call)
        return self._judge(principal, headers, scope, implied), until, known

    def _judge(
        self, principal: Principal, headers: Mapping[bytes, bytes], scope: str, implied: bool
    ) -> Access:
        tenant = self._tenant(headers.get(b"x-tenant-id"), principal, implied)
        if not principal.grants(tenant):
            raise ApiError(403, "tenant_forbidden", "This token is not for that tenant.")
        self.require(principal, scope)
        return Access(principal, tenant)

    def goes_on(self, headers: Mapping[bytes, bytes], tenant: str, scope: str) -> bool:
        """Whether who was admitted would be again; costs nothing of their rate."""
        if self._authenticator is None:
            return True
        try:
            principal = self._authenticator.principal(headers)
            self.require(principal, scope)
        except ApiError:
            return False
        return principal.grants(tenant)

    def until(self, headers: Mapping[bytes, bytes]) -> float:
        """When the token of who was admitted expires, in seconds since 1970."""
        return inf if self._authenticator is None else self._authenticator.verified(headers)[1]

    def require(self, principal: Principal, scope: str) -> None:
        """403 where the scope or this server's environment is not granted."""
        if scope not in principal.scopes:
            raise ApiError(403, "scope_missing", f"This needs the scope {scope}.")
        allowed = principal.environments
        if allowed is not None and self._environment not in (None, *allowed):
            raise ApiError(403, "environment_forbidden", "This token is for elsewhere.")

    def _tenant(self, named: bytes | None, principal: Principal, implied: bool) -> str:
        if named is not None:
            name = named.rstrip()  # the parser leaves blanks at the end of a header
            if not TENANT.fullmatch(name):
                raise ApiError(400, "tenant_invalid", "X-Tenant-ID is no name of a tenant.")
            return name.decode("ascii")
        tenant = (principal.sole_tenant() if implied else None) or self._default
        if tenant is None:
            raise ApiError(400, "tenant_missing", "Name the tenant in the header X-Tenant-ID.")
        return tenant
