"""Publishing one environment: documents, signatures, and last the manifest under its condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.publish.order import Ancestry, Verdict, judge, judge_alone
from burgee_compiler.publish.prune import Keep, prune
from burgee_compiler.publish.published import (
    MANIFEST,
    Published,
    copy_path,
    read_published,
    reader,
)
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.target import MOST_MANIFEST, Lost, Target, TargetError
from burgee_compiler.publish.uploads import Upload, missing, send, signature_of

__all__ = ["How", "Notify", "Offer", "Outcome", "Result", "publish"]

Offer = Callable[[Published | None], EnvironmentBuild]
"""Gives the build that is to take the place of what is published."""
Notify = Callable[[str, str, str], None]
"""Is told environment, version and digest once the manifest is in force; raises OSError at most."""
Result = Literal["published", "unchanged", "refused", "would-publish"]


class How(Struct, frozen=True):
    """How to publish: `rounds` is how many races may be lost; without `keep` nothing is pruned."""

    retry: Retry = Retry()
    rounds: int = 20
    keep: Keep | None = Keep()
    dry_run: bool = False
    repair: bool = False
    allow_unsigned: bool = False
    notify: Notify | None = None


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it; `uploads` are the files that were put, or would be in a dry run."""

    environment: str
    result: Result
    version: str
    digest: str
    uploads: tuple[str, ...] = ()
    bytes: int = 0
    held: dict[str, dict[str, str]] = {}
    reason: str = ""
    message: str = ""
    help: str = ""
    pruned: int = 0
    lost_races: int = 0
    notes: tuple[str, ...] = ()


def publish(
    environment: str, offer: Offer, target: Target, ancestry: Ancestry | None, how: How
) -> Outcome:
    """Publish what `offer` gives; whoever loses a race reads again and judges again.

    Raises TargetError where the target fails for longer than is bearable, or can be none; what is
    in force there is then what was before, or this build.
    """
    tried: set[str] = set()
    lost = 0
    while True:
        published = read_published(target, environment, how.retry)
        build = offer(published)
        verdict = _judged(build, published, ancestry, how)
        if verdict.kind == "new" and _loses_signatures(build, published, target, how):
            verdict = _UNSIGNED
        try:
            done = _carry_out(build, published, verdict, target, how, tried)
        except Lost:
            lost += 1
            if lost >= how.rounds:
                raise
            how.retry.wait(min(lost, 6))
            continue
        return structs.replace(_finished(done, target, how), lost_races=lost)


_UNSIGNED: Final = Verdict(
    "refused",
    "unsigned",
    "what is published is signed, and this build is not: nodes that trust keys would refuse it",
    "name the key with --sign, or say --allow-unsigned",
)


def _loses_signatures(
    build: EnvironmentBuild, published: Published | None, target: Target, how: How
) -> bool:
    if (
        how.allow_unsigned
        or published is None
        or signature_of(copy_path(build.digest)) in build.files
    ):
        return False
    path = f"{build.environment}/{signature_of(copy_path(published.digest))}"
    return how.retry.call(lambda: target.read(path, MOST_MANIFEST)) is not None


def _judged(
    build: EnvironmentBuild, published: Published | None, ancestry: Ancestry | None, how: How
) -> Verdict:
    ours = msgspec.json.decode(build.manifest, type=EnvironmentManifest)
    alone = judge_alone(ours)
    if alone.kind == "refused":
        return alone
    return judge(ours, build.digest, published, ancestry, repair=how.repair)


def _carry_out(
    build: EnvironmentBuild,
    published: Published | None,
    verdict: Verdict,
    target: Target,
    how: How,
    tried: set[str],
) -> Outcome:
    """Do what was judged; `tried` are digests that we put, whatever we were told came of it."""
    if verdict.kind == "refused":
        return _outcome(build, "refused", (), verdict)
    read = reader(target, build.environment, how.retry)
    uploads = missing(build, published, read, repair=how.repair)
    replaces = verdict.kind == "new"
    if how.dry_run:
        would: Result = "would-publish" if replaces or uploads else "unchanged"
        return _outcome(build, would, uploads, verdict)
    if replaces:
        how.retry.call(lambda: target.prove(build.environment))
    there = send(target, build.environment, uploads, how.retry)
    if replaces:
        tried.add(build.digest)
        path = f"{build.environment}/{MANIFEST}"
        condition = None if published is None else published.condition
        how.retry.call(lambda: target.replace(path, build.manifest, condition))
        send(target, build.environment, there, how.retry)  # another may just have pruned them
    new = replaces or uploads or build.digest in tried
    return _outcome(build, "published" if new else "unchanged", uploads, verdict)


def _outcome(
    build: EnvironmentBuild, result: Result, uploads: tuple[()] | list[Upload], verdict: Verdict
) -> Outcome:
    return Outcome(
        environment=build.environment,
        result=result,
        version=build.version,
        digest=build.digest,
        uploads=tuple(each.path for each in uploads),
        bytes=sum(len(each.data) for each in uploads),
        held=build.held,
        reason=verdict.reason,
        message=verdict.message,
        help=verdict.help,
    )


def _finished(done: Outcome, target: Target, how: How) -> Outcome:
    """Wake who waits, and prune; the build is in force whatever becomes of that."""
    notes: list[str] = []
    pruned = 0
    if done.result == "published" and how.notify is not None:
        try:
            how.notify(done.environment, done.version, done.digest)
        except OSError as error:
            notes.append(f"nobody was woken: {error}")
    if done.result in ("published", "unchanged") and how.keep is not None:
        try:
            removed = prune(target, done.environment, how.keep, how.retry)
            if removed is None:
                notes.append(f"{target.place} lists no files, so nothing is pruned there")
            pruned = removed or 0
        except TargetError as error:
            notes.append(f"nothing was pruned: {error}")
    return structs.replace(done, pruned=pruned, notes=tuple(notes))
