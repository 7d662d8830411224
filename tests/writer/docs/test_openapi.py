"""Promise: the OpenAPI document is valid and describes the writer as it is: every route, query
parameter, status and code, and nothing else.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31
from starlette.routing import Route

from burgee_http.application import Application
from burgee_writer.codes import CODES
from burgee_writer.history.audit import AuditEntry
from burgee_writer.openapi import openapi
from burgee_writer.openapi_definitions import definitions
from burgee_writer.openapi_shapes import ANSWERS
from burgee_writer.routes.statuses import STATUSES
from burgee_writer.serve import build
from support.edge_process import EdgeProcess
from support.plain_writer import committed, plain_writer
from support.process import ROOT
from support.token_writer import writer_options

FILES = {"burgee.yaml": "environments: [production]\n", "acme/flags/a.yaml": "default: on\n"}
OWN = {"/openapi.json", "/docs", "/docs/{name}"}
RAISED = {"ApiError": 1, "ChangeRefused": 0, "WriteRefused": 0, "Refused": 0}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return committed(tmp_path_factory.mktemp("repository"), FILES)


@pytest.fixture(scope="module")
def writer(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeProcess]:
    with plain_writer(repository, tmp_path_factory.mktemp("state")) as found:
        yield found.named(x_tenant_id="acme")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def parameters(operation: dict[str, Any], where: str) -> set[str]:
    known = openapi()["components"]["parameters"]
    named = (known[each["$ref"].rpartition("/")[2]] for each in operation["parameters"])
    return {each["name"] for each in named if each["in"] == where}


def test_it_is_valid() -> None:
    problems = [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(openapi())]
    assert problems == []
    for schema in openapi()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(openapi())
    for kind, name in set(re.findall(r'"#/components/(\w+)/([^"]+)"', text)):
        assert name in openapi()["components"][kind], name


def test_no_name_stands_for_two_things() -> None:
    named = [*definitions(), *ANSWERS]
    schemas = openapi()["components"]["schemas"]
    assert len(named) == len(set(named))
    assert all(schemas[name] == each for name, each in {**definitions(), **ANSWERS}.items())
    names = [each["operationId"] for _, _, each in operations()]
    assert len(names) == len(set(names))


def test_a_body_has_the_fields_of_the_file() -> None:
    fields = openapi()["components"]["schemas"]["FlagFields"]["properties"]
    assert {"key", "default", "variants", "rules", "overrides", "state", "environments"} <= {
        *fields
    }
    validator = Draft202012Validator({**openapi(), "$ref": "#/components/schemas/FlagUpsert"})
    good = {"key": "a", "default": {"serve": "on", "percentage": 50}, "name": None}
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "defualt": "on"})
    assert not validator.is_valid({"default": "on"})


def test_every_route_is_described_and_the_reverse(repository: Path, tmp_path: Path) -> None:
    (listener,) = build(writer_options(tmp_path, repo=str(repository), insecure=True))
    app = listener.app
    assert isinstance(app, Application)
    routes = [each for each in app.router.routes if isinstance(each, Route)]
    assert len(routes) == len(app.router.routes)
    made = {
        (method, route.path.replace(":path}", "}"))
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
        if route.path not in OWN
    }
    assert made == {(method, path) for method, path, _ in operations()}


def test_every_parameter_is_described_and_the_reverse(writer: EdgeProcess) -> None:
    asked = 0
    for method, path, operation in operations():
        if not path.startswith("/v1/") or path in ("/v1/events", "/v1/auth/token"):
            continue
        target = path.replace("{user}", "u").replace("{rule}", "r").replace("{id}", "d")
        body = None if method in ("GET", "DELETE") else {"key": "a"}
        answer = writer.send(method, f"{target.replace('{key}', 'a')}?nonsense=1", body)
        if path.endswith("/redeliver"):
            continue  # it takes none, and looks at none
        assert answer.status == 400, f"{method} {path}"
        refused: Any = answer.json()
        words = set(re.split(r"[\s,;.:']+", refused["error"]["message"]))
        taken = parameters(operation, "query")
        assert taken <= words, f"{method} {path}"
        known = {each["name"] for each in openapi()["components"]["parameters"].values()}
        assert words & known - {"is"} == taken, f"{method} {path}"
        asked += 1
    assert asked > 25


def given(source: Path) -> Iterator[tuple[int, str]]:
    """The statuses and codes that a module's text can answer with."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        place = RAISED.get(node.func.id)
        if place is None or len(node.args) <= place:
            continue
        if node.func.id == "Refused" and source.parent.name != "git":
            continue
        code = node.args[place]
        if not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
            continue
        if node.func.id == "ApiError":
            status = node.args[0]
            if isinstance(status, ast.Constant):
                yield int(str(status.value)), code.value
        else:
            yield STATUSES[code.value], code.value


def test_every_code_that_can_be_given_is_described() -> None:
    sources = [
        *(ROOT / "compiler" / "burgee_writer").rglob("*.py"),
        *(each for each in (ROOT / "edge" / "burgee_http").glob("*.py") if each.name != "ofrep.py"),
    ]
    found = {pair for source in sources for pair in given(source)}
    assert len(found) > 30
    described = {(each.status, each.name) for each in CODES}
    assert found - described == set()
    assert {(status, code) for code, status in STATUSES.items()} <= described
    assert len(described) == len(CODES)


def test_every_write_declares_every_status_of_a_refusal() -> None:
    for method, path, operation in operations():
        if "IdempotencyKey" in json.dumps(operation["parameters"]):
            missing = {str(each) for each in STATUSES.values()} - operation["responses"].keys()
            assert missing == set(), f"{method} {path}"


def test_an_entry_of_the_audit_is_as_its_type() -> None:
    assert set(ANSWERS["AuditEntry"]["properties"]) == set(AuditEntry.__struct_fields__)
    assert ANSWERS["AuditEntry"]["required"] == sorted(AuditEntry.__struct_fields__)


def test_the_writer_serves_it(writer: EdgeProcess) -> None:
    assert writer.get("/openapi.json").json() == json.loads(json.dumps(openapi()))
    page = writer.get("/docs")
    assert page.status == 200
    assert "//" not in "".join(re.findall(r'(?:src|href)="([^"]+)"', page.body.decode()))


def test_what_is_answered_is_of_the_schema_that_is_named(writer: EdgeProcess) -> None:
    calls: list[tuple[str, str, object]] = [
        ("POST", "/v1/flags", {"key": "b", "variants": ["x", "y"], "default": "x"}),
        ("POST", "/v1/flags", {"key": "b", "defualt": "x"}),
        ("PUT", "/v1/flags/b/state", {"state": "off"}),
        ("PUT", "/v1/flags/b/overrides/u", {"serve": "y"}),
        (
            "PUT",
            "/v1/flags/b/experiments/e",
            {"control": "x", "serve": {"split": {"x": 1, "y": 1}}},
        ),
        ("PATCH", "/v1/flags/b/experiments/e", {"status": "running"}),
        ("POST", "/v1/segments", {"key": "s", "members": ["u"]}),
        ("POST", "/v1/changes", {"changes": [{"method": "DELETE", "path": "/v1/segments/s"}]}),
        ("PATCH", "/v1/flags/b", {"overrides": []}),
        ("GET", "/v1/flags", None),
        ("GET", "/v1/flags/b", None),
        ("GET", "/v1/segments", None),
        ("GET", "/v1/experiments", None),
        ("GET", "/v1/flags/b/experiments/e", None),
        ("GET", "/v1/stats", None),
        ("GET", "/v1/audit", None),
        ("GET", "/v1/webhooks/deliveries", None),
        ("GET", "/.well-known/jwks.json", None),
        ("POST", "/v1/auth/token", {"grant_type": "password"}),
        ("GET", "/v1/flags/nobody", None),
    ]
    for method, path, body in calls:
        answer = writer.send(method, path, body)
        schema = _schema(method, path, answer.status)
        problems = [each.message for each in _validator(schema).iter_errors(answer.json())]
        assert problems == [], f"{method} {path} {answer.status} {answer.body!r}"


def _schema(method: str, path: str, status: int) -> dict[str, Any]:
    for each, template, operation in operations():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if each == method and re.fullmatch(pattern, path):
            response = operation["responses"][str(status)]
            if "$ref" in response:
                name = response["$ref"].rpartition("/")[2]
                response = openapi()["components"]["responses"][name]
            found: dict[str, Any] = response["content"]["application/json"]["schema"]
            return found
    raise AssertionError(f"{method} {path} is not described")


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": openapi()["components"]})
