"""What a write comes to: the changes with the locks they need, and the findings that it adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from burgee_compiler.build import check
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.load import load_repository
from burgee_compiler.repository import Repository
from burgee_compiler.trees import Tree
from burgee_compiler.writes.changes import Changes, Overlaid
from burgee_compiler.writes.relock import with_locks

__all__ = ["Judged", "added", "judge"]


class Judged(Struct, frozen=True):
    """A write before it is made."""

    changes: Changes
    tree: Tree
    """The tree with the changes."""
    repository: Repository
    added: list[Diagnostic]
    """The findings that are not there without the write."""

    @property
    def refused(self) -> bool:
        """Whether it adds an error, and so is not to be made."""
        return any(each.severity == "error" for each in self.added)


def judge(before: Repository, tree: Tree, changes: Changes, *, keep_locks: bool = False) -> Judged:
    """Return what changes of a tree come to, whose repository is `before`.

    Where they change weights, the locks are written that keep users where they are, unless
    `keep_locks`: the changes hold the locks that are meant.
    """
    over = Overlaid(tree, changes)
    after = load_repository(over)
    if not keep_locks:
        locked = with_locks(before, after, changes)
        if locked != changes:
            changes, over = locked, Overlaid(tree, locked)
            after = load_repository(over)
    return Judged(changes, over, after, added(check(before), check(after)))


def added(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings of `after` beyond those of `before`, by code, file and subject."""
    known = Counter(_kind(each) for each in before)
    exact = Counter((_kind(each), each.message) for each in before)
    found: list[Diagnostic] = []
    rest: list[Diagnostic] = []
    for each in after:  # those that say the same are the same; the rest of a kind is counted
        if exact[_kind(each), each.message] > 0:
            exact[_kind(each), each.message] -= 1
            known[_kind(each)] -= 1
        else:
            rest.append(each)
    for each in rest:
        if known[_kind(each)] > 0:
            known[_kind(each)] -= 1
        else:
            found.append(each)
    return found


def _kind(found: Diagnostic) -> tuple[str, str, str | None]:
    return found.code, found.where.file, found.subject
