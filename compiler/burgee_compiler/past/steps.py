"""A flag repository's first-parent history, newest first: what each commit changed, and from what.

The first parents of a main branch are what was live, one after the other; a merge is one step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from burgee.instants import MICROSECONDS
from burgee_compiler.trees import UnknownRevision, folder_inside

if TYPE_CHECKING:
    import pygit2

__all__ = ["History", "Step", "decoded_text", "had_parent", "open_history"]


class Step:
    """One commit beside its first parent; paths are relative to the flag repository."""

    def __init__(
        self,
        commit: pygit2.Commit,
        trees: tuple[pygit2.Tree | None, pygit2.Tree | None],
        *,
        is_edge: bool = False,
    ) -> None:
        self.commit = commit
        self.time = commit.commit_time * MICROSECONDS
        self.is_edge = is_edge
        """Whether the clone's history ends here though the repository's does not."""
        self._before, self._after = trees
        self.changed: frozenset[str] = frozenset()
        self.renamed: dict[str, str] = {}
        """Earlier paths by later ones, as git finds them."""
        if not is_edge:
            self._compare()

    @property
    def subject(self) -> str:
        """The first line of the commit's message."""
        text = decoded_text(self.commit, self.commit.raw_message)
        return text.strip().partition("\n")[0].strip()

    @property
    def author(self) -> tuple[str, str]:
        """Name and address of who made the commit."""
        author = self.commit.author
        return decoded_text(self.commit, author.raw_name), decoded_text(
            self.commit, author.raw_email
        )

    def before(self, path: str) -> bytes | None:
        """Return a file as it was before the commit, None where there was none."""
        return _read(self._before, path)

    def after(self, path: str) -> bytes | None:
        """Return a file as it is since the commit, None where there is none."""
        return _read(self._after, path)

    def _compare(self) -> None:
        import pygit2  # noqa: PLC0415  takes 30 ms

        if self._before is not None and self._after is not None:
            if self._before.id == self._after.id:
                return
            diff = self._before.diff_to_tree(self._after, context_lines=0)
        elif self._after is not None:
            diff = self._after.diff_to_tree(context_lines=0, swap=True)
        elif self._before is not None:
            diff = self._before.diff_to_tree(context_lines=0)
        else:
            return
        changes = [(each.status, each.old_file.path, each.new_file.path) for each in diff.deltas]
        self.changed = frozenset(path for _, *paths in changes for path in paths)
        kinds = pygit2.enums.DeltaStatus
        if {status for status, *_ in changes} >= {kinds.ADDED, kinds.DELETED}:
            diff.find_similar(flags=pygit2.enums.DiffFind.FIND_RENAMES)
            self.renamed = {
                each.new_file.path: each.old_file.path
                for each in diff.deltas
                if each.status == kinds.RENAMED
            }


class History:
    """The steps that lead to a commit."""

    def __init__(self, repository: pygit2.Repository, tip: pygit2.Commit, inside: str) -> None:
        self._repository = repository
        self._inside = inside
        self.tip = tip

    def steps(self) -> Iterator[Step]:
        """Yield the steps, newest first."""
        commit: pygit2.Commit | None = self.tip
        after = self._tree(self.tip)
        while commit is not None:
            parent = self._parent(commit)
            if parent is None and had_parent(commit):
                yield Step(commit, (None, after), is_edge=True)
                return
            before = None if parent is None else self._tree(parent)
            yield Step(commit, (before, after))
            commit, after = parent, before

    def commits(self) -> Iterator[pygit2.Commit]:
        """Yield all commits that led to the tip, merges left out, newest first."""
        import pygit2  # noqa: PLC0415

        order = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME
        for commit in self._repository.walk(self.tip.id, order):
            if len(commit.parent_ids) < 2:
                yield commit

    def step(self, commit: pygit2.Commit, paths: Collection[str]) -> Step:
        """Return a commit beside its parent, compared only if it changed one of `paths`."""
        parent = self._parent(commit)
        before = None if parent is None else self._tree(parent)
        after = self._tree(commit)
        is_other = any(_id(before, path) != _id(after, path) for path in paths)
        return Step(commit, (before, after) if is_other else (after, after))

    def live_by(self, commit: pygit2.Commit) -> pygit2.Commit | None:
        """Return the first-parent commit that brought a commit; None where it is one itself."""
        import pygit2  # noqa: PLC0415

        line = self._first_parents
        if commit.id in self._places:
            return None
        low, high = 0, len(line) - 1  # the oldest that has it; the newest has
        while low < high:
            middle = (low + high + 1) // 2
            if self._repository.descendant_of(line[middle], commit.id):
                low = middle
            else:
                high = middle - 1
        return self._repository[line[low]].peel(pygit2.Commit)

    @cached_property
    def _first_parents(self) -> list[pygit2.Oid]:
        found = []
        commit: pygit2.Commit | None = self.tip
        while commit is not None:
            found.append(commit.id)
            commit = self._parent(commit)
        return found

    @cached_property
    def _places(self) -> frozenset[pygit2.Oid]:
        return frozenset(self._first_parents)

    def at_tip(self, path: str) -> bytes | None:
        """Return a file as the newest commit has it."""
        return _read(self._tree(self.tip), path)

    def _parent(self, commit: pygit2.Commit) -> pygit2.Commit | None:
        import pygit2  # noqa: PLC0415

        if not commit.parent_ids:
            return None
        found = self._repository.get(commit.parent_ids[0])  # none in a shallow clone
        return None if found is None else found.peel(pygit2.Commit)

    def _tree(self, commit: pygit2.Commit) -> pygit2.Tree | None:
        import pygit2  # noqa: PLC0415

        if not self._inside:
            return commit.tree
        try:
            found = commit.tree[self._inside]
        except KeyError:
            return None
        return found if isinstance(found, pygit2.Tree) else None


def open_history(root: Path, revision: str = "HEAD") -> History | None:
    """Return the history of a flag repository; None where there is no git or no commit yet.

    Raises UnknownRevision where another revision than HEAD is named and there is none.
    """
    import pygit2  # noqa: PLC0415

    found = pygit2.discover_repository(str(root))
    if found is None:
        return None
    try:
        repository = pygit2.Repository(found)
        tip = repository.revparse_single(revision).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        if revision == "HEAD":
            return None
        raise UnknownRevision(f"{revision!r} names no commit of {found}") from error
    return History(repository, tip, folder_inside(repository, root))


def decoded_text(commit: pygit2.Commit, raw: bytes) -> str:
    """Return text of a commit, whatever its bytes are."""
    try:
        return raw.decode(commit.message_encoding or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return raw.decode("utf-8", errors="replace")


def had_parent(commit: pygit2.Commit) -> bool:
    """Return whether a commit has a parent; a shallow clone does not show it."""
    return b"\nparent " in commit.read_raw().partition(b"\n\n")[0]


def _read(tree: pygit2.Tree | None, path: str) -> bytes | None:
    import pygit2  # noqa: PLC0415

    try:
        found = None if tree is None else tree[path]
    except KeyError:
        return None
    return bytes(found.data) if isinstance(found, pygit2.Blob) else None


def _id(tree: pygit2.Tree | None, path: str) -> pygit2.Oid | None:
    try:
        return None if tree is None else tree[path].id
    except KeyError:
        return None
