"""Conditions, operator by operator, read from the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import re2

from burgee_compiler.model.condition import Condition
from burgee_compiler.repository import TenantFiles
from support.slow_evaluator.context import unit_at, value_at
from support.slow_evaluator.fields import fields_in
from support.slow_evaluator.scalars import equal, fold, json_type, number
from support.slow_evaluator.times import instant_of
from support.slow_evaluator.versions import compare_versions

__all__ = ["Scene", "holds", "in_segment"]


class Scene(msgspec.Struct, frozen=True):
    """All that a condition may look at; `served` tells another flag's final variant."""

    files: TenantFiles
    environment: str
    context: Mapping[str, Any]
    now: int
    served: Callable[[str], str | None]


def holds(condition: Condition | None, scene: Scene) -> bool:
    """Return whether a condition holds; none always does."""
    if condition is None:
        return True
    if condition.all is not None:
        return all(holds(part, scene) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, scene) for part in condition.any)
    if condition.not_ is not None:
        return not holds(condition.not_, scene)
    if condition.segment is not None:
        return in_segment(condition.segment, scene)
    if condition.flag is not None:
        return scene.served(condition.flag) in condition.serves
    assert condition.attribute is not None
    value = value_at(scene.context, condition.attribute)
    return all(
        _holds(operator, value, constant, condition.ignore_case, scene.now)
        for operator, constant in condition.tests.items()
    )


def in_segment(name: str, scene: Scene) -> bool:
    """Return whether the context is in a segment: not excluded, and a member or `when`."""
    file = scene.files.segments[name]
    assert file.segment is not None
    segment = fields_in(file.segment, scene.environment, scene.now)
    unit = unit_at(scene.context, segment.by)
    members: set[str] = set(segment.members)
    if segment.members_file is not None:
        folder = file.path.rsplit("/", 1)[0]
        members |= set(scene.files.members[f"{folder}/{segment.members_file}"].ids or ())
    if unit in segment.excluded:
        return False
    return unit in members or (segment.when is not None and holds(segment.when, scene))


def _holds(operator: str, value: Any, constant: Any, ignore_case: bool, now: int) -> bool:
    if operator == "exists":
        return (value is not None) is constant
    if value is None:
        return False
    if operator in ("eq", "neq", "in", "nin"):
        return _among(operator, value, constant, ignore_case)
    if operator in ("gt", "gte", "lt", "lte"):
        return _numbers(operator, value, constant)
    if operator in ("contains", "startswith", "endswith", "regex"):
        wanted = constant if isinstance(constant, list) else [constant]
        return any(_text(operator, value, each, ignore_case) for each in wanted)
    if operator.startswith("semver_"):
        return _version(operator, value, constant)
    if operator == "cidr":
        wanted = constant if isinstance(constant, list) else [constant]
        return any(_in_network(value, network) for network in wanted)
    return _time(operator, value, constant, now)


def _among(operator: str, value: Any, constant: Any, ignore_case: bool) -> bool:
    constants = constant if isinstance(constant, list) else [constant]
    alike = [each for each in constants if json_type(each) == json_type(value)]
    if not alike:
        return False
    found = any(equal(value, each, ignore_case) for each in alike)
    return found if operator in ("eq", "in") else not found


def _numbers(operator: str, value: Any, constant: Any) -> bool:
    left, right = number(value), number(constant)
    if left is None or right is None:
        return False
    return {
        "gt": left > right,
        "gte": left >= right,
        "lt": left < right,
        "lte": left <= right,
    }[operator]


def _text(operator: str, value: Any, constant: Any, ignore_case: bool) -> bool:
    if operator == "contains" and isinstance(value, list):
        return any(equal(item, constant, ignore_case) for item in value)
    if not isinstance(value, str) or not isinstance(constant, str):
        return False
    if operator == "regex":
        return _matches(constant, value, ignore_case)
    text, part = (fold(value), fold(constant)) if ignore_case else (value, constant)
    if operator == "contains":
        return text.find(part) >= 0
    if operator == "startswith":
        return text[: len(part)] == part
    return len(text) >= len(part) and text[len(text) - len(part) :] == part


def _matches(pattern: str, text: str, ignore_case: bool) -> bool:
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return False
    options = re2.Options()
    options.case_sensitive = not ignore_case
    return re2.search(pattern, text, options) is not None


def _version(operator: str, value: Any, constant: str) -> bool:
    order = compare_versions(value, constant) if isinstance(value, str) else None
    if order is None:
        return False
    return {
        "semver_eq": order == 0,
        "semver_gt": order > 0,
        "semver_gte": order >= 0,
        "semver_lt": order < 0,
        "semver_lte": order <= 0,
    }[operator]


def _time(operator: str, value: Any, constant: int, now: int) -> bool:
    instant = instant_of(value)
    if instant is None:
        return False
    return {
        "before": instant < constant,
        "after": instant >= constant,
        "within_last": now - constant < instant <= now,
        "older_than": instant <= now - constant,
    }[operator]


def _in_network(value: Any, network: str) -> bool:
    if not isinstance(value, str) or "%" in value:
        return False
    try:
        address = ip_address(value)
    except ValueError:
        return False
    wanted = ip_network(network)
    return wanted.version == address.version and address in wanted
