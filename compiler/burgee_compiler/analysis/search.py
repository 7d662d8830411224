"""Looks for a way in which conditions can hold together; where there is none, they never do.

Alternatives are tried one after the other until one is open. Each is closed as soon as what it
asks of one subject is impossible. A search that grows too long is given up: nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from burgee_compiler.analysis.domains import ANYTHING, Domains
from burgee_compiler.analysis.literals import Literal
from burgee_compiler.analysis.subjects import Subject, subject_of
from burgee_compiler.analysis.values import possible
from burgee_compiler.model.condition import Condition

__all__ = ["always", "covered", "is_plain", "never", "never_asks"]

_MOST_STEPS: Final = 2_000
_MOST_CHOICES: Final = 200
_NONE: Final[Domains] = {}
Asked: TypeAlias = tuple[Condition, bool]
"""A condition, and whether it is to hold."""
Choice: TypeAlias = "list[list[Asked] | tuple[Subject, Literal]]"
"""What is enough, one or the other: conditions to take apart, or one more thing of a subject."""
Known: TypeAlias = dict[Subject, tuple[Literal, ...]]


def never(condition: Condition, domains: Domains = _NONE) -> bool:
    """Return True only where a condition holds in no context."""
    if not domains and is_plain(condition):
        return False
    return not _Search(domains).may_hold([(condition, True)])


def always(condition: Condition) -> bool:
    """Return True only where a condition holds in every context."""
    if not _has_choice(condition):
        return False  # nothing is asked for that a missing attribute, or no segment, satisfies
    return not _Search(_NONE).may_hold([(condition, False)])


def is_plain(condition: Condition) -> bool:
    """Return whether no subject is asked two things, so that nothing can contradict another."""
    parts = condition.all or (condition,)
    subjects = {subject for part in parts if len(part.tests) < 2 and (subject := subject_of(part))}
    return len(subjects) == len(parts)


def _has_choice(condition: Condition) -> bool:
    if condition.any is not None or condition.not_ is not None:
        return True
    return any(map(_has_choice, condition.all or ()))


def covered(condition: Condition | None, others: Sequence[Condition]) -> bool:
    """Return True only where in every context in which `condition` holds one of `others` does."""
    asked: list[Asked] = [] if condition is None else [(condition, True)]
    asked += [(each, False) for each in others]
    return not _Search(_NONE).may_hold(asked)


def never_asks(condition: Condition, operator: str, domains: Domains) -> bool:
    """Return True only where one operator of an attribute's condition can hold of no value."""
    subject = subject_of(condition)
    assert subject is not None
    literal = _literal(operator, condition, positive=True)
    return not possible((literal,), domains.get(subject[1], ANYTHING))


def _literal(operator: str, condition: Condition, *, positive: bool) -> Literal:
    constant = condition.tests[operator]
    if operator == "exists":  # one operator, whichever way it is asked
        return Literal(operator, True, False, positive is constant)
    return Literal(operator, constant, condition.ignore_case, positive)


class _Search:
    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        self._steps = 0

    def may_hold(self, asked: Sequence[Asked]) -> bool:
        """Return False only where not all that is asked can be."""
        facts: Known = {}
        choices: list[Choice] = []
        return self._settle(asked, facts, choices) and self._choose(choices, facts)

    def _add(
        self,
        condition: Condition,
        wanted: bool,
        facts: Known,
        choices: list[Choice],
    ) -> bool:
        """Add what is asked to the facts, or to the choices; return whether it is possible."""
        subject = subject_of(condition)
        if subject is None:
            parts = condition.any if wanted else condition.all
            assert parts is not None
            choices.append([[(part, wanted)] for part in parts])
            return True
        literals = _literals(condition, wanted)
        if wanted or len(literals) == 1:
            return all(self._learn(subject, each, facts) for each in literals)
        choices.append([(subject, each) for each in literals])
        return True

    def _learn(self, subject: Subject, literal: Literal, facts: Known) -> bool:
        facts[subject] = literals = (*facts.get(subject, ()), literal)
        self._steps += len(literals)
        sort, name = subject
        if sort == "attribute":
            return possible(literals, self._domains.get(name, ANYTHING))
        if sort == "segment":
            return len({each.positive for each in literals}) == 1
        return _possible_flag(literals)

    def _choose(self, choices: list[Choice], facts: Known) -> bool:
        if not choices or len(choices) > _MOST_CHOICES or self._steps > _MOST_STEPS:
            return True
        first, *rest = choices
        for choice in first:
            tried = dict(facts)
            later = list(rest)
            if isinstance(choice, tuple):
                if not self._learn(*choice, tried):
                    continue
            elif not self._settle(choice, tried, later):
                continue
            if self._choose(later, tried):
                return True
        return False

    def _settle(
        self,
        asked: Sequence[Asked],
        facts: Known,
        choices: list[Choice],
    ) -> bool:
        """Take apart what is asked: into the facts, or into choices yet to be made."""
        pending = list(reversed(asked))
        while pending:
            condition, wanted = pending.pop()
            self._steps += 1
            parts = _conjunction(condition, wanted)
            if parts is not None:
                pending += reversed(parts)
            elif not self._add(condition, wanted, facts, choices):
                return False
        return True


def _conjunction(condition: Condition, wanted: bool) -> list[Asked] | None:
    """Return what a condition asks for all at once; None where it is one thing, or a choice."""
    if condition.not_ is not None:
        return [(condition.not_, not wanted)]
    parts = condition.all if wanted else condition.any
    return None if parts is None else [(part, wanted) for part in parts]


def _literals(condition: Condition, wanted: bool) -> list[Literal]:
    if condition.attribute is not None:
        return [_literal(operator, condition, positive=wanted) for operator in condition.tests]
    return [Literal("in", list(condition.serves), False, wanted)]


def _possible_flag(literals: Sequence[Literal]) -> bool:
    """Return False only where no variant, nor none, is served as asked."""
    wanted = [frozenset(each.constants) for each in literals if each.positive]
    if not wanted:
        return True
    left = frozenset.intersection(*wanted)
    return bool(left.difference(*(each.constants for each in literals if not each.positive)))
