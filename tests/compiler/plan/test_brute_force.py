"""Promise: the plan's shares are those of brute force over all slots, for every user's facts.

Two random repositories are compared. For a random context the facts that the plan speaks of are
looked at, which leads to one group; its shares are held against the slow evaluator's, which was
written from the design alone, run on every combination of slots that tables tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from burgee_compiler.build import check
from burgee_compiler.load import load_repository
from burgee_compiler.plan.compare import Revision
from burgee_compiler.plan.moments import moments
from burgee_compiler.plan.pair import Pair
from support.memory_tree import MemoryTree, repository_of
from support.plan_brute_force import held_against_brute_force
from support.rounds import rounds
from support.strategies import (
    ENVIRONMENTS,
    TENANT,
    RandomRepository,
    Scenes,
    edited,
    repositories,
    scenes,
)


@settings(max_examples=rounds(30, 5_000), deadline=None)
@given(repositories(), repositories(), scenes(), st.sampled_from(ENVIRONMENTS), st.data())
def test_shares_are_those_of_brute_force(
    one: RandomRepository,
    other: RandomRepository,
    asked: Scenes,
    environment: str,
    data: st.DataObject,
) -> None:
    key = data.draw(st.sampled_from(sorted({*one.keys, *other.keys})))
    _hold(one, other, key, environment, data.draw(st.sampled_from(asked)))


@settings(
    max_examples=rounds(50, 10_000),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(repositories(), scenes(), st.sampled_from(ENVIRONMENTS), st.data())
def test_shares_of_an_edit_are_those_of_brute_force(
    one: RandomRepository, asked: Scenes, environment: str, data: st.DataObject
) -> None:
    """Most salts, rules and flags stay as they are, so that tables of both sides are one draw."""
    other = data.draw(edited(one))
    assume(_builds(other))
    is_inlining = data.draw(st.booleans())
    for key in one.keys:
        scene = data.draw(st.sampled_from(asked))
        _hold(one, other, key, environment, scene, is_inlining=is_inlining)


def _builds(repository: RandomRepository) -> bool:
    found = check(load_repository(MemoryTree(repository.files)))
    return not any(each.severity == "error" for each in found)


def _hold(
    one: RandomRepository,
    other: RandomRepository,
    key: str,
    environment: str,
    scene: tuple[Mapping[str, Any], int],
    *,
    is_inlining: bool = True,
) -> None:
    """Hold the group that a context is in against brute force."""
    sides = (
        Revision("base", repository_of(one.files)),
        Revision("head", repository_of(other.files)),
    )
    context, now = scene
    context = {**context, "targetingKey": "somebody-else"}
    held_against_brute_force(
        *sides, (TENANT, key), environment, context, now, is_inlining=is_inlining
    )


@settings(max_examples=rounds(30, 1_000), deadline=None)
@given(repositories(), repositories(), scenes(), st.sampled_from(ENVIRONMENTS))
def test_the_worst_is_at_least_what_is_at_any_time(
    one: RandomRepository, other: RandomRepository, asked: Scenes, environment: str
) -> None:
    sides = [Revision("r", repository_of(each.files)) for each in (one, other)]
    scenes_ = [side.scene(TENANT, environment) for side in sides]
    instants = sorted({now for _, now in asked})
    for key in {*one.keys, *other.keys}:
        before, after = (None if scene is None else scene.side(key) for scene in scenes_)
        pair = Pair(before, after)
        found = moments(pair, instants[0])
        assert found.worst is not None
        for now in instants:
            groups = moments(pair, now).groups
            assert all(each.moved <= found.worst for each in groups)
