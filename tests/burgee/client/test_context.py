"""Promise: what apps put into a context becomes JSON's types, and the context stays as it was."""

import enum
import uuid
from collections import UserDict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from burgee.client.context import plain_context
from burgee.evaluation import TenantFlags
from burgee.snapshot.forms import ConditionForm
from support.snapshots import TenantParts, flag, rule, tenant_flags


class Plan(enum.StrEnum):
    PRO = "pro"


class Tier(enum.Enum):
    GOLD = 2


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),  # noqa: DTZ001  that is the case
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02T03:04:05.000006Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-01-01T21:34:05Z",
        ),
        (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
            None,
        ),
        (date(2026, 1, 2), "2026-01-02"),
        ((1, ("a", 2.5)), [1, ["a", 2.5]]),
        ({"b", "a"}, ["a", "b"]),
        ({"x": (datetime(2026, 1, 2, tzinfo=UTC),)}, {"x": ["2026-01-02T00:00:00Z"]}),
        (MappingProxyType({"x": 1, 2: 3}), {"x": 1}),
        (UserDict({"x": 1}), {"x": 1}),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Plan.PRO, "pro"),
        (Tier.GOLD, 2),
        (Text("pro"), "pro"),
        (True, True),
        (Decimal("1.5"), None),
        (object(), None),
        (b"bytes", None),
    ],
)
def test_values(given: Any, plain: Any) -> None:
    found = plain_context({"value": given})["value"]
    assert (type(found), found) == (type(plain), plain)


def test_a_plain_context_is_not_copied() -> None:
    context = {"targetingKey": "u1", "age": 5, "beta": True, "x": None, "y": 1.5}
    assert plain_context(context) is context


def test_the_apps_own_is_left_alone() -> None:
    inner = {"at": datetime(2026, 1, 2, tzinfo=UTC)}
    context = {"inner": inner, "list": [(1,)]}
    plain_context(context)
    assert context == {"inner": {"at": datetime(2026, 1, 2, tzinfo=UTC)}, "list": [(1,)]}


def test_no_context_and_one_without_end() -> None:
    assert plain_context(None) == {}
    endless: list[Any] = []
    endless.append(endless)
    assert plain_context({"a": endless})["a"]


def test_conditions_see_them() -> None:
    flags: TenantFlags = tenant_flags(
        "acme",
        TenantParts(
            {
                "f": flag(
                    rules=(
                        rule(
                            "r",
                            when=ConditionForm(
                                all=(
                                    ConditionForm(
                                        attribute="joined", tests={"before": 1_800_000_000_000_000}
                                    ),
                                    ConditionForm(attribute="roles", tests={"contains": "admin"}),
                                )
                            ),
                        ),
                    )
                )
            }
        ),
    )
    context = {"joined": datetime(2020, 1, 1), "roles": ("admin",)}  # noqa: DTZ001
    assert flags.evaluate("f", plain_context(context), 0).value is True
