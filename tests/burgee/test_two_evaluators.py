"""Promise: on any valid repository, context and clock, the product answers as the design says.

The slow evaluator was written from the design alone and reads the model; the product reads the
snapshot. All fields of their answers are the same.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from burgee.evaluation import explain
from support.agreement import assert_same
from support.emitted import flags_of
from support.memory_tree import repository_of
from support.slow_evaluator import slow_evaluate
from support.strategies import (
    ENVIRONMENTS,
    TENANT,
    RandomRepository,
    Scenes,
    repositories,
    scenes,
)

MORE = settings(max_examples=max(settings().max_examples, 500))
FEWER = settings(max_examples=settings().max_examples // 3)
ENVIRONMENT = st.sampled_from(ENVIRONMENTS)


@MORE
@given(repositories(), scenes(), ENVIRONMENT)
def test_both_evaluators_answer_alike(
    random: RandomRepository, asked: Scenes, environment: str
) -> None:
    repository = repository_of(random.files)
    flags = flags_of(repository, TENANT, environment)
    for context, now in asked:
        for key in (*random.keys, "unknown"):
            slow = slow_evaluate(repository, TENANT, key, environment, context, now)
            assert_same(flags.evaluate(key, context, now), slow)


@FEWER
@given(repositories(), scenes(), ENVIRONMENT)
def test_an_explanation_is_of_the_same_answer(
    random: RandomRepository, asked: Scenes, environment: str
) -> None:
    flags = flags_of(repository_of(random.files), TENANT, environment)
    for context, now in asked:
        for key in random.keys:
            trace = explain(flags, key, context, now)
            assert trace.result == flags.evaluate(key, context, now)
            tried = [rule for rule in trace.rules if rule.verdict == "served"]
            assert [rule.rule for rule in tried] == [trace.result.rule] * len(tried)


@FEWER
@given(repositories(), scenes(), ENVIRONMENT)
def test_answers_depend_on_nothing_but_their_arguments(
    random: RandomRepository, asked: Scenes, environment: str
) -> None:
    """Another order of asking, and flags that were prepared by other questions, change nothing."""
    repository = repository_of(random.files)
    one = flags_of(repository, TENANT, environment)
    other = flags_of(repository_of(random.files), TENANT, environment)
    questions = [(key, context, now) for key in random.keys for context, now in asked]
    answers = [one.evaluate(*question) for question in questions]
    assert answers[::-1] == [other.evaluate(*question) for question in reversed(questions)]
