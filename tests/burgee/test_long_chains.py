"""Promise: prerequisites of any depth and width are decided, without recursion or repetition."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from burgee.evaluation import TenantFlags, explain
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.yaml_text import yaml_text

LENGTH = 2_000


def _flags(written: dict[str, dict[str, Any]]) -> TenantFlags:
    files = {f"acme/flags/{key}.yaml": yaml_text(flag) for key, flag in written.items()}
    files["burgee.yaml"] = yaml_text({"environments": ["production"]})
    return flags_of(repository_of(files), "acme", "production")


def _required(key: str) -> dict[str, Any]:
    return {"requires": [{"flag": key, "serves": ["on"]}], "default": "on"}


def _asked(key: str) -> dict[str, Any]:
    when = {"flag": key, "serves": ["on"]}
    return {"rules": [{"name": "chain", "when": when, "serve": "on"}], "default": "off"}


@contextmanager
def _little_stack(frames: int) -> Iterator[None]:
    """Allow so many more frames only, so that one a flag would be too many."""
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("link", [_required, _asked], ids=["requires", "condition"])
def test_a_chain_of_two_thousand_flags(link: Any) -> None:
    written: dict[str, dict[str, Any]] = {
        "f0": {
            "rules": [
                {"name": "in", "when": {"attribute": "in", "eq": True}, "serve": "on"},
            ],
            "default": "off",
        }
    }
    for number in range(1, LENGTH):
        written[f"f{number}"] = link(f"f{number - 1}")
    flags = _flags(written)
    last = f"f{LENGTH - 1}"
    with _little_stack(200):
        assert flags.evaluate(last, {"in": True}, 0).variant == "on"
        assert flags.evaluate(last, {"in": False}, 0).variant == "off"
        assert explain(flags, last, {"in": True}, 0).result.variant == "on"


def test_a_lattice_is_not_walked_path_by_path() -> None:
    """Sixty layers of two flags, each needing both below: 2^60 paths, 120 decisions."""
    written: dict[str, dict[str, Any]] = {"a0": {"default": "on"}, "b0": {"default": "on"}}
    for number in range(1, 60):
        below = [{"flag": f"{side}{number - 1}", "serves": ["on"]} for side in "ab"]
        for side in "ab":
            written[f"{side}{number}"] = {"requires": below, "default": "on"}
    assert _flags(written).evaluate("a59", {}, 0).variant == "on"


def test_a_prerequisite_that_errs_is_not_served() -> None:
    flags = _flags(
        {
            "errs": {"default": {"split": {"on": 1, "off": 1}}},
            "needs": _required("errs"),
            "excludes": {"requires": [{"flag": "errs", "serves": ["on", "off"]}], "default": "on"},
        }
    )
    assert flags.evaluate("errs", {}, 0).reason == "targeting_key_missing"
    for key in ("needs", "excludes"):
        assert flags.evaluate(key, {}, 0).reason == "prerequisite_failed"


def test_a_constant_prerequisite_is_answered_from_what_was_prepared() -> None:
    """Folded, but not away: the answer and its trace are the same as ever."""
    flags = flags_of(
        repository_of(
            {
                "burgee.yaml": "environments: [production]\n",
                "acme/flags/parent.yaml": 'default: "on"\n',
                "acme/flags/closed.yaml": 'state: "off"\ndefault: "on"\n',
                "acme/flags/child.yaml": (
                    "requires: [{flag: parent, serves: [on]}, {flag: closed, serves: [off]}]\n"
                    'default: "on"\n'
                ),
            }
        ),
        "acme",
        "production",
    )
    before = flags.evaluate("child", {}, 0)
    parent, child = flags.get("parent"), flags.get("child")
    assert parent is not None
    assert child is not None
    assert parent.constant is not None
    assert parent.constant.variant == "on"
    assert child.constant is None
    assert flags.evaluate("child", {}, 0) == before
    assert before.variant == "on"
    assert [each.served for each in explain(flags, "child", {}, 0).prerequisites] == ["on", "off"]
