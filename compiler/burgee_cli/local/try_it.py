"""Lines to paste into a shell, for a flag that the repository has."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from burgee.load import Snapshot

__all__ = ["curl_lines", "write_lines"]

_USER = "u-1"


def curl_lines(url: str, snapshot: Snapshot, default_tenant: str | None) -> list[str]:
    """Return a call of the native API and one of OFREP; none where no flag can be evaluated."""
    found = next(_candidates(snapshot), None)
    if found is None:
        return []
    tenant, key = found
    headers = "-H 'Content-Type: application/json'"
    if tenant != default_tenant:
        headers += f" -H 'X-Tenant-ID: {tenant}'"
    native = json.dumps({"flag_key": key, "user": {"id": _USER, "attributes": {}}})
    ofrep = json.dumps({"context": {"targetingKey": _USER}})
    return [
        f"curl -s {headers} -d '{native}' {url}/v1/evaluate",
        f"curl -s {headers} -d '{ofrep}' {url}/ofrep/v1/evaluate/flags/{key}",
    ]


def write_lines(url: str, snapshot: Snapshot, default_tenant: str | None) -> list[str]:
    """Return a call that asks the writer what switching a flag off would do to users."""
    found = next(_candidates(snapshot), None)
    if found is None:
        return []
    tenant, key = found
    headers = "-H 'Content-Type: application/json'"
    if tenant != default_tenant:
        headers += f" -H 'X-Tenant-ID: {tenant}'"
    body = json.dumps({"state": "off"})
    return [f"curl -s -X PUT {headers} -d '{body}' '{url}/v1/flags/{key}/state?dry_run=true'"]


def _candidates(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield flags that have a value for the user of the example, boolean ones first."""
    now = time.time_ns() // 1_000
    others: list[tuple[str, str]] = []
    for tenant, flags in snapshot.tenants.items():
        for key in flags.keys():  # noqa: SIM118  a TenantFlags is not iterable
            result = flags.evaluate(key, {"targetingKey": _USER}, now)
            if isinstance(result.value, bool):
                yield tenant, key
            elif result.value is not None:
                others.append((tenant, key))
    yield from others
