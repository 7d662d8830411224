"""Promise: OpenFeature's own scenarios of evaluation hold for its Python provider at our node, and
for our provider in process, over the folder and over the node."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagEvaluationDetails
from openfeature.provider import AbstractProvider
from requests import Session

from burgee import Client
from burgee.openfeature import BurgeeProvider
from support.edge_process import EdgeProcess
from support.gherkin import Scenario, Steps, parse_scenarios
from support.process import ROOT

_FEATURE = Path(__file__).parent / "data" / "evaluation.feature"
_ORIGINAL = ROOT.parent / "shared" / "cases" / "openfeature-spec" / "evaluation.feature"
_SCENARIOS = parse_scenarios(_FEATURE.read_text(encoding="utf-8"))
_DOMAIN = "scenarios"


class World:
    """What a scenario has said so far."""

    def __init__(self, client: OpenFeatureClient) -> None:
        self.client = client
        self.context: EvaluationContext | None = None
        self.asked: tuple[str, str, Any] = ("", "", None)
        self.details: FlagEvaluationDetails[Any] | None = None

    def ask(self, kind: str, key: str, default: Any) -> None:
        self.asked = kind, key, default
        ask = getattr(self.client, f"get_{kind}_details")
        self.details = ask(key, default, self.context)

    @property
    def answer(self) -> FlagEvaluationDetails[Any]:
        assert self.details is not None
        return self.details


steps: Steps[World] = Steps()

_KIND = r"an? (boolean|string|integer|float|object) flag with key \"([^\"]*)\" is evaluated"


def _typed(kind: str, text: str) -> Any:
    """A value as the sentences write it: booleans in quotes like strings."""
    bare = text.strip('"')
    if kind == "boolean":
        return {"true": True, "false": False}[bare]
    return {"string": str, "integer": int, "float": float}[kind](bare)


def _guessed(text: str) -> Any:
    """A value whose kind no word tells."""
    if not text.startswith('"'):
        return int(text)
    return {"true": True, "false": False}.get(text.strip('"'), text.strip('"'))


def _several(text: str) -> list[str]:
    return re.findall(r'"[^"]*"|\d+', text)


@steps(r"a stable provider")
def _(world: World) -> None:
    assert world.client.get_provider_status().value == "READY"


@steps(_KIND + r" with (?:details and )?default value (.+)")
def _(world: World, kind: str, key: str, default: str) -> None:
    world.ask(kind, key, _typed(kind, default))


@steps(_KIND + r" with (?:details and )?a null default value")
def _(world: World, kind: str, key: str) -> None:
    world.ask(kind, key, {})


@steps(r'a flag with key "([^"]*)" is evaluated with default value "([^"]*)"')
def _(world: World, key: str, default: str) -> None:
    world.ask("string", key, default)


@steps(
    r'a non-existent string flag with key "([^"]*)" is evaluated with details and a fallback'
    r' value "([^"]*)"'
)
def _(world: World, key: str, default: str) -> None:
    world.ask("string", key, default)


@steps(
    r'a string flag with key "([^"]*)" is evaluated as an integer, with details and a fallback'
    r" value (\d+)"
)
def _(world: World, key: str, default: str) -> None:
    world.ask("integer", key, int(default))


@steps(r"context contains keys (.+) with values (.+)")
def _(world: World, keys: str, values: str) -> None:
    names = [key.strip('"') for key in _several(keys)]
    attributes = dict(zip(names, map(_guessed, _several(values)), strict=True))
    world.context = EvaluationContext(attributes=attributes)


@steps(
    r"the resolved (boolean|string|integer|float)(?: details)? (?:value|response) should be"
    r" ((?:\"[^\"]*\")|[\d.]+)"
)
def _(world: World, kind: str, expected: str) -> None:
    _expect_value(world, _typed(kind, expected))


@steps(
    r"the resolved (boolean|string|integer|float) details value should be ([^,]+), the variant"
    r' should be "([^"]*)", and the reason should be "([^"]*)"'
)
def _(world: World, kind: str, expected: str, variant: str, reason: str) -> None:
    _expect_value(world, _typed(kind, expected))
    _expect_way(world, variant, reason)


@steps(
    r"the resolved object (?:details )?value should be contain fields (.+), with values (.+),"
    r" respectively"
)
def _(world: World, fields: str, values: str) -> None:
    names = [field.strip('"') for field in _several(fields)]
    _expect_value(world, dict(zip(names, map(_guessed, _several(values)), strict=True)))


@steps(r'the variant should be "([^"]*)", and the reason should be "([^"]*)"')
def _(world: World, variant: str, reason: str) -> None:
    _expect_way(world, variant, reason)


@steps(r'the resolved flag value is "([^"]*)" when the context is empty')
def _(world: World, expected: str) -> None:
    world.context = EvaluationContext()
    world.ask(*world.asked)
    _expect_value(world, expected)


@steps(r"the default (?:string|integer) value should be returned")
def _(world: World) -> None:
    _expect_value(world, world.asked[2])


@steps(
    r"the reason should indicate an error and the error code should indicate"
    r' (?:a missing flag|a type mismatch) with "([^"]*)"'
)
def _(world: World, code: str) -> None:
    assert world.answer.reason == "ERROR"
    assert world.answer.error_code is not None
    assert world.answer.error_code.value == code


def _expect_value(world: World, expected: Any) -> None:
    """The type counts too: 1 is neither 1.0 nor true here."""
    value = world.answer.value
    assert (type(value), value) == (type(expected), expected), world.answer


def _expect_way(world: World, variant: str, reason: str) -> None:
    assert (world.answer.variant, world.answer.reason) == (variant, reason)


@pytest.fixture(scope="module", params=["ofrep", "folder", "node"])
def client(
    request: pytest.FixtureRequest, spec: EdgeProcess, dist: Path
) -> Iterator[OpenFeatureClient]:
    tenant = "openfeature-spec"
    session: Session | None = None
    provider: AbstractProvider
    if request.param == "ofrep":
        remote = OFREPProvider(spec.url, headers_factory=lambda: dict(spec.headers))
        provider, session = remote, remote.session
    elif request.param == "folder":
        provider = BurgeeProvider(Client(dist, tenant=tenant, environment="production"))
    else:
        provider = BurgeeProvider(Client(spec.url, tenant=tenant, allow_unsigned=True))
    api.set_provider_and_wait(provider, _DOMAIN)
    yield api.get_client(_DOMAIN)
    api.clear_providers()
    if session is not None:
        session.close()


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=lambda each: each.name.replace(" ", "-"))
def test_scenario(scenario: Scenario, client: OpenFeatureClient) -> None:
    steps.run(scenario, World(client))


def test_every_scenario_is_run() -> None:
    assert len(_SCENARIOS) == _FEATURE.read_text(encoding="utf-8").count("Scenario:") == 13


@pytest.mark.skipif(not _ORIGINAL.exists(), reason="the original is not beside this clone")
def test_the_feature_is_the_original() -> None:
    assert _FEATURE.read_bytes() == _ORIGINAL.read_bytes()
