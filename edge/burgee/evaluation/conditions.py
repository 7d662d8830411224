"""Conditions, prepared: each an expression for the function that asks it, and a test of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from burgee.buckets import member_digest
from burgee.evaluation.operators import OPERATORS
from burgee.evaluation.scope import Context, Function, Scope
from burgee.paths import canonical_path, getter
from burgee.snapshot.forms import ConditionForm, SegmentForm
from burgee.units import unit_of

__all__ = ["Condition", "FindSegment", "Segment", "prepare_condition"]

FindSegment: TypeAlias = "Callable[[str], Segment]"
"""Finds a prepared segment by its digest; ValueError where there is none."""
Listed: TypeAlias = Literal["excluded", "member"] | None
Listing: TypeAlias = Callable[[Context], Listed]
Kind: TypeAlias = Literal["all", "any", "not", "segment", "flag", "attribute"]

_recent_digest = lru_cache(maxsize=128)(member_digest)
"""Bulk requests ask many lists for one unit, and hashing it is what a look-up costs."""
_MOST_INLINE = 24
"""A condition of more parts than this is a function of its own, so texts stay short and shared."""


class Condition:
    """A prepared condition, and what a trace needs to tell why it holds."""

    __slots__ = ("_test", "children", "form", "kind", "parts", "segment")

    def __init__(
        self,
        kind: Kind,
        form: ConditionForm,
        *,
        children: tuple[Condition, ...] = (),
        segment: Segment | None = None,
    ) -> None:
        self.kind = kind
        self.form = form
        self.children = children
        self.segment = segment
        self.parts: int = sum((each.parts for each in children), len(form.tests) or 1)
        self._test: Function | None = None

    def text(self, scope: Scope) -> str:
        """Return an expression that is true where the condition holds, else false."""
        if self.parts > _MOST_INLINE:
            return f"{scope.cell(self.test)}(context, now, run)"
        return f"({self._expression(scope)})"

    @property
    def test(self) -> Function:
        """The condition as a function; the same expression."""
        if self._test is None:
            self._test = self._large_test() if self.parts > _MOST_INLINE else self._small_test()
        return self._test

    def walk(self) -> Iterable[Condition]:
        """Yield this condition and all below it, into segments too."""
        yield self
        for child in self.children:
            yield from child.walk()
        if self.segment is not None and self.segment.when is not None:
            yield from self.segment.when.walk()

    def _small_test(self) -> Function:
        scope = Scope()
        scope.line(f"return {self._expression(scope)}")
        return scope.function()

    def _large_test(self) -> Function:
        if not self.children:
            return self._small_test()
        tests = tuple(child.test for child in self.children)
        if self.kind == "not":
            (negated,) = tests
            return lambda context, now, run: not negated(context, now, run)
        return _all_of(tests) if self.kind == "all" else _any_of(tests)

    def _expression(self, scope: Scope) -> str:
        form = self.form
        if form.attribute is not None:
            return _attribute(scope, form)
        if self.segment is not None:
            return f"{scope.cell(self.segment.holds)}(context, now, run)"
        if form.flag is not None:
            served = f"run.served({scope.cell(form.flag)}, context, now)"
            return f"{served} in {scope.cell(frozenset(form.serves))}"
        texts = [child.text(scope) for child in self.children]
        if self.kind == "not":
            return f"not {texts[0]}"
        return (" and " if self.kind == "all" else " or ").join(texts)


class Segment:
    """A prepared segment: not excluded, and a member or its condition holds."""

    __slots__ = ("form", "has_lists", "holds", "lists", "name", "path", "when")

    def __init__(
        self,
        form: SegmentForm,
        tenant: str,
        find_segment: FindSegment,
        members: frozenset[bytes] | Any,
        excluded: frozenset[bytes] | Any,
    ) -> None:
        self.form = form
        self.name = form.name
        self.path = canonical_path(form.by)
        self.when = None if form.when is None else prepare_condition(form.when, find_segment)
        self.has_lists = bool(members or excluded)
        """Whether membership depends on an id."""
        self.lists: Listing = _listing(tenant, self.path, members, excluded)
        """Which list names the unit, exclusion first."""
        when = None if self.when is None else self.when.test
        self.holds: Function = (
            when if when is not None and not self.has_lists else _membership(self.lists, when)
        )
        """Whether a context is in the segment."""


# Neither function refers to its segment: that would be a cycle, which no reference count frees.


def _listing(tenant: str, path: str, members: Any, excluded: Any) -> Listing:
    get = getter(path)

    def lists(context: Context) -> Listed:
        unit = unit_of(get(context)) if members or excluded else None
        if unit is None:
            return None
        name = _recent_digest(tenant, unit)
        if name in excluded:
            return "excluded"
        return "member" if name in members else None

    return lists


def _membership(lists: Listing, when: Function | None) -> Function:
    def holds(context: Context, now: int, run: object) -> bool:
        listed = lists(context)
        if listed is not None:
            return listed == "member"
        return when is not None and when(context, now, None)

    return holds


def prepare_condition(form: ConditionForm, find_segment: FindSegment) -> Condition:
    """Return the prepared form; ValueError or KeyError where it is no valid one."""
    if form.attribute is not None:
        return Condition("attribute", form)
    if form.segment is not None:
        return Condition("segment", form, segment=find_segment(form.segment))
    if form.flag is not None:
        return Condition("flag", form)
    if form.not_ is not None:
        return Condition("not", form, children=(prepare_condition(form.not_, find_segment),))
    parts = form.all if form.all is not None else form.any
    if not parts:
        raise ValueError("a condition says nothing")
    children = tuple(prepare_condition(part, find_segment) for part in parts)
    return Condition("all" if form.all is not None else "any", form, children=children)


def _attribute(scope: Scope, form: ConditionForm) -> str:
    assert form.attribute is not None
    value = scope.value(canonical_path(form.attribute))
    if form.tests.get("exists") is False:
        return f"{value} is None"
    tests = [
        OPERATORS[name].express(scope, constant, form.ignore_case)
        for name, constant in form.tests.items()
    ]
    return " and ".join([f"(v := {value}) is not None", *(f"({test})" for test in tests)])


def _all_of(tests: tuple[Function, ...]) -> Function:
    def holds(context: Context, now: int, run: Any) -> bool:
        for test in tests:
            if not test(context, now, run):
                return False
        return True

    return holds


def _any_of(tests: tuple[Function, ...]) -> Function:
    def holds(context: Context, now: int, run: Any) -> bool:
        for test in tests:
            if test(context, now, run):
                return True
        return False

    return holds
