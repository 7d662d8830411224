"""What was sent to a tenant's webhooks, and sending it once more."""

from __future__ import annotations

from functools import partial
from typing import Final, cast

from starlette.routing import Route

from burgee_http.call import JSON, Call, Reply
from burgee_http.endpoint import route
from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json
from burgee_http.metrics import Metrics
from burgee_http.tenancy import TENANT_HEADERS
from burgee_writer.routes.bodies import Query
from burgee_writer.routes.writes import admit
from burgee_writer.service import Service
from burgee_writer.webhooks.deliver import WebhookFigures, Webhooks
from burgee_writer.webhooks.ledger import DeliveryState

__all__ = ["add_webhook_metrics", "webhook_routes"]

_PATH: Final = "/v1/webhooks/deliveries"
_STATES: Final = ("pending", "delivered", "dead")
_SCOPE: Final = "admin"


def webhook_routes(service: Service, webhooks: Webhooks) -> list[Route]:
    """Return the routes; those who may see what was sent have the scope admin."""
    return [
        route(_PATH, partial(_list, service, webhooks), blocking=True),
        route(
            f"{_PATH}/{{id}}/redeliver",
            partial(_redeliver, service, webhooks),
            ("POST",),
            blocking=True,
        ),
    ]


def _list(service: Service, webhooks: Webhooks, call: Call) -> Reply:
    access = admit(service, call, _SCOPE)
    query = Query.of(call, ("limit", "cursor", "state"))
    state = query.text("state")
    if state not in (None, *_STATES):
        raise ApiError(400, "invalid_parameter", f"state is one of {', '.join(_STATES)}.")
    try:
        page = webhooks.log(
            access.tenant,
            limit=query.number("limit", 50, 200),
            cursor=query.text("cursor"),
            state=cast("DeliveryState | None", state),
        )
    except ValueError:
        raise ApiError(400, "bad_cursor", "The cursor is none that was given.") from None
    body = {
        "deliveries": page.deliveries,
        "cursor": page.cursor,
        "request_id": call.request_id,
    }
    return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS))


def _redeliver(service: Service, webhooks: Webhooks, call: Call) -> Reply:
    access = admit(service, call, _SCOPE)
    if not webhooks.redeliver(access.tenant, call.params["id"]):
        raise ApiError(404, "not_found", "There is no such delivery.")
    body = {"id": call.params["id"], "state": "pending", "request_id": call.request_id}
    return Reply(202, encode_json(body), (JSON, *TENANT_HEADERS))


def add_webhook_metrics(metrics: Metrics, webhooks: Webhooks) -> None:
    """Add counts; none names a tenant or an address."""

    def read(name: str) -> float:
        figures: WebhookFigures = webhooks.figures()
        return float(getattr(figures, name))

    for name, help in (
        ("delivered", "Deliveries that were taken."),
        ("failed", "Tries that failed."),
        ("dead", "Deliveries given up."),
    ):
        metrics.computed(f"burgee_webhooks_{name}_total", help, partial(read, name), kind="counter")
    metrics.computed("burgee_webhooks_pending", "Deliveries to make.", partial(read, "pending"))
    metrics.computed(
        "burgee_webhooks_leads",
        "1 where this writer is the one that delivers.",
        partial(read, "leads"),
    )
