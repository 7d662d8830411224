"""Figures of a tenant's flags, worked out once for each commit and day."""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

from burgee_compiler.counting import TenantCounts, count_tenant
from burgee_compiler.model.files import StaleSettings
from burgee_compiler.stale import find_stale
from burgee_http.call import JSON, Call, Reply
from burgee_http.json_text import encode_json
from burgee_http.tenancy import TENANT_HEADERS
from burgee_writer.routes.bodies import Query
from burgee_writer.routes.writes import admit
from burgee_writer.service import Service
from burgee_writer.tips.tip import Tip

__all__ = ["Stats"]

_HOUR: Final = 3_600_000_000


class Stats:
    """`GET /v1/stats`; what is stale may be up to an hour old, as long as nobody writes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = Lock()
        self._known: dict[str, TenantCounts] = {}
        self._of: tuple[str | None, int] = (None, 0)

    def __call__(self, call: Call) -> Reply:
        access = admit(self._service, call, "flags:r")
        Query.of(call, ())
        tip = self._service.tip
        counts = self._counts(tip, access.tenant)
        body = {**_shown(counts), "commit": tip.commit, "request_id": call.request_id}
        return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS))

    def _counts(self, tip: Tip, tenant: str) -> TenantCounts | None:
        now = self._service.now
        of = tip.commit, now // _HOUR
        with self._lock:
            if of != self._of:
                self._known, self._of = self._counted(tip, now), of
            return self._known.get(tenant)

    def _counted(self, tip: Tip, now: int) -> dict[str, TenantCounts]:
        repository = tip.repository
        settings = StaleSettings() if repository.burgee is None else repository.burgee.stale
        history = self._service.writer.past(str(tip.commit))
        stale = find_stale(repository, tip.found, history, now, settings).found
        environments = self._service.environments(tip)
        return {
            name: count_tenant(files, environments, stale, now)
            for name, files in repository.tenants.items()
        }


def _shown(counts: TenantCounts | None) -> dict[str, Any]:
    if counts is None:
        return {"total": 0, "by_state": {}, "by_kind": {}, "experiments": {}, "stale": {}}
    environments = counts.environments
    return {
        "total": counts.flags,
        "unread": counts.unread,
        "segments": counts.segments,
        "tests": counts.tests,
        "untested": counts.untested,
        "by_state": {name: {"on": e.on, "off": e.off} for name, e in environments.items()},
        "by_kind": counts.kinds,
        "by_type": counts.types,
        "by_owner": counts.owners,
        "by_tag": counts.tags,
        "experiments": {name: e.experiments for name, e in environments.items()},
        "overrides": {name: e.overrides for name, e in environments.items()},
        "stale": {"flags": counts.stale_flags, "segments": counts.stale_segments}
        | {"reasons": counts.stale},
    }
