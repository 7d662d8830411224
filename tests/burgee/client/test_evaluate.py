"""Promise: a client gives the flag's value or the app's default, of the default's type, and never
raises."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burgee import Client
from burgee.client import Exposure
from burgee.snapshot.forms import ExperimentForm, OutcomeForm
from burgee.testing import override
from support.edge import ACME
from support.snapshots import TenantParts, flag, rule, split, write_environment

PRO = {"targetingKey": "u1", "plan": "pro"}
EXPERIMENT = rule(
    "test",
    split=split("test", 0, 100),
    experiment=ExperimentForm(status="running", control=0),
)
PARTS = TenantParts({**ACME.flags, "test": flag(rules=(EXPERIMENT,))})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    write_environment(tmp_path, {"acme": PARTS})
    with Client(tmp_path, tenant="acme") as found:
        yield found


@pytest.mark.parametrize(
    ("key", "context", "default", "value", "problem"),
    [
        ("targeted", PRO, False, True, None),
        ("targeted", {}, True, False, None),
        ("targeted", None, None, False, None),
        ("integer", {}, 0, 10, None),
        ("integer", {}, 0.5, 10.0, None),
        ("number", {}, 0.5, 1.0, None),
        ("number", {}, 5, 5, "type_mismatch"),
        ("integer", {}, True, True, "type_mismatch"),
        ("targeted", {}, 7, 7, "type_mismatch"),
        ("string.nested", {}, "x", "hi", None),
        ("string.nested", {}, 1, 1, "type_mismatch"),
        ("object", {}, {}, {"steps": 3, "x": {"y": [1.0]}}, None),
        ("object", {}, [], [], "type_mismatch"),
        ("list", {}, [], [1, "two"], None),
        ("list", {}, (), [1, "two"], None),
        ("list", {}, {}, {}, "type_mismatch"),
        ("zero", {}, 9, 0, None),
        ("gone", {}, "mine", "mine", None),
        ("killed", {}, True, False, None),
        ("killed-none", {}, True, True, None),
        ("half", {}, True, True, "targeting_key_missing"),
        ("nope", {}, "mine", "mine", "flag_not_found"),
    ],
)
def test_value_or_default(
    client: Client, key: str, context: Any, default: Any, value: Any, problem: str | None
) -> None:
    details = client.details(key, context, default)
    assert (type(details.value), details.value) == (type(value), value)
    assert details.problem == problem
    found = client.evaluate(key, context, default)
    assert (type(found), found) == (type(value), value)


def test_details_tell_how_it_came_about(client: Client) -> None:
    details = client.details("targeted", PRO, False)
    assert (details.origin, details.version, details.status) == ("flag", "1-abcdef0", "ready")
    assert (details.result.reason, details.result.rule) == ("rule_match", "pro")
    assert details.result.metadata["team"] == "growth"


class Hostile:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        return "hostile"


@pytest.mark.parametrize(
    ("key", "context"),
    [
        (None, {}),
        (["targeted"], {}),
        (Hostile(), {}),
        ("targeted", 7),
        ("targeted", "text"),
        ("targeted", {"plan": Hostile(), "targetingKey": object()}),
        ("targeted", {1: 2, None: Hostile()}),
        ("half", {"targetingKey": Hostile()}),
    ],
)
def test_never_raises(client: Client, key: Any, context: Any) -> None:
    default = "mine"
    assert client.evaluate(key, context, default) == default
    assert client.details(key, context, default).origin == "default"


def test_an_error_is_told_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "burgee.client"):
        for _ in range(5):
            assert client.evaluate("targeted", 7, True) is True  # type: ignore[call-overload]
    assert len(caplog.records) == 1


def test_a_context_that_contains_itself(client: Client) -> None:
    context: dict[str, Any] = {"targetingKey": "u1", "plan": "pro"}
    context["self"] = context
    assert client.evaluate("targeted", context, False) is True


def test_values_are_the_apps_to_change(client: Client) -> None:
    empty: dict[str, Any] = {}
    first = client.evaluate("object", {}, empty)
    first["x"]["y"].append(2)
    first.clear()
    assert client.evaluate("object", {}, {}) == {"steps": 3, "x": {"y": [1.0]}}
    client.evaluate("object")["x"]["y"].clear()
    assert client.all()["object"].value == {"steps": 3, "x": {"y": [1.0]}}


def test_a_missing_flag_has_a_configured_default(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    defaults = {"nope": True, "targeted": True, "shape": {"a": [1]}, "gone": "x"}
    with Client(tmp_path, tenant="acme", defaults=defaults) as client:
        assert client.evaluate("nope", {}, False) is True
        assert client.details("nope", {}, False).origin == "configured"
        assert client.evaluate("nope") is True
        assert client.evaluate("nope", {}, "text") == "text"
        assert client.evaluate("targeted", {}, True) is False, "it is there"
        assert client.evaluate("gone", {}, "mine") == "mine", (
            "it is there, and serves the app's own"
        )
        empty: dict[str, Any] = {}
        client.evaluate("shape", {}, empty)["a"].append(2)
        assert client.evaluate("shape", {}, {}) == {"a": [1]}


def test_defaults_hold_until_there_is_a_snapshot(tmp_path: Path) -> None:
    source = tmp_path / "later"
    with Client(source, tenant="acme", environment="production", defaults={"a": 1}) as client:
        assert not client.ready()
        assert client.state.status == "not_ready"
        assert client.evaluate("a", {}, 0) == 1
        assert client.evaluate("targeted", PRO, False) is False
        assert client.details("targeted", PRO, False).problem == "not_ready"
        assert client.all(PRO) == {}
        write_environment(source, {"acme": ACME})
        assert client.ready(20)
        assert client.evaluate("targeted", PRO, False) is True


def test_a_client_without_a_source_knows_its_defaults() -> None:
    with Client(None, tenant="acme", defaults={"a": 1}) as client:
        assert client.ready()
        assert client.evaluate("a", {}, 0) == 1
        assert client.details("b", {}, 0).problem == "flag_not_found"
        assert client.state.status == "ready"


def test_exposures_are_of_running_experiments(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": PARTS})
    seen: list[Exposure] = []
    with Client(tmp_path, tenant="acme", exposures=seen.append) as client:
        assert client.evaluate("test", {"targetingKey": "u1", "plan": ("a",)}, False) is True
        client.evaluate("targeted", PRO, False)
        client.evaluate("test", PRO, "another type")
        client.all(PRO)
    (exposure,) = seen
    assert (exposure.flag_key, exposure.experiment, exposure.variant) == ("test", "test", "on")
    assert (exposure.targeting_key, exposure.context["plan"]) == ("u1", ["a"])
    assert exposure.version == "1-abcdef0"


def test_exposures_that_fail_change_no_answer(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": PARTS})

    def fails(exposure: Exposure) -> None:
        raise RuntimeError("tracking is down")

    with Client(tmp_path, tenant="acme", exposures=fails) as client:
        assert client.evaluate("test", PRO, False) is True


def test_all_flags(client: Client) -> None:
    found = client.all(PRO)
    assert sorted(found) == sorted(PARTS.flags)
    assert found["targeted"].value is True
    assert found["half"].value in (True, False)
    assert sorted(client.all(PRO, client_side=True)) == ["integer", "pinned"]
    assert sorted(client.all(PRO, tags=["web"])) == ["targeted"]
    assert client.all(7) == {}  # type: ignore[arg-type]


def test_one_flag_that_cannot_be_read_harms_no_other(tmp_path: Path) -> None:
    """A newer minor form may hold what this version does not know how to evaluate."""
    broken = flag(OutcomeForm(), variants={"on": True})
    write_environment(tmp_path, {"acme": TenantParts({"broken": broken, "good": flag("on")})})
    with Client(tmp_path, tenant="acme") as client:
        assert client.details("broken", {}, False).problem == "error"
        assert client.evaluate("broken", {}, True) is True
        assert {key: each.value for key, each in client.all().items()} == {
            "broken": None,
            "good": True,
        }
        assert sorted(client.all(client_side=True)) == []
        with override({"broken": "on"}):
            assert client.evaluate("broken", {}, False) is True


def test_closed_still_answers(tmp_path: Path) -> None:
    write_environment(tmp_path, {"acme": ACME})
    client = Client(tmp_path, tenant="acme")
    client.close()
    client.close()
    assert client.evaluate("targeted", PRO, False) is True
    assert client.state.status == "closed"
