"""The plan as data: what text, Markdown and JSON show, and what the writer judges."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.change_kind import ChangeKind

__all__ = [
    "CLASSES",
    "Answer",
    "EnvironmentPlan",
    "FlagPlan",
    "FlagStatus",
    "GroupPlan",
    "Move",
    "Plan",
    "PlanClass",
    "Real",
    "Share",
    "Step",
    "Transition",
    "Verdict",
    "percent_text",
    "worst",
]

PlanClass: TypeAlias = Literal["none", "low", "medium", "high"]
FlagStatus: TypeAlias = Literal["added", "removed", "changed", "affected", "unknown"]
CLASSES: Final[tuple[PlanClass, ...]] = ("none", "low", "medium", "high")


def worst(classes: Iterable[PlanClass]) -> PlanClass:
    """Return the highest class; none where there is none."""
    return max(classes, key=CLASSES.index, default="none")


class Share(Struct, frozen=True):
    """An exact share of a group of users."""

    numerator: int
    denominator: int

    @classmethod
    def of(cls, share: Fraction) -> Share:
        """Return the share that a fraction is."""
        return cls(share.numerator, share.denominator)

    @property
    def fraction(self) -> Fraction:
        """The share as a fraction."""
        return Fraction(self.numerator, self.denominator)

    @property
    def percent(self) -> str:
        """The share in percent with three decimals; `<0.001` where it is less and not 0."""
        return percent_text(self.fraction)


def percent_text(share: Fraction) -> str:
    """Return a share in percent with three decimals, halves up; `<0.001` where it is not 0."""
    thousandths = (abs(share) * 100_000 + Fraction(1, 2)).__floor__()
    if thousandths == 0 and share:
        return "<0.001"
    sign = "-" if share < 0 else ""
    return f"{sign}{thousandths // 1000}.{thousandths % 1000:03}"


class Move(Struct, frozen=True):
    """A share of a group that gets another thing; None is the caller's default.

    Where the variant is the same it has another value.
    """

    before: str | None
    after: str | None
    share: Share


class GroupPlan(Struct, frozen=True):
    """Users who get the same of the change: any of `who` says them, by all the facts in it.

    A fact is a rule that they match (`not` one that they do not), or a prerequisite. No `who` is
    everyone. `served` has the shares before and after by variant.
    """

    who: tuple[tuple[str, ...], ...]
    served: tuple[tuple[str | None, Share, Share], ...]
    moves: tuple[Move, ...]
    moved: Share
    least: Share
    """The share that has to get something else, as the shares before and after are."""


class Step(Struct, frozen=True):
    """What a flag will change by itself, at an instant or until another."""

    at: str
    until: str | None
    what: tuple[str, ...]
    moved: Share | None
    """The largest share of any group that gets something else; None where it is not known."""


class Answer(Struct, frozen=True):
    """What a context gets: the variant, None for the caller's default, and the rule that gave it.

    An error has no variant, and its reason for a rule.
    """

    variant: str | None
    rule: str | None


class Transition(Struct, frozen=True):
    """Real contexts that get another answer, and the numbers of the first lines they stand in."""

    before: Answer
    after: Answer
    count: int
    examples: tuple[int, ...]


class Real(Struct, frozen=True):
    """What a change does to the contexts of a file."""

    contexts: int
    changed: int
    transitions: tuple[Transition, ...]


class Verdict(Struct, frozen=True):
    """What the policy says of a change, and by which of its lines, counted from 1.

    No line is named where none matches.
    """

    then: Literal["allow", "review", "deny"]
    line: int | None = None


class EnvironmentPlan(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What a change does to one flag in one environment."""

    environment: str
    status: Literal["changed", "comes", "goes", "unknown"] = "changed"
    """`unknown` where it did not build before, so that nothing can be compared."""
    kinds: tuple[ChangeKind, ...]
    class_: PlanClass
    """Against the form that was last reviewed."""
    changes: tuple[str, ...]
    groups: tuple[GroupPlan, ...]
    """Only those of whom somebody gets something else."""
    others: bool = True
    """Whether there are users in none of the groups."""
    conditions: tuple[tuple[str, str], ...] = ()
    """What the rules that groups are told by ask for."""
    undecided: str | None = None
    """Why the groups are not known."""
    worst_at: str | None = None
    """When the most users get something else, where that is not now."""
    worst_moved: Share | None = None
    """The largest share of any group at any time, as if the flag were on."""
    worst_if_on: bool = False
    """Whether that many are moved only if the flag is switched on."""
    timeline: tuple[Step, ...] = ()
    real: Real | None = None
    """Where a file of contexts was given."""
    verdict: Verdict | None = None
    """Where there is a policy."""


class FlagPlan(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What a change does to one flag."""

    tenant: str
    flag: str
    file: str
    status: FlagStatus
    because_of: tuple[str, ...] = ()
    """Changed files beside its own that it is built from."""
    kind: str | None = None
    owner: str | None = None
    class_: PlanClass = "none"
    """The highest class in any environment."""
    environments: tuple[EnvironmentPlan, ...] = ()
    risks: tuple[Diagnostic, ...] = ()


class Plan(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What a change does, whole."""

    base: str
    head: str
    at: str
    class_: PlanClass
    """The highest class of any flag."""
    flags: tuple[FlagPlan, ...]
    without_effect: tuple[str, ...] = ()
    """Files that differ and change nothing for users."""
    risks: tuple[Diagnostic, ...] = ()
    """Of no one flag."""
    found: tuple[Diagnostic, ...] = ()
    """Errors at head: what they stand in is not planned."""
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    """The strictest of all, where there is a policy."""
