"""Promise: a flag is called constant only if everyone gets that answer, and coverage leaves no
answer out: both are held against what the production evaluator answers on random repositories."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from burgee.snapshot.canonical import canonical
from burgee.snapshot.forms import FlagForm
from burgee_compiler.coverage import coverage_of
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import flags_of
from burgee_compiler.judging import reached_by
from burgee_compiler.stale.answers import answer_at, instants_of, old_forms, one_for_ever
from support.memory_tree import repository_of
from support.strategies import (
    ENVIRONMENTS,
    TENANT,
    RandomRepository,
    Scenes,
    repositories,
    scenes,
)

FEWER = settings(max_examples=settings().max_examples // 3)
ENVIRONMENT = st.sampled_from(ENVIRONMENTS)


@FEWER
@given(repositories(), scenes(), ENVIRONMENT)
def test_who_is_said_to_get_one_answer_gets_it(
    random: RandomRepository, asked: Scenes, environment: str
) -> None:
    forms = emit_tenant(repository_of(random.files).tenants[TENANT], environment)
    flags = flags_of(forms)
    for key, (_, raw) in forms.entries.items():
        form = msgspec.json.decode(raw, type=FlagForm)
        for start in {now for _, now in asked}:
            one = one_for_ever(form, start)
            event("constant" if one is not None else "not constant")
            for context, now in asked:
                result = flags.evaluate(key, context, now)
                here = answer_at(form, now)
                if result.is_error:  # a targeting key is missing that another user has
                    continue
                if here is not None:
                    assert (result.variant, canonical(result.value)) == (here.variant, here.value)
                if one is not None and now >= start:
                    assert (result.variant, canonical(result.value)) == (one.variant, one.value)


@FEWER
@given(repositories(), scenes(), ENVIRONMENT)
def test_answers_change_by_themselves_at_known_instants_only(
    random: RandomRepository, asked: Scenes, environment: str
) -> None:
    forms = emit_tenant(repository_of(random.files).tenants[TENANT], environment)
    for _, raw in forms.entries.values():
        form = msgspec.json.decode(raw, type=FlagForm)
        known = instants_of(form)
        for now in {now for _, now in asked}:
            last = max((at for at in known if at <= now), default=None)
            if last is not None:
                assert answer_at(form, now) == answer_at(form, last)


@FEWER
@given(repositories(), ENVIRONMENT)
def test_a_version_of_the_past_is_read_as_the_build_does(
    random: RandomRepository, environment: str
) -> None:
    """But for segments, which are not looked into."""
    files = {path: text.encode() for path, text in random.files.items()}
    tenant = repository_of(random.files).tenants[TENANT]
    for key, (_, raw) in emit_tenant(tenant, environment).entries.items():
        form = msgspec.json.decode(raw, type=FlagForm)
        old = old_forms(files.get, TENANT, tenant.flags[key].path, [environment])
        assert old is not None
        for at in (0, *instants_of(form)):
            assert answer_at(old[0], at) == answer_at(form, at)


@FEWER
@given(repositories(), scenes(), ENVIRONMENT)
def test_each_answer_is_one_that_coverage_counts(
    random: RandomRepository, asked: Scenes, environment: str
) -> None:
    forms = emit_tenant(repository_of(random.files).tenants[TENANT], environment)
    flags = flags_of(forms)
    goals = {(goal.key, goal.answer) for goal in coverage_of([forms], []).goals}
    for key in random.keys:
        for context, now in asked:
            result = flags.evaluate(key, context, now)
            for each in reached_by([(Fraction(1), result)]):
                assert (key, each) in goals
