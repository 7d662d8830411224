"""Conditions, prepared: each a test that a trace can ask again, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from burgee.buckets import member_digest
from burgee.evaluation.operators import OPERATORS, Predicate
from burgee.paths import canonical_path, getter
from burgee.snapshot.forms import ConditionForm, SegmentForm
from burgee.units import unit_of

if TYPE_CHECKING:
    from burgee.evaluation.run import Run

__all__ = ["Condition", "Related", "Segment", "Test", "prepare_condition"]

Context: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Context, int, "Run | None"], bool]
Kind: TypeAlias = Literal["all", "any", "not", "segment", "flag", "attribute"]


class Related(Protocol):
    """What a flag's preparation may look up: its tenant's segments and flags."""

    tenant: str

    def segment(self, digest: str) -> Segment: ...

    def served(self, key: str, context: Context, now: int, run: Run | None) -> str | None: ...


class Condition:
    """A prepared condition: its `test`, and what a trace needs to tell why."""

    __slots__ = ("children", "form", "get", "kind", "predicates", "segment", "test")

    def __init__(
        self,
        kind: Kind,
        form: ConditionForm,
        test: Test,
        *,
        children: tuple[Condition, ...] = (),
        segment: Segment | None = None,
    ) -> None:
        self.kind = kind
        self.form = form
        self.test = test
        self.children = children
        self.segment = segment

    def walk(self) -> Iterable[Condition]:
        """Yield this condition and all below it, into segments too."""
        yield self
        for child in self.children:
            yield from child.walk()
        if self.segment is not None and self.segment.when is not None:
            yield from self.segment.when.walk()


class Segment:
    """A prepared segment: not excluded, and a member or its condition holds."""

    __slots__ = ("_by", "_excluded", "_members", "_tenant", "form", "name", "path", "when")

    def __init__(
        self,
        form: SegmentForm,
        related: Related,
        members: frozenset[bytes] | Any,
        excluded: frozenset[bytes] | Any,
    ) -> None:
        self.form = form
        self.name = form.name
        self.path = canonical_path(form.by)
        self.when = None if form.when is None else prepare_condition(form.when, related)
        self._tenant = related.tenant
        self._by = getter(form.by)
        self._members = members
        self._excluded = excluded

    def lists(self, context: Context) -> Literal["excluded", "member"] | None:
        """Return which list names the unit, exclusion first."""
        if not self._members and not self._excluded:
            return None
        unit = unit_of(self._by(context))
        if unit is None:
            return None
        name = member_digest(self._tenant, unit)
        if name in self._excluded:
            return "excluded"
        return "member" if name in self._members else None

    @property
    def has_lists(self) -> bool:
        """Whether membership depends on an id."""
        return bool(self._members or self._excluded)

    def holds(self, context: Context, now: int, run: Run | None) -> bool:
        """Return whether the context is in the segment."""
        listed = self.lists(context)
        if listed is not None:
            return listed == "member"
        return self.when is not None and self.when.test(context, now, run)


def prepare_condition(form: ConditionForm, related: Related) -> Condition:
    """Return the prepared form; ValueError or KeyError where it is no valid one."""
    if form.attribute is not None:
        return Condition("attribute", form, _attribute_test(form))
    if form.segment is not None:
        segment = related.segment(form.segment)
        return Condition("segment", form, segment.holds, segment=segment)
    if form.flag is not None:
        return Condition("flag", form, _flag_test(form.flag, frozenset(form.serves), related))
    if form.not_ is not None:
        child = prepare_condition(form.not_, related)
        test = child.test
        negated: Test = lambda context, now, run: not test(context, now, run)  # noqa: E731
        return Condition("not", form, negated, children=(child,))
    parts = form.all if form.all is not None else form.any
    if parts is None:
        raise ValueError("a condition says nothing")
    children = tuple(prepare_condition(part, related) for part in parts)
    tests = tuple(child.test for child in children)
    if form.all is not None:
        return Condition("all", form, _all_test(tests), children=children)
    return Condition("any", form, _any_test(tests), children=children)


def _all_test(tests: tuple[Test, ...]) -> Test:
    def holds(context: Context, now: int, run: Run | None) -> bool:
        for test in tests:
            if not test(context, now, run):
                return False
        return True

    return holds


def _any_test(tests: tuple[Test, ...]) -> Test:
    def holds(context: Context, now: int, run: Run | None) -> bool:
        for test in tests:
            if test(context, now, run):
                return True
        return False

    return holds


def _flag_test(key: str, serves: frozenset[str], related: Related) -> Test:
    return lambda context, now, run: related.served(key, context, now, run) in serves


def _attribute_test(form: ConditionForm) -> Test:
    assert form.attribute is not None
    get = getter(form.attribute)
    if form.tests.get("exists") is False:
        return lambda context, now, run: get(context) is None
    predicates: tuple[Predicate, ...] = tuple(
        OPERATORS[name].prepare(constant, form.ignore_case) for name, constant in form.tests.items()
    )
    if len(predicates) == 1:
        (only,) = predicates

        def single(context: Context, now: int, run: Run | None) -> bool:
            value = get(context)
            return value is not None and only(value, now)

        return single

    def several(context: Context, now: int, run: Run | None) -> bool:
        value = get(context)
        return value is not None and all(predicate(value, now) for predicate in predicates)

    return several
