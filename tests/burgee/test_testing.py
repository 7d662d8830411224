"""Promise: a test pins flags for itself and for nobody else, with a snapshot or without one."""

import asyncio
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature.evaluation_context import EvaluationContext

from burgee import Client
from burgee.openfeature import BurgeeProvider
from burgee.testing import Flags, flags, override, static_client
from support.command import environment
from support.edge import ACME
from support.snapshots import write_environment


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    write_environment(tmp_path, {"acme": ACME})
    with Client(tmp_path, tenant="acme") as found:
        yield found


@pytest.mark.parametrize(
    ("key", "to", "default", "value", "variant"),
    [
        ("targeted", "on", False, True, "on"),
        ("targeted", True, False, True, "on"),
        ("targeted", "off", True, False, "off"),
        ("string.nested", "höflich", "", "grüß dich", "höflich"),
        ("string.nested", "anything", "", "anything", "anything"),
        ("integer", "two", 0, 2, "two"),
        ("integer", 7, 0, 7, None),
        ("object", {"steps": 9}, {}, {"steps": 9}, None),
        ("killed", "on", False, True, "on"),
        ("gone", None, "mine", "mine", "none"),
        ("targeted", None, True, True, None),
        ("nope", True, False, True, None),
        ("nope", "on", False, True, "on"),
        ("nope", "on", "text", "on", "on"),
        ("targeted", "text", True, True, "text"),
    ],
)
def test_a_pinned_flag(
    client: Client, key: str, to: Any, default: Any, value: Any, variant: str | None
) -> None:
    with override({key: to}):
        details = client.details(key, {}, default)
        assert (type(details.value), details.value) == (type(value), value)
        assert client.evaluate(key, {}, default) == value
        assert details.result.variant == variant
        assert details.result.reason == "override"
    assert client.details(key, {}, default).result.reason != "override"


def test_others_are_evaluated_as_ever(client: Client) -> None:
    with override({"integer": "two"}):
        assert client.evaluate("targeted", {"plan": "pro"}, False) is True
        assert client.all()["integer"].value == 2


def test_inner_ones_win_and_end(client: Client) -> None:
    with override({"integer": 1, "zero": 1}):
        with override({"integer": 5}), override({"targeted": "on"}):
            assert [client.evaluate(key, {}, 0) for key in ("integer", "zero")] == [5, 1]
            assert client.evaluate("targeted", {}, False) is True
        assert client.evaluate("integer", {}, 0) == 1
        assert client.evaluate("targeted", {}, True) is False
    assert client.evaluate("integer", {}, 0) == 10


def test_it_ends_when_the_test_fails(client: Client) -> None:
    with pytest.raises(ZeroDivisionError), override({"integer": 1}):
        _ = 1 / 0
    assert client.evaluate("integer", {}, 0) == 10


def test_tasks_do_not_see_each_others(client: Client) -> None:
    async def one(value: int, turn: asyncio.Barrier) -> list[int]:
        with override({"integer": value}):
            await turn.wait()
            mine = client.evaluate("integer", {}, 0)
            threaded = await asyncio.to_thread(client.evaluate, "integer", {}, 0)
            await turn.wait()
        return [mine, threaded]

    async def both() -> list[list[int]]:
        turn = asyncio.Barrier(2)
        first, second = await asyncio.gather(one(1, turn), one(2, turn))
        return [first, second]

    assert asyncio.run(both()) == [[1, 1], [2, 2]]


def ask_in_a_thread(client: Client) -> int:
    found: queue.Queue[int] = queue.Queue()
    thread = threading.Thread(target=lambda: found.put(client.evaluate("integer", {}, 0)))
    thread.start()
    thread.join()
    return found.get()


def test_threads_of_the_apps_own(client: Client) -> None:
    with override({"integer": 1}):
        assert ask_in_a_thread(client) == 10
        with override({"integer": 2}, everywhere=True):
            assert ask_in_a_thread(client) == 2
            assert client.evaluate("integer", {}, 0) == 1, "what is nearer wins"
        assert ask_in_a_thread(client) == 10


def test_everywhere_may_end_in_any_order(client: Client) -> None:
    first, second = (override({"integer": value}, everywhere=True) for value in (1, 2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert client.evaluate("integer", {}, 0) == 2
    second.__exit__(None, None, None)
    assert client.evaluate("integer", {}, 0) == 10


def test_it_reaches_openfeature(client: Client) -> None:
    provider = BurgeeProvider(client)
    with override({"targeted": "on"}):
        details = provider.resolve_boolean_details("targeted", False, EvaluationContext())
    assert (details.value, details.variant, details.reason) == (True, "on", "TARGETING_MATCH")
    assert details.flag_metadata["burgee.reason"] == "override"


def test_without_a_snapshot() -> None:
    with static_client({"checkout.one-page": "classic"}) as client:
        assert client.evaluate("checkout.one-page", {}, "") == "classic"
        with flags.override({"checkout.one-page": "on"}):
            assert client.evaluate("checkout.one-page", {}, False) is True
            assert client.evaluate("checkout.one-page", {}, "") == "on"


def test_what_is_set_lasts_until_it_is_reset() -> None:
    mine = Flags()
    with static_client() as client:
        mine.set("a", 1)
        mine.set("a", 2)
        assert client.evaluate("a", {}, 0) == 2
        mine.reset()
        assert client.evaluate("a", {}, 0) == 0


def test_as_a_decorator() -> None:
    with static_client() as client:

        @override({"a": 1})
        def inner() -> int:
            return client.evaluate("a", {}, 0)

        assert [inner(), inner(), client.evaluate("a", {}, 0)] == [1, 1, 0]


TESTS = """
from burgee.testing import static_client

client = static_client()

def test_pinned(flags):
    with flags.override({"checkout.one-page": "on"}):
        assert client.evaluate("checkout.one-page", {}, False) is True
    assert client.evaluate("checkout.one-page", {}, False) is False
    flags.set("checkout.one-page", True)
    assert client.evaluate("checkout.one-page", {}, False) is True

def test_the_next_one_starts_anew():
    assert client.evaluate("checkout.one-page", {}, False) is False
"""


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *options],
        cwd=folder,
        env=environment(PYTEST_ADDOPTS="", PYTEST_DISABLE_PLUGIN_AUTOLOAD=""),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_fixture_is_there_by_itself(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(TESTS)
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_plugin_costs_those_nothing_who_do_not_use_it(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(
        "import sys\n"
        "def test_app():\n"
        "    found = {name for name in sys.modules if name.startswith('burgee')}\n"
        "    assert found <= {'burgee', 'burgee.pytest_plugin'}, found\n"
        "    assert 'msgspec' not in sys.modules\n"
    )
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
