"""What people do to flags, an edit at a time. Each is told how its meaning may have changed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from msgspec import Struct, structs

from burgee.instants import format_instant
from support.history.drafts import SPLIT, FlagDraft, RuleDraft, SegmentDraft

__all__ = ["EDITS", "Draft", "Edit", "World", "new_flag"]

DAY = 86_400_000_000
Draft = FlagDraft | SegmentDraft
D = TypeVar("D", bound=Draft)

TEAMS = ("team-checkout", "team-search", "team-growth", "team-platform")
TENANTS = ("shop", "media", "bank")
AREAS = ("checkout", "search", "mobile", "ops", "emails", "pricing")
ATTRIBUTES = (
    {"attribute": "plan", "in": ["premium", "enterprise"]},
    {"attribute": "country", "eq": "DE"},
    {"attribute": "app.version", "semver_gte": "3.12.0"},
    {"attribute": "beta", "eq": True},
)
RAMP = (1, 5, 10, 25, 50, 100)


class World(Struct, frozen=True):
    """All flags and segments by path, at a time."""

    drafts: dict[str, Draft]
    now: int
    number: int
    """How many edits there were."""

    def flags(self, holds: Callable[[FlagDraft], bool]) -> list[FlagDraft]:
        return [
            each for each in self.drafts.values() if isinstance(each, FlagDraft) and holds(each)
        ]


class Edit(Struct, frozen=True):
    """Drafts by path, None for one that goes, and whether that is to change any answer."""

    message: str
    changes: dict[str, Draft | None]
    is_text: bool = False
    without_lock: bool = False


def new_flag(r: Random, tenant: str, number: int) -> FlagDraft:
    """Return a flag as it is when it has lived a while."""
    key = f"{r.choice(AREAS)}.feature-{number:03}"
    flag = FlagDraft(tenant, key, f"Feature {number} of the {tenant}", r.choice(TEAMS))
    if r.random() < 0.35:
        flag = structs.replace(flag, is_split=True, default=_weights(r))
    elif r.random() < 0.6:
        flag = structs.replace(flag, default="on", percentage=r.choice(RAMP[:-1]))
    rules = tuple(_rule(r, flag, n) for n in range(r.choice((0, 0, 1, 1, 2))))
    return structs.replace(flag, rules=rules)


def _create(r: Random, world: World) -> Edit | None:
    flag = new_flag(r, r.choice(TENANTS), 500 + world.number)
    flag = structs.replace(flag, is_split=False, default="off", percentage=None, rules=())
    return _edit(f"Add {flag.key}", flag)


def _ramp(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: each.percentage is not None and not each.steps)
    if flag is None or flag.percentage is None:
        return None
    at = RAMP.index(flag.percentage) if flag.percentage in RAMP else 0
    to = RAMP[min(at + 1, len(RAMP) - 1)] if r.random() < 0.8 else RAMP[max(at - 1, 0)]
    return _edit(f"{flag.key}: {to} %", structs.replace(flag, percentage=to))


def _plan_ramp(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: each.percentage is not None and not each.steps)
    if flag is None:
        return None
    days = r.randrange(1, 5)
    steps = tuple(
        (format_instant(world.now + n * days * DAY), share) for n, share in ((1, 50), (2, 100))
    )
    return _edit(f"{flag.key}: all users in {2 * days} days", structs.replace(flag, steps=steps))


def _reweigh(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: isinstance(each.default, dict))
    if flag is None:
        return None
    edit = _edit(f"{flag.key}: other weights", structs.replace(flag, default=_weights(r)))
    return structs.replace(edit, without_lock=r.random() < 0.2)


def _target(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: len(each.rules) < 3)
    if flag is None:
        return None
    rule = _rule(r, flag, world.number)
    return _edit(f"{flag.key}: {rule.name}", structs.replace(flag, rules=(rule, *flag.rules)))


def _narrow(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: bool(each.rules))
    if flag is None:
        return None
    first, *others = flag.rules
    changed = structs.replace(first, when=r.choice(ATTRIBUTES))
    return _edit(f"{flag.key}: for others", structs.replace(flag, rules=(changed, *others)))


def _members(r: Random, world: World) -> Edit | None:
    segments = [each for each in world.drafts.values() if isinstance(each, SegmentDraft)]
    segment = r.choice(segments)
    members = (*segment.members, f"u-{world.number}")[-6:]
    return _edit(f"{segment.name}: one more", structs.replace(segment, members=members))


def _kill(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: each.state == "on")
    return None if flag is None else _edit(f"Stop {flag.key}", structs.replace(flag, state="off"))


def _restore(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: each.state == "off")
    return (
        None
        if flag is None
        else _edit(f"Start {flag.key} again", structs.replace(flag, state="on"))
    )


def _experiment(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: each.is_split and not _tried(each))
    if flag is None:
        return None
    rule = RuleDraft(f"test-{world.number}", r.choice(ATTRIBUTES), _weights(r), 50, "running")
    return _edit(f"{flag.key}: start {rule.name}", structs.replace(flag, rules=(*flag.rules, rule)))


def _conclude(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: any(rule.experiment == "running" for rule in each.rules))
    if flag is None:
        return None
    status = r.choice(("concluded", "concluded", "paused"))
    rules = tuple(
        structs.replace(rule, experiment=status) if rule.experiment == "running" else rule
        for rule in flag.rules
    )
    return _edit(f"{flag.key}: {status}", structs.replace(flag, rules=rules))


def _clean_up(r: Random, world: World) -> Edit | None:
    needed = {(each.tenant, key) for each in world.flags(lambda _: True) for key in each.requires}
    flag = _one(r, world, lambda each: (each.tenant, each.key) not in needed)
    return None if flag is None else Edit(f"Remove {flag.key}", {flag.path: None})


def _rename(r: Random, world: World) -> Edit | None:
    needed = {(each.tenant, key) for each in world.flags(lambda _: True) for key in each.requires}
    flag = _one(r, world, lambda each: (each.tenant, each.key) not in needed)
    if flag is None:
        return None
    key = f"{flag.key}-{world.number}"
    renamed = structs.replace(flag, key=key, seed=flag.seed or flag.key)
    return Edit(f"{flag.key} is {key}", {flag.path: None, renamed.path: renamed})


def _require(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda each: not each.requires)
    if flag is None:
        return None
    # Only what needs nothing itself can be needed, so that there is no circle.
    needed = {key for each in world.flags(lambda _: True) for key in each.requires}
    other = _one(
        r,
        world,
        lambda each: (
            each.tenant == flag.tenant
            and each.key != flag.key
            and not (each.is_split or each.requires)
            and each.default == "on"
        ),
    )
    if other is None or flag.key in needed:
        return None
    return _edit(f"{flag.key} needs {other.key}", structs.replace(flag, requires=(other.key,)))


def _typo(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda _: True)
    if flag is None:
        return None
    text = f"{flag.description.rstrip('.')}, as of edit {world.number}."
    return structs.replace(_edit("Typo", structs.replace(flag, description=text)), is_text=True)


def _note(r: Random, world: World) -> Edit | None:
    flag = _one(r, world, lambda _: True)
    if flag is None:
        return None
    noted = structs.replace(flag, comments=(f"See ticket {world.number}.",), owner=r.choice(TEAMS))
    return structs.replace(_edit("A word on the owner", noted), is_text=True)


EDITS: dict[Callable[[Random, World], Edit | None], int] = {
    _create: 10,
    _ramp: 30,
    _plan_ramp: 6,
    _reweigh: 20,
    _target: 14,
    _narrow: 8,
    _members: 10,
    _kill: 10,
    _restore: 8,
    _experiment: 10,
    _conclude: 6,
    _clean_up: 8,
    _rename: 5,
    _require: 6,
    _typo: 10,
    _note: 8,
}
"""Each edit with how often it is made."""


def _edit(message: str, draft: Draft) -> Edit:
    return Edit(message, {draft.path: draft})


def _one(r: Random, world: World, holds: Callable[[FlagDraft], bool]) -> FlagDraft | None:
    found = world.flags(holds)
    return r.choice(found) if found else None


def _tried(flag: FlagDraft) -> bool:
    return any(rule.experiment for rule in flag.rules)


def _rule(r: Random, flag: FlagDraft, number: int) -> RuleDraft:
    when = {"segment": r.choice(("staff", "beta"))} if r.random() < 0.5 else r.choice(ATTRIBUTES)
    share = r.choice((None, None, 10, 50))
    if flag.is_split:
        serve = _weights(r) if r.random() < 0.3 else r.choice(SPLIT)
        return RuleDraft(f"rule-{number}", when, serve, share)
    return RuleDraft(f"rule-{number}", when, "on", share)


def _weights(r: Random) -> dict[str, int]:
    first = r.randrange(10, 81, 5)
    second = r.randrange(5, 100 - first, 5) if first < 90 else 5
    return dict(zip(SPLIT, (first, second, 100 - first - second), strict=True))
