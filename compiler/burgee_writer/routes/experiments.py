"""Reading experiments: the rules that are measured, in one flag or in all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from burgee_compiler.model.flag import Flag, Rule
from burgee_http.call import JSON, Call, Reply
from burgee_http.errors import ApiError
from burgee_http.json_text import encode_json
from burgee_http.tenancy import TENANT_HEADERS
from burgee_writer.routes.bodies import Query
from burgee_writer.routes.flags import entity_of
from burgee_writer.routes.resources import resource
from burgee_writer.routes.writes import admit
from burgee_writer.service import Service
from burgee_writer.writing.etags import etag_of

__all__ = ["get_experiment", "list_experiments"]

_ACTIVE: Final = frozenset({"running"})


def list_experiments(service: Service, call: Call) -> Reply:
    """Return all experiments, or those that run."""
    access = admit(service, call, "flags:r")
    query = Query.of(call, ("active",))
    only = query.text("active") is not None and query.truth("active")
    rest = query.text("active") is not None and not only
    tip = service.tip
    files = tip.repository.tenants.get(access.tenant)
    found = [
        shown
        for key, file in sorted((files.flags if files is not None else {}).items())
        if (flag := service.definitions.flag(tip, file)) is not None
        for shown in _experiments(key, flag)
        if not (only and shown["status"] not in _ACTIVE)
        and not (rest and shown["status"] in _ACTIVE)
    ]
    body = {"experiments": found, "commit": tip.commit, "request_id": call.request_id}
    return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS))


def get_experiment(service: Service, call: Call) -> Reply:
    """Return one experiment: its rule as the flag's file has it."""
    access = admit(service, call, "flags:r")
    Query.of(call, ())
    tip, key, name = service.tip, call.params["key"], call.params["rule"]
    entity = entity_of("flags", access.tenant, key)
    flag = resource(tip.files, entity)
    rules = flag.get("rules", []) if flag is not None else []
    rule = next((each for each in rules if _is_experiment(each, name)), None)
    if rule is None:
        raise ApiError(404, "not_found", f"There is no experiment {name} of {key}.")
    tag = etag_of(tip, entity) or '""'
    body = {"flag": key, "rule": rule, "commit": tip.commit, "request_id": call.request_id}
    return Reply(200, encode_json(body), (JSON, *TENANT_HEADERS, (b"etag", tag.encode())))


def _is_experiment(rule: Any, name: str) -> bool:
    return isinstance(rule, dict) and str(rule.get("name")) == name and "experiment" in rule


def _experiments(key: str, flag: Flag) -> Iterator[dict[str, Any]]:
    for rule in flag.rules:
        if rule.experiment is not None:
            yield _shown(key, rule)


def _shown(key: str, rule: Rule) -> dict[str, Any]:
    experiment = rule.experiment
    assert experiment is not None
    return {
        "flag": key,
        "rule": rule.name,
        "status": experiment.status,
        "control": experiment.control,
        "winner": experiment.winner,
        "hypothesis": experiment.hypothesis,
        "layer": experiment.layer,
        "events": experiment.events,
        "arms": sorted(rule.serve.split) if rule.serve.split is not None else [rule.serve.variant],
    }
