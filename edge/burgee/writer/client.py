"""The writer client: flags, segments and experiments changed by calls, each of them a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from burgee.writer.answers import Written
from burgee.writer.experiments import ExperimentCalls
from burgee.writer.flags import FlagCalls
from burgee.writer.groups import SegmentCalls
from burgee.writer.plain import rfc3339

if TYPE_CHECKING:
    from typing import Unpack

    from burgee.writer.base import Options

__all__ = ["WriterClient"]


class WriterClient(FlagCalls, SegmentCalls, ExperimentCalls):
    """Writes flags of a tenant. Safe to share between threads; holds no connection open.

    `token` is a token, a function that returns one, or ClientCredentials. A call that fails for
    the network's or the writer's sake is made again, under the same idempotency key, for as long
    as `retry_seconds`; every other failure is a WriterError at once.
    """

    def changes(self, changes: Iterable[Mapping[str, Any]], **options: Unpack[Options]) -> Written:
        """Make several writes in one commit, all or none: each is `{method, path, body}`."""
        return self._write("POST", "/v1/changes", {"changes": list(changes)}, options)

    def undo(self, commit: str, entity: str | None = None, **options: Unpack[Options]) -> Written:
        """Give back what was before a commit, by a new one; of one entity, or of all."""
        body = {"commit": commit} if entity is None else {"commit": commit, "entity": entity}
        return self._write("POST", "/v1/undo", body, options)

    def audit(
        self,
        *,
        entity: str | None = None,
        entity_key: str | None = None,
        actor: str | None = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        limit: int | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield who changed what, newest first, page by page of `limit`."""
        query = {
            "entity": entity,
            "entity_key": entity_key,
            "actor": actor,
            "since": None if since is None else rfc3339(since),
            "until": None if until is None else rfc3339(until),
            "limit": limit,
        }
        return self._pages("/v1/audit", "entries", query, "cursor", "cursor")

    def stats(self) -> Mapping[str, Any]:
        """Return how many flags there are, by state and kind, and what is stale."""
        found: Mapping[str, Any] = self._calls.get("/v1/stats").body
        return found
