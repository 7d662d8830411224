"""The one evaluator: from a flag's definition to the function that decides it.

The function is pure and total: it does no I/O, holds no state and raises for no JSON context. Flag
tests, plans, explanations and edge nodes all run it. Its text is the order of evaluation, read from
top to bottom; a traced one has the same lines, with notes between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping

from burgee.buckets import member_digest
from burgee.evaluation.definition import Definition, Phase, Rule
from burgee.evaluation.outcomes import asking, fixed_result
from burgee.evaluation.result import Answer, OpenFeatureReason, Reason, Result
from burgee.evaluation.scope import Context, Function, Scope
from burgee.paths import TARGETING_KEY
from burgee.snapshot.forms import OverrideForm
from burgee.units import unit_of

__all__ = ["make_function"]

_MOST_INLINE = 8
"""Of more rules than this each is a function of its own, so texts stay short and shared."""


def make_function(definition: Definition, *, traced: bool = False) -> Function:
    """Return the function that decides a flag; of one that depends on others it needs a run."""
    answers = _Answers(definition)
    made = [_phase(definition, phase, answers, traced=traced) for phase in definition.phases]
    return made[0] if len(made) == 1 else _by_time(definition.starts, made)


def _by_time(starts: list[int], made: list[Function]) -> Function:
    return lambda context, now, run: made[bisect_right(starts, now)](context, now, run)


class _Answers:
    """The answers of a flag, each made once."""

    def __init__(self, definition: Definition) -> None:
        self._key = definition.key
        self._form = definition.form
        self._made: dict[tuple[object, ...], Result] = {}

    def of(
        self,
        index: int | None,
        reason: Reason,
        how: OpenFeatureReason,
        rule: Rule | None = None,
    ) -> Result:
        """Return what serves a variant; none, or one of null, is the caller's default."""
        name, value = (None, None) if index is None else self._form.variants[index]
        if value is None and reason != "targeting_key_missing":
            how = "DISABLED"
        rule_name = None if rule is None else rule.name
        key = (name, reason, how, rule)
        found = self._made.get(key)
        if found is None:
            experiment = None if rule is None or rule.experiment is None else rule_name
            layer = None if rule is None or rule.layer is None else rule.layer.layer
            answer = Answer(
                self._key,
                name,
                value,
                reason,
                how,
                rule_name,
                experiment,
                layer,
                self._form.metadata,
            )
            found = self._made[key] = Result(answer)
        return found

    def missing_key(self) -> Result:
        """Return the error where a table needs the targeting key and there is none."""
        return self.of(None, "targeting_key_missing", "ERROR")


class _RuleEnding:
    """What comes of a rule's tables: who is kept out goes on to the next rule."""

    def __init__(self, rule: Rule, answers: _Answers) -> None:
        self.splits = rule.status in (None, "running")
        self._rule = rule
        self._answers = answers

    def admitted(self, arm: int | None, *, sampled: bool) -> Result:
        rule, of = self._rule, self._answers.of
        if rule.experiment is None:
            return of(arm, "rule_match", "SPLIT" if sampled else "TARGETING_MATCH", rule)
        experiment = rule.experiment
        if rule.status == "running":
            return of(arm, "experiment_assigned", "SPLIT", rule)
        if rule.status == "paused":
            return of(experiment.control, "experiment_paused", "TARGETING_MATCH", rule)
        winner = experiment.control if experiment.winner is None else experiment.winner
        return of(winner, "rule_match", "TARGETING_MATCH", rule)

    def kept_out(self, scope: Scope, *, sampled: bool) -> str:
        self._tell(scope, "kept_out")
        return "None"

    def no_unit(self, scope: Scope) -> str:
        if self._rule.by is None:
            self._tell(scope, "targeting_key_missing")
            return scope.cell(self._answers.missing_key())
        self._tell(scope, "no_unit")
        return "None"

    def _tell(self, scope: Scope, verdict: str) -> None:
        if scope.traced:
            scope.line(_verdict(scope, self._rule, verdict))


class _DefaultEnding:
    """What comes of the default's tables: who is kept out gets the off variant."""

    splits = True

    def __init__(self, phase: Phase, answers: _Answers) -> None:
        self._phase = phase
        self._answers = answers

    def admitted(self, arm: int | None, *, sampled: bool) -> Result:
        if sampled:
            return self._answers.of(arm, "default_distribution", "SPLIT")
        return self._answers.of(arm, "default", "STATIC")

    def kept_out(self, scope: Scope, *, sampled: bool) -> str:
        result = self.admitted(self._phase.off_variant, sampled=sampled)
        return f"Result({scope.cell(result.answer)}, n)" if sampled else scope.cell(result)

    def no_unit(self, scope: Scope) -> str:
        if self._phase.default.by is None:
            return scope.cell(self._answers.missing_key())
        return scope.cell(self.admitted(self._phase.off_variant, sampled=False))


def _phase(definition: Definition, phase: Phase, answers: _Answers, *, traced: bool) -> Function:
    """Write what holds in one phase, in the order of the design's section 5."""
    ending = _DefaultEnding(phase, answers)
    fixed = fixed_result(phase.default, ending)
    bare = not (phase.overrides or phase.is_off or definition.requires or phase.rules or traced)
    if bare and fixed is None:
        return asking(phase.default, ending, traced=False)
    scope = Scope(traced=traced)
    if phase.overrides:
        pinned = _pinning(definition.tenant, phase.overrides, answers)
        scope.line(f"r = {scope.cell(pinned)}(context, now)")
        scope.line("if r is not None: return r")
    if phase.is_off:
        scope.line(f"return {scope.cell(answers.of(phase.off_variant, 'flag_off', 'STATIC'))}")
        return scope.function()
    if definition.requires:
        _requires(scope, definition, phase, answers)
    _rules(scope, phase, answers)
    if fixed is None:
        ask = scope.cell(asking(phase.default, ending, traced=traced))
        answer = f"{ask}(context, now, run)"
    else:
        answer = scope.cell(fixed)
    scope.line(
        f"return run.default({scope.cell(phase.default)}, {answer})"
        if traced
        else f"return {answer}"
    )
    return scope.function()


def _pinning(
    tenant: str, overrides: Mapping[bytes, tuple[OverrideForm, ...]], answers: _Answers
) -> Callable[[Context, int], Result | None]:
    """Return the function that finds the first override in force for a user."""
    served = {
        member: tuple(
            (each.expires, answers.of(each.serve, "override", "TARGETING_MATCH")) for each in found
        )
        for member, found in overrides.items()
    }

    def pinned(context: Context, now: int) -> Result | None:
        unit = unit_of(context.get(TARGETING_KEY))
        if unit is None:
            return None
        for expires, result in served.get(member_digest(tenant, unit), ()):
            if expires is None or now < expires:
                return result
        return None

    return pinned


def _requires(scope: Scope, definition: Definition, phase: Phase, answers: _Answers) -> None:
    unmet = scope.cell(answers.of(phase.off_variant, "prerequisite_failed", "TARGETING_MATCH"))
    for key, serves in definition.requires:
        flag, wanted = scope.cell(key), scope.cell(serves)
        if scope.traced:
            met = f"run.requires({flag}, {wanted}, context, now)"
        else:
            met = f"run.served({flag}, context, now) in {wanted}"
        scope.line(f"if not {met}: return {unmet}")


def _rules(scope: Scope, phase: Phase, answers: _Answers) -> None:
    if len(phase.rules) <= _MOST_INLINE:
        for rule in phase.rules:
            _rule(scope, rule, answers)
        return
    with scope.block(f"for rule in {scope.cell(tuple(_alone(scope, phase, answers)))}:"):
        scope.line("r = rule(context, now, run)")
        scope.line("if r is not None: return r")


def _alone(scope: Scope, phase: Phase, answers: _Answers) -> list[Function]:
    made: list[Function] = []
    for rule in phase.rules:
        one = Scope(traced=scope.traced)
        _rule(one, rule, answers)
        one.line("return None")
        made.append(one.function())
    return made


def _rule(scope: Scope, rule: Rule, answers: _Answers) -> None:
    """Return what the rule serves, if it does; else go on with the next line."""
    if rule.status == "draft":
        scope.note(_verdict(scope, rule, "draft") if scope.traced else "")
        return
    checks: list[tuple[str, str]] = []
    if rule.starts is not None:
        checks.append((f"now >= {scope.cell(rule.starts)}", "not_started"))
    if rule.ends is not None:
        checks.append((f"now < {scope.cell(rule.ends)}", "ended"))
    if rule.when is not None:
        checks.append((rule.when.text(scope), "condition_false"))
    _checked(scope, rule, checks, answers)


def _checked(scope: Scope, rule: Rule, checks: list[tuple[str, str]], answers: _Answers) -> None:
    if not checks:
        _serve(scope, rule, answers)
        return
    if not scope.traced:  # nobody asks which of them fails
        with scope.block(f"if {' and '.join([check for check, _ in checks])}:"):
            _serve(scope, rule, answers)
        return
    (check, verdict), *rest = checks
    with scope.block(f"if {check}:", _verdict(scope, rule, verdict)):
        _checked(scope, rule, rest, answers)


def _serve(scope: Scope, rule: Rule, answers: _Answers) -> None:
    ending = _RuleEnding(rule, answers)
    fixed = fixed_result(rule, ending)
    served = _verdict(scope, rule, "served") if scope.traced else ""
    if fixed is not None:
        scope.note(served)
        scope.line(f"return {scope.cell(fixed)}")
        return
    scope.line(f"r = {scope.cell(asking(rule, ending, traced=scope.traced))}(context, now, run)")
    if scope.traced:
        # The function itself has told of a key that is missing.
        missing = scope.cell(answers.missing_key())
        scope.line(f"if r is not None and r is not {missing}: {served}")
    scope.line("if r is not None: return r")


def _verdict(scope: Scope, rule: Rule, verdict: str) -> str:
    return f"run.rule({scope.cell(rule)}, {scope.cell(verdict)})"
