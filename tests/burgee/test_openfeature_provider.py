"""Promise: the provider says in OpenFeature's words what the client knows, and tells of changes."""

import asyncio
import queue
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import OpenFeatureError
from openfeature.provider import ProviderStatus
from openfeature.track import TrackingEventDetails

from burgee import Client
from burgee.client import Exposure
from burgee.openfeature import BurgeeProvider
from burgee.snapshot.forms import ExperimentForm
from support.edge import ACME
from support.scripted_node import Reply, ScriptedNode, scripted_node
from support.snapshots import TenantParts, flag, rule, split, write_environment
from support.waiting import until

DOMAIN = "test"
PRO = EvaluationContext("u1", {"plan": "pro"})
RUNNING = ExperimentForm(status="running", control=0)
PARTS = TenantParts(
    {
        **ACME.flags,
        "test": flag(rules=(rule("test", split=split("test", 0, 100), experiment=RUNNING),)),
        "broken": flag(requires={"broken": ("on",)}),
    }
)

Bind = Callable[..., OpenFeatureClient]


@pytest.fixture
def bind() -> Iterator[Bind]:
    """Make a provider of a client the one of a domain, and wait for it."""

    def make(client: Client, *, wait: bool = True, **more: Any) -> OpenFeatureClient:
        provider = BurgeeProvider(client, **more)
        (api.set_provider_and_wait if wait else api.set_provider)(provider, DOMAIN)
        return api.get_client(DOMAIN)

    yield make
    api.clear_providers()


@pytest.fixture
def asked(tmp_path: Path, bind: Bind) -> OpenFeatureClient:
    write_environment(tmp_path, {"acme": PARTS})
    return bind(Client(tmp_path, tenant="acme", defaults={"configured": True}, poll_seconds=0.02))


@pytest.mark.parametrize(
    ("kind", "key", "default", "value", "variant", "reason", "code"),
    [
        ("boolean", "targeted", False, True, "on", "TARGETING_MATCH", None),
        ("boolean", "killed", True, False, "off", "DISABLED", None),
        ("boolean", "killed-none", True, True, None, "DISABLED", None),
        ("string", "gone", "mine", "mine", "none", "DISABLED", None),
        ("boolean", "test", False, True, "on", "SPLIT", None),
        ("integer", "integer", 0, 10, "ten", "STATIC", None),
        ("float", "integer", 0.5, 10.0, "ten", "STATIC", None),
        ("float", "number", 0.5, 1.0, "one", "STATIC", None),
        ("integer", "number", 5, 5, None, "ERROR", "TYPE_MISMATCH"),
        ("integer", "targeted", 5, 5, None, "ERROR", "TYPE_MISMATCH"),
        ("float", "targeted", 5.5, 5.5, None, "ERROR", "TYPE_MISMATCH"),
        ("object", "list", {}, [1, "two"], "few", "STATIC", None),
        ("object", "object", [], {"steps": 3, "x": {"y": [1.0]}}, "a", "STATIC", None),
        ("object", "integer", {}, {}, None, "ERROR", "TYPE_MISMATCH"),
        ("boolean", "configured", False, True, None, "DEFAULT", None),
        ("string", "configured", "x", "x", None, "ERROR", "FLAG_NOT_FOUND"),
        ("boolean", "nope", True, True, None, "ERROR", "FLAG_NOT_FOUND"),
    ],
)
def test_details(
    asked: OpenFeatureClient,
    kind: str,
    key: str,
    default: Any,
    value: Any,
    variant: str | None,
    reason: str,
    code: str | None,
) -> None:
    later = getattr(asked, f"get_{kind}_details_async")(key, default, PRO)
    for details in (getattr(asked, f"get_{kind}_details")(key, default, PRO), asyncio.run(later)):
        assert (type(details.value), details.value) == (type(value), value)
        assert (details.variant, details.reason) == (variant, reason)
        assert (None if details.error_code is None else details.error_code.value) == code
        assert bool(details.error_message) is (code is not None)


def test_a_missing_targeting_key(asked: OpenFeatureClient) -> None:
    details = asked.get_boolean_details("half", True)
    assert details.value is True
    assert details.error_code is not None
    assert details.error_code.value == "TARGETING_KEY_MISSING"
    assert details.flag_metadata["team"] == "growth"


def test_metadata_tell_the_native_reason(asked: OpenFeatureClient) -> None:
    assert asked.get_boolean_details("test", False, PRO).flag_metadata == {
        "burgee.reason": "experiment_assigned",
        "burgee.rule": "test",
        "burgee.experiment": "test",
        "burgee.version": "1-abcdef0",
        "version": "1-abcdef0",
    }
    metadata = asked.get_boolean_details("targeted", False, PRO).flag_metadata
    assert metadata["burgee.reason"] == "rule_match"
    assert (metadata["tier"], metadata["beta"]) == (2, True)


class Heard:
    """The events of a domain, as they come."""

    def __init__(self, client: OpenFeatureClient) -> None:
        self.events: queue.Queue[tuple[ProviderEvent, EventDetails]] = queue.Queue()
        for event in ProviderEvent:
            client.add_handler(event, self._listener(event))

    def _listener(self, event: ProviderEvent) -> Callable[[EventDetails], None]:
        return lambda details: self.events.put((event, details))

    def next(self, event: ProviderEvent) -> EventDetails:
        got, details = self.events.get(timeout=20)
        assert got == event, (got, details)
        return details


def test_changes_are_told_by_key(tmp_path: Path, asked: OpenFeatureClient) -> None:
    heard = Heard(asked)
    heard.next(ProviderEvent.PROVIDER_READY)
    changed = TenantParts({**PARTS.flags, "targeted": flag("on"), "fresh": flag("on")})
    write_environment(tmp_path, {"acme": changed}, sequence=2)
    details = heard.next(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)
    assert details.flags_changed == ["fresh", "targeted"]
    assert details.metadata == {"burgee.version": "2-abcdef0"}
    assert asked.get_boolean_value("fresh", False) is True


def test_staleness_and_recovery_are_told(tmp_path: Path, bind: Bind) -> None:
    write_environment(tmp_path, {"acme": PARTS})
    client = Client(tmp_path, tenant="acme", poll_seconds=0.02, stale_after=0.2)
    asked = bind(client)
    heard = Heard(asked)
    heard.next(ProviderEvent.PROVIDER_READY)
    manifest = tmp_path / "production" / "manifest.json"
    manifest.rename(tmp_path / "aside")
    assert "unreadable" in (heard.next(ProviderEvent.PROVIDER_STALE).message or "")
    assert asked.get_provider_status() == ProviderStatus.STALE
    assert asked.get_boolean_value("targeted", False, PRO) is True, "the last good one"
    (tmp_path / "aside").rename(manifest)
    heard.next(ProviderEvent.PROVIDER_READY)
    assert asked.get_provider_status() == ProviderStatus.READY


def test_a_kept_copy_is_stale_until_it_is_confirmed(tmp_path: Path, bind: Bind) -> None:
    write_environment(tmp_path / "dist", {"acme": PARTS})

    def make() -> Client:
        return Client(
            tmp_path / "dist",
            tenant="acme",
            environment="production",
            poll_seconds=0.02,
            cache_dir=tmp_path / "cache",
        )

    order = tmp_path / "cache" / "production" / "acme" / "order.json"
    with make():
        until(order.exists, "the copy")
    (tmp_path / "dist").rename(tmp_path / "aside")
    asked = bind(make())
    assert asked.get_boolean_value("targeted", False, PRO) is True
    until(lambda: asked.get_provider_status() == ProviderStatus.STALE, "nobody confirms it")
    (tmp_path / "aside").rename(tmp_path / "dist")
    until(lambda: asked.get_provider_status() == ProviderStatus.READY, "the source is back")


def test_one_that_comes_later(tmp_path: Path, bind: Bind) -> None:
    client = Client(tmp_path, tenant="acme", environment="production", poll_seconds=0.02)
    asked = bind(client, wait=False, ready_seconds=0.0)
    heard = Heard(asked)
    heard.next(ProviderEvent.PROVIDER_ERROR)
    details = asked.get_boolean_details("targeted", True, PRO)
    assert details.value is True
    assert details.error_code is not None
    assert details.error_code.value == "PROVIDER_NOT_READY"
    write_environment(tmp_path, {"acme": PARTS})
    heard.next(ProviderEvent.PROVIDER_READY)
    assert asked.get_provider_status() == ProviderStatus.READY
    assert asked.get_boolean_value("killed", True, PRO) is False


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ScriptedNode]:
    write_environment(tmp_path, {"acme": PARTS})
    with scripted_node(tmp_path) as found:
        yield found


@pytest.mark.parametrize(("status", "word"), [(401, "token"), (403, "scope")])
def test_wrong_credentials_are_fatal(
    node: ScriptedNode, bind: Bind, status: int, word: str
) -> None:
    node.fault = lambda asked: Reply(status, b"{}")
    client = Client(node.url, tenant="acme", allow_unsigned=True, token="wrong")
    with pytest.raises(OpenFeatureError) as caught:
        bind(client)
    assert word in (caught.value.error_message or "")
    asked = api.get_client(DOMAIN)
    assert asked.get_provider_status() == ProviderStatus.FATAL
    assert asked.get_boolean_value("targeted", True) is True


def test_credentials_that_expire_do_not_stop_what_is_held(node: ScriptedNode, bind: Bind) -> None:
    client = Client(
        node.url, tenant="acme", allow_unsigned=True, poll_seconds=0.05, stale_after=0.2
    )
    asked = bind(client)
    heard = Heard(asked)
    heard.next(ProviderEvent.PROVIDER_READY)
    node.fault = lambda asked: Reply(401, b"{}")
    assert "unauthenticated" in (heard.next(ProviderEvent.PROVIDER_STALE).message or "")
    assert asked.get_boolean_value("targeted", False, PRO) is True


def test_what_an_app_tracks_and_who_was_exposed(tmp_path: Path, bind: Bind) -> None:
    write_environment(tmp_path, {"acme": PARTS})
    tracked: list[tuple[str, Mapping[str, Any], TrackingEventDetails | None]] = []
    exposed: list[Exposure] = []
    client = Client(tmp_path, tenant="acme", exposures=exposed.append)
    asked = bind(client, track=lambda *told: tracked.append(told))
    assert asked.get_boolean_value("test", False, PRO) is True
    asked.get_string_value("test", "another type", PRO)
    asked.track("purchase", PRO, TrackingEventDetails(9.5))
    ((name, context, details),) = tracked
    assert (name, context) == ("purchase", {"plan": "pro", "targetingKey": "u1"})
    assert details is not None
    assert details.value == 9.5
    (exposure,) = exposed
    assert (exposure.targeting_key, exposure.variant) == ("u1", "on")


def test_shutting_down_closes_the_client(tmp_path: Path, bind: Bind) -> None:
    write_environment(tmp_path, {"acme": PARTS})
    client = Client(tmp_path, tenant="acme")
    bind(client)
    api.shutdown()
    assert client.state.status == "closed"
