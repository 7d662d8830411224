"""The changes of a branch, read from git: a step for each commit that became its tip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pygit2

from burgee.instants import MICROSECONDS
from burgee_compiler.definitions import read_definition
from burgee_compiler.model.files import TENANT, Tenant
from burgee_compiler.past.steps import Step
from burgee_writer.git.message import Message, one_line, read_message
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.webhooks.change import Change, Rewritten, Target
from burgee_writer.webhooks.touched import REPOSITORY, touched

__all__ = ["GitChanges"]


class GitChanges:
    """Changes of `reference`, such as refs/heads/main; `inside` is the flag repository's folder.

    What a commit says of itself is told only where one of `keys` signed it.
    """

    def __init__(
        self, repository: Path, reference: str, *, inside: str = "", keys: CommitKeys | None = None
    ) -> None:
        self._path = repository
        self._reference = reference
        self._inside = inside
        self._keys = keys
        self._opened: pygit2.Repository | None = None

    def tip(self) -> str | None:
        try:
            return str(self._repository.lookup_reference(self._reference).peel(pygit2.Commit).id)
        except KeyError:
            return None

    def since(self, commit: str | None, until: str) -> Iterable[Change]:
        repository = self._repository
        last = repository[until].peel(pygit2.Commit)
        chain = _first_parents(last) if commit is None else _between(repository, commit, last)
        before = None if commit is None else repository[commit].peel(pygit2.Commit)
        for name in reversed(chain):
            after = repository[name].peel(pygit2.Commit)
            yield from self._changes(before, after)
            before = after

    @property
    def _repository(self) -> pygit2.Repository:
        if self._opened is None:
            self._opened = pygit2.Repository(str(self._path))
        return self._opened

    def _changes(self, before: pygit2.Commit | None, after: pygit2.Commit) -> Iterator[Change]:
        trees = self._tree(before), self._tree(after)
        step = Step(after, trees)

        def read(path: str) -> bytes | None:
            found = step.after(path)
            return step.before(path) if found is None else found

        def names(folder: str) -> set[str]:
            return {name for tree in trees for name in _names(tree, folder)}

        found = touched(step.changed, read, names)
        said = self._said(after)
        for tenant, entities in sorted(found.items()):
            targets = _targets(step, tenant)
            if not targets:
                continue
            alone = len(found) == 1 and REPOSITORY not in entities
            yield Change(
                commit=str(after.id),
                previous_commit=None if before is None else str(before.id),
                tenant=tenant,
                time=after.commit_time * MICROSECONDS,
                entities=tuple(sorted(entities, key=lambda each: (each.entity, each.key or ""))),
                actor=one_line(step.author[0]),
                action=said.action or None if said is not None and alone else None,
                reason=said.reason if said is not None and alone else None,
                targets=targets,
            )

    def _said(self, commit: pygit2.Commit) -> Message | None:
        if self._keys is None or not self._keys.signed(commit):
            return None
        return read_message(commit.raw_message.decode("utf-8", "replace"))

    def _tree(self, commit: pygit2.Commit | None) -> pygit2.Tree | None:
        if commit is None:
            return None
        found = _at(commit.tree, self._inside)
        return found if isinstance(found, pygit2.Tree) else None


def _targets(step: Step, tenant: str) -> tuple[Target, ...]:
    """Return a tenant's webhooks as the step left them; else as they were, so that a file that
    is broken or gone is told of as well.
    """
    path = f"{tenant}/tenant.yaml"
    for data in (step.after(path), step.before(path)):
        made = None if data is None else read_definition(data, path, TENANT, None)[0]
        if isinstance(made, Tenant):
            return tuple(Target(each.url, each.secret, each.entities) for each in made.webhooks)
    return ()


def _first_parents(last: pygit2.Commit) -> list[pygit2.Oid]:
    chain, commit = [last.id], last
    while commit.parent_ids:
        commit = commit.parents[0]
        chain.append(commit.id)
    return chain


def _between(repository: pygit2.Repository, since: str, last: pygit2.Commit) -> list[pygit2.Oid]:
    """Return the commits that lead from `since` to `last`, newest first, without `since`.

    At a merge the first parent is followed that leads there: whoever pulls and pushes makes what
    was the tip a second parent. Raises Rewritten where none leads there.
    """
    try:
        first = repository[since].peel(pygit2.Commit).id
    except (KeyError, ValueError):
        raise Rewritten(since) from None
    if first == last.id:
        return []
    walk = repository.walk(last.id, pygit2.enums.SortMode.TOPOLOGICAL)
    walk.hide(first)
    parents = {each.id: each.parent_ids for each in walk}
    way: dict[pygit2.Oid, pygit2.Oid] = {}
    for name in reversed(parents):
        for parent in parents[name]:
            if parent == first or parent in way:
                way[name] = parent
                break
    if last.id not in way:
        raise Rewritten(since)
    chain = [last.id]
    while (parent := way[chain[-1]]) != first:
        chain.append(parent)
    return chain


def _at(tree: pygit2.Tree | None, path: str) -> pygit2.Object | None:
    if not path or tree is None:
        return tree
    try:
        return tree[path]
    except KeyError:
        return None


def _names(tree: pygit2.Tree | None, folder: str) -> list[str]:
    found = _at(tree, folder)
    return [each.name or "" for each in found] if isinstance(found, pygit2.Tree) else []
