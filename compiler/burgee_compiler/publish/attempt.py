"""Building one commit, and publishing it to each environment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from burgee.load import Refused
from burgee_compiler.build import Build, build
from burgee_compiler.cache import open_memo
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.facts import commit_facts
from burgee_compiler.load import load_repository
from burgee_compiler.publish.builds import HeldBuilds, Known, LastGoodOf
from burgee_compiler.publish.keys import Keys
from burgee_compiler.publish.order import ancestry_of
from burgee_compiler.publish.publish import How, Outcome, publish
from burgee_compiler.publish.target import Target, TargetError
from burgee_compiler.trees import open_commit

__all__ = ["Attempt", "Trouble", "attempt"]


class Trouble(Struct, frozen=True):
    """Why an environment, or with "" all of them, was not published."""

    environment: str
    reason: str
    message: str
    help: str = ""


class Attempt(Struct, frozen=True):
    """What came of a commit: `committed` is its time in seconds, `builds` what is in force now."""

    commit: str
    committed: float
    found: Sequence[Diagnostic]
    outcomes: Sequence[Outcome]
    troubles: Sequence[Trouble]
    builds: Known


def attempt(
    root: Path,
    commit: str,
    target: Target,
    wanted: Sequence[str],
    keys: Keys,
    how: How,
    known: Known,
) -> Attempt:
    """Build a commit and publish it; what one environment comes to holds up none of the others.

    Raises UnknownRevision and TargetError where nothing can be built at all.
    """
    tree, found = open_commit(root, commit)
    memo = open_memo(root, "commit")
    repository = load_repository(tree, memo)
    facts = commit_facts(found, root)

    def make(last_good: LastGoodOf) -> Build:
        return build(repository, facts, last_good, if_needed=True)

    committed = float(found.commit_time)
    try:
        builds = HeldBuilds(make, target, keys=keys, retry=how.retry, known=known)
    except Refused as error:
        told = f"what is published is damaged, so nothing can be held at it: {error}"
        trouble = Trouble("", "damaged", told, "publish once with --repair")
        return Attempt(commit, committed, (), (), (trouble,), {})
    memo.save()
    outcomes: list[Outcome] = []
    troubles = [*_unbuilt(builds, wanted)]
    for environment in builds.environments():
        if wanted and environment not in wanted:
            continue
        try:
            offer = partial(builds.offer, environment)
            outcomes.append(publish(environment, offer, target, ancestry_of(root), how))
        except (TargetError, Refused) as error:
            help_ = getattr(error, "help", None) or ""
            troubles.append(Trouble(environment, error.reason, str(error), help_))
    good = {each.environment for each in outcomes if each.result != "refused"}
    troubles += [
        Trouble(each.environment, each.reason, each.message, each.help)
        for each in outcomes
        if each.result == "refused"
    ]
    made = {each.environment: each for each in builds.made.environments}
    in_force = {name: each for name, each in made.items() if name in good}
    return Attempt(commit, committed, builds.made.found, outcomes, troubles, in_force)


def _unbuilt(builds: HeldBuilds, wanted: Sequence[str]) -> list[Trouble]:
    there = builds.environments()
    if not there:
        told = "nothing builds: burgee.yaml is broken, or there is no tenant"
        return [Trouble("", "no_build", told, "run `burgee check` on that commit")]
    return [
        Trouble(name, "no_environment", f"the commit has no environment {name!r}")
        for name in wanted
        if name not in there
    ]
