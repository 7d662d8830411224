"""A write to a flag that is held would do nothing: it is refused, and told what holds the flag.

A write that makes tests of its flag fail would hold it from then on, and is refused as invalid.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pygit2

from burgee_compiler.layout import ROOT_FILE
from burgee_writer.changes.working import Did
from burgee_writer.git.branch import Branch
from burgee_writer.tips.tip import Tip
from burgee_writer.writing.judging import Held, Judged, held_in
from burgee_writer.writing.refusals import WriteRefused
from burgee_writer.writing.refusing import told
from burgee_writer.writing.request import Entity

__all__ = ["require_not_held", "require_readable", "require_settings"]

_MOST: Final = 2_000


def require_settings(branch: Branch, tip: Tip) -> None:
    """Refuse every write while nobody can tell what the policy is: it must not be as if there were
    none. Nothing builds then either, so that not even a kill would reach anybody.
    """
    if tip.repository.burgee is not None:
        return
    errors = [f for f in tip.found if f.where.file == ROOT_FILE and f.severity == "error"]
    held = Held((), tuple(errors))
    raise WriteRefused(
        "unreadable",
        "burgee.yaml is missing or has errors, so that neither policy nor environments are known",
        {**told(tip, errors), "commit": _brought_by(branch, tip, held)},
        help="mend it by a commit of your own: nothing builds until then; `burgee check` shows it",
    )


def require_not_held(branch: Branch, tip: Tip, judged: Judged, tenant: str, did: Did) -> None:
    """Refuse a write after which its flag is kept at its last good form."""
    if did.undoes:
        return
    for entity in did.entities:
        sort, _, rest = entity.partition("/")
        if sort in ("flag", "experiment"):
            _require_flag(branch, tip, judged, tenant, rest.partition("/")[0], did.environments)


def _require_flag(
    branch: Branch,
    tip: Tip,
    judged: Judged,
    tenant: str,
    key: str,
    environments: tuple[str, ...],
) -> None:
    head = judged.sides.head
    held = held_in(head, tenant, key, environments or head.environments)
    if held is None:
        return
    findings = [each for each in held.findings if each.where.file.startswith(f"{tenant}/")]
    if held_in(judged.sides.base, tenant, key, held.environments) is None:
        raise WriteRefused(  # by tests alone: all else that is wrong was told before
            "invalid",
            f"The change would make tests fail: {findings[0].message}.",
            told(judged.head, findings),
            help="mend the tests in the same write, or change the flag in another way",
        )
    raise _is_held(branch, tip, key, held, told(judged.head, findings))


def require_readable(branch: Branch, tip: Tip, tenant: str, entity: Entity | None) -> None:
    """Refuse a write to a flag whose file does not read, and so holds it."""
    sort, _, key = ("", "", "") if entity is None else entity.name.partition("/")
    files = tip.repository.tenants.get(tenant)
    file = files.flags.get(key) if files is not None and sort == "flag" else None
    if file is not None and file.flag is None:
        burgee = tip.repository.burgee
        own = (each for each in tip.found if each.where.file == file.path)
        errors = tuple(each for each in own if each.severity == "error")
        held = Held(burgee.environments if burgee else (), errors)
        raise _is_held(branch, tip, key, held, told(tip, errors))


def _is_held(
    branch: Branch, tip: Tip, key: str, held: Held, findings: dict[str, object]
) -> WriteRefused:
    brought = _brought_by(branch, tip, held)
    details = {
        "environments": list(held.environments),
        **findings,
        "commit": brought,
        "undo": None if brought is None else {"path": "/v1/undo", "body": {"commit": brought}},
    }
    return WriteRefused(
        "flag_held",
        f"{key} is held at its last good form in {', '.join(held.environments)}, so this would "
        "have no effect.",
        details,
        help="undo the commit that broke it, or mend what the findings name in the same write",
    )


def _brought_by(branch: Branch, tip: Tip, held: Held) -> str | None:
    """Return the newest commit that changed a file which a finding stands in."""
    files = {each.where.file for each in held.findings}
    paths = [f"{branch.inside}/{each}" if branch.inside else each for each in sorted(files)]
    return _last_change(branch.repository_path, str(tip.commit), paths)


def _last_change(root: Path, commit: str, paths: list[str]) -> str | None:
    repository = pygit2.Repository(str(root))
    now = repository[commit].peel(pygit2.Commit)
    for _ in range(_MOST):
        parent = now.parents[0] if now.parent_ids else None
        for path in paths:
            if _id(now, path) != (None if parent is None else _id(parent, path)):
                return str(now.id)
        if parent is None:
            break
        now = parent
    return None


def _id(commit: pygit2.Commit, path: str) -> str | None:
    try:
        return str(commit.tree[path].id)
    except KeyError:
        return None
