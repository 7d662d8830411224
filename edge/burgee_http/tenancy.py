"""The gate in front of every tenant's data: who calls, for which tenant, and may they."""

from collections.abc import Mapping
from typing import Final

import msgspec

from burgee_http.authentication import Authenticator, Known
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


_MOST_REMEMBERED: Final = 4096

_Asked = tuple[bytes | None, bytes | None, bytes | None, str, bool]
"""All that says who may: credentials, tenant, the scope needed, whether a tenant is implied."""


class Access(msgspec.Struct, frozen=True):
    principal: Principal
    tenant: str


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
        self._known: Known | None = None  # what the admitted were verified under
        self._admitted: dict[_Asked, tuple[Access, float]] = {}

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
        authenticator = self._authenticator
        if authenticator is None:
            return self._judge(ANYONE, headers, scope, implied)
        known = authenticator.known()
        if known is not self._known:
            self._known, self._admitted = known, {}
        get = headers.get
        asked = get(b"authorization"), get(b"x-api-key"), get(b"x-tenant-id"), scope, implied
        found = self._admitted.get(asked)
        if found is None or authenticator.clock() >= found[1]:
            return self._admit(authenticator, headers, asked)
        access = found[0]
        if access.principal.rate is not None:
            self._limiter.take(access.principal)
        return access

    def _admit(
        self, authenticator: Authenticator, headers: Mapping[bytes, bytes], asked: _Asked
    ) -> Access:
        """What was admitted once is so until it ends; what was refused is judged anew."""
        admitted = self._admitted  # verified under what is known now, or later: never before
        principal, until = authenticator.verified(headers)
        if principal.rate is not None:
            self._limiter.take(principal)
        access = self._judge(principal, headers, asked[3], asked[4])
        if len(admitted) >= _MOST_REMEMBERED:
            admitted.clear()
        admitted[asked] = access, until
        return access

    def _judge(
        self, principal: Principal, headers: Mapping[bytes, bytes], scope: str, implied: bool
    ) -> Access:
        tenant = self._tenant(headers.get(b"x-tenant-id"), principal, implied)
        if not principal.grants(tenant):
            raise ApiError(403, "tenant_forbidden", "This token is not for that tenant.")
        self.require(principal, scope)
        return Access(principal, tenant)

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
