"""The brute force that plans are held against, by the file of tests that defines it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from fractions import Fraction
from types import ModuleType
from typing import Any

from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.groups import groups_of
from burgee_compiler.plan.pair import Pair
from support.process import ROOT

__all__ = ["held_against_brute_force"]


def _load() -> ModuleType:
    """Folders of tests are no packages, so the file is named by its path."""
    file = ROOT / "tests" / "compiler" / "plan" / "test_brute_force.py"
    spec = importlib.util.spec_from_file_location("plan_brute_force_tests", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_FORCE: Any = _load()


def held_against_brute_force(
    base: Revision,
    head: Revision,
    flag: tuple[str, str],
    environment: str,
    context: Mapping[str, Any],
    now: int,
) -> Fraction | None:
    """Assert that the shares of the group that a context is in are those of all slots.

    The share that moves; None where there are more combinations of slots than can be walked.
    """
    tenant, key = flag
    before, after = (
        None if (scene := side.scene(tenant, environment)) is None else scene.side(key)
        for side in (base, head)
    )
    pair = Pair(before, after)
    groups = groups_of(
        (pair.flag(is_after=False), now), (pair.flag(is_after=True), now), pair.possible
    )
    group = _FORCE._group_of(groups, _FORCE._facts(pair, context, now))
    cells = _FORCE._cells(pair, now)
    if _FORCE._combinations(cells) > _FORCE._MOST_CELLS or _FORCE._shared(pair, set(cells)):
        return None
    _FORCE.TENANT = tenant
    repositories = (base.repository, head.repository)
    expected = _FORCE._brute_force(repositories, key, environment, context, now, cells)
    assert group.moves == expected, f"{tenant}/{key} in {environment} for {context}"
    moved: Fraction = group.moved
    return moved
