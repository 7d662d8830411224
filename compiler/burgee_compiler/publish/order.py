"""May a build take the place of what is published? Decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from burgee.snapshot.forms import EnvironmentManifest
from burgee.versions import newer_compiler
from burgee_compiler.publish.published import Published

__all__ = ["Ancestry", "Verdict", "ancestry_of", "judge", "judge_alone"]

Ancestry = Callable[[str, str], bool]
"""Takes the published commit and ours: is that one an ancestor of ours?"""


class Verdict(Struct, frozen=True):
    """`new` takes the place of what is there, `same` is there already, `refused` must not."""

    kind: Literal["new", "same", "refused"]
    reason: str = ""
    message: str = ""
    help: str = ""


_NEW = Verdict("new")


def ancestry_of(root: Path) -> Ancestry:
    """Return what git says of the commits of a repository; one it does not have is no ancestor."""
    import pygit2  # noqa: PLC0415  30 ms

    repository = pygit2.Repository(pygit2.discover_repository(str(root)) or str(root))

    def is_ancestor(published: str, ours: str) -> bool:
        if published == ours:
            return True
        try:
            return repository.descendant_of(ours, published)
        except (KeyError, ValueError, pygit2.GitError):
            return False

    return is_ancestor


def judge_alone(ours: EnvironmentManifest) -> Verdict:
    """Return whether a build may be published anywhere at all: only a commit's may."""
    if ours.sequence > 0 and ours.commit is not None:
        return _NEW
    return Verdict(
        "refused",
        "dirty",
        f"version {ours.version} is of no commit whose history is known",
        "commit what was changed and publish that, or publish a commit with --rev HEAD; in a "
        "shallow clone fetch the history first: git fetch --unshallow (actions/checkout: "
        "fetch-depth: 0)",
    )


def judge(
    ours: EnvironmentManifest,
    digest: str,
    published: Published | None,
    ancestry: Ancestry | None,
    *,
    repair: bool = False,
) -> Verdict:
    """Return whether a build, whose manifest has this digest, may replace what is published.

    Without `ancestry`, as for a folder that was built elsewhere, order alone decides. With
    `repair` a manifest that cannot be read is replaced.
    """
    alone = judge_alone(ours)
    if alone.kind == "refused" or published is None:
        return alone
    if published.digest == digest:
        return Verdict("same")
    there = published.manifest
    if there is None:
        return _NEW if repair else _unreadable(published)
    mine, theirs = (ours.epoch, ours.sequence), (there.epoch, there.sequence)
    if mine < theirs:
        return _older(ours, there)
    if mine == theirs:
        return _same_order(ours, there)
    if ours.epoch == there.epoch and ancestry is not None:
        return _descends(ours, there, ancestry)
    return _NEW


def _unreadable(published: Published) -> Verdict:
    return Verdict(
        "refused",
        "unreadable",
        f"what is published cannot be read: {published.trouble}",
        "find out who wrote it; --repair puts this build in its place, and all documents anew",
    )


def _older(ours: EnvironmentManifest, there: EnvironmentManifest) -> Verdict:
    return Verdict(
        "refused",
        "older",
        f"version {ours.version} (epoch {ours.epoch}) is older than {there.version} (epoch "
        f"{there.epoch}), which is published",
        "publish the newest commit: a rollback is a commit, too (`burgee rollback`); raise `epoch` "
        "in burgee.yaml where history was rewritten",
    )


def _same_order(ours: EnvironmentManifest, there: EnvironmentManifest) -> Verdict:
    if ours.commit != there.commit:
        return _diverged(ours, there)
    if newer_compiler(ours.compiler, there.compiler):
        return _NEW
    return Verdict(
        "refused",
        "conflict",
        f"version {ours.version} is published with another content, built by {there.compiler}",
        "publish with a newer version of burgee, or make one more commit",
    )


def _descends(ours: EnvironmentManifest, there: EnvironmentManifest, ancestry: Ancestry) -> Verdict:
    if there.commit is None or ours.commit is None or ancestry(there.commit, ours.commit):
        return _NEW
    return _diverged(ours, there)


def _diverged(ours: EnvironmentManifest, there: EnvironmentManifest) -> Verdict:
    return Verdict(
        "refused",
        "diverged",
        f"{there.version}, which is published, is no ancestor of {ours.version}: its changes would "
        "be lost",
        "publish the branch that holds both; raise `epoch` in burgee.yaml where history was "
        "rewritten",
    )
