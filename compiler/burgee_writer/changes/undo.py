"""Taking back what one commit did, by a forward commit that gives back the earlier bytes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pygit2

from burgee_compiler.layout import files_read
from burgee_compiler.trees import CommitTree, NoFiles, Tree
from burgee_compiler.writes import lock_of
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Change, Did, Working
from burgee_writer.tips.tip import tree_of

__all__ = ["Undone", "undo"]


class Undone:
    """A commit that is to be taken back, and how to read it."""

    def __init__(self, root: Path, folder: str, commit: str) -> None:
        self.commit = commit
        repository = pygit2.Repository(str(root))
        try:
            found = repository[commit].peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise ChangeRefused(
                "not_found", f"there is no commit {commit}", "see GET /v1/audit"
            ) from error
        self.after: Tree = _tree(root, commit, folder)
        parents = found.parent_ids
        self.before: Tree = _tree(root, str(parents[0]), folder) if parents else NoFiles()

    def changed(self) -> list[str]:
        """Return the files that the commit changed, of those that are read."""
        paths = files_read(self.before.entries()) | files_read(self.after.entries())
        return sorted(each for each in paths if _id(self.before, each) != _id(self.after, each))


def undo(undone: Undone, entity: str | None = None) -> Change:
    """Give back the bytes from before a commit; refused if later commits touched them."""
    return partial(_undo, undone, entity)


def _undo(undone: Undone, entity: str | None, working: Working) -> Did:
    changed = undone.changed()
    own = [each for each in changed if each.startswith(f"{working.tenant}/")]
    short = undone.commit[:7]
    if entity is not None:
        own = [each for each in own if each in _paths(working, entity)]
    elif len(own) != len(changed):
        raise ChangeRefused(
            "foreign_commit",
            f"{short} changed files of others too",
            "name an entity of your own, such as flag/checkout.one-page",
        )
    if not own:
        raise ChangeRefused("not_found", f"{short} changed nothing of yours there", "see the audit")
    later = [each for each in own if working.writing.read(each) != _bytes(undone.after, each)]
    if later:
        raise ChangeRefused(
            "changed_since",
            f"later commits touched {', '.join(later)}",
            "undo those first, or make the change anew",
            {"files": later},
        )
    for path in own:
        working.writing.put(path, _bytes(undone.before, path))
    named = entity or _entity(own[0])
    return Did(
        subject=f"undo {short}: {named}",
        action="undo",
        entity=named,
        undoes=undone.commit,
        keep_locks=True,
        detail={"undone": undone.commit, "entities": sorted(set(map(_entity, own)))},
    )


def _paths(working: Working, entity: str) -> set[str]:
    sort, _, key = entity.partition("/")
    if sort not in ("flag", "segment") or not key:
        raise ChangeRefused(
            "invalid_request", f"{entity!r} is no entity", "write flag/KEY or segment/NAME"
        )
    path = working.path(f"{sort}s", key)
    return {path, lock_of(path)}


def _entity(path: str) -> str:
    _, _, inside = path.partition("/")
    folder, slash, rest = inside.partition("/")
    stem = rest.removesuffix(".yaml").removesuffix(".lock").replace("/", ".")
    return f"{folder.removesuffix('s')}/{stem}" if slash else inside.removesuffix(".yaml")


def _tree(root: Path, commit: str, folder: str) -> Tree:
    try:
        return tree_of(root, commit, folder)
    except KeyError:
        return NoFiles()


def _id(tree: Tree, path: str) -> str | None:
    return tree.blob(path) if isinstance(tree, CommitTree) else None


def _bytes(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except OSError:
        return None
