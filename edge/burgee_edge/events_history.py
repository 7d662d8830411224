"""Which flags changed since an earlier version: what a stream tells whoever holds that one."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from burgee.evaluation import TenantFlags
from burgee.load import Snapshot
from burgee.snapshot.documents import Entries

__all__ = ["Change", "History", "event_id"]

_MOST_VERSIONS: Final = 1024  # whose ids are known
_MOST_STEPS: Final = 64  # of one tenant
_MOST_DIGESTS: Final = 20_000  # in all steps of one tenant
_MOST_TOLD: Final = 1_000  # keys; whoever has to fetch more may as well fetch all


class Change(Struct, frozen=True):
    """What is new for a tenant: the keys that changed, or None where all are to be fetched."""

    keys: tuple[str, ...] | None


class Step(Struct, frozen=True):
    """One change of a tenant: what each flag that changed was before, None where it was not."""

    number: int
    manifest: str | None  # the digest of the tenant's manifest before
    before: Mapping[str, str | None]


class _Steps(Struct, frozen=True):
    steps: tuple[Step, ...] = ()
    forgotten: int = 0  # the number of the last step that is not kept any more


class History(Struct, frozen=True):
    """The versions that this process has served, numbered as it came upon them.

    It belongs to the last of them, and a later one has its own: whoever looks at a snapshot sees
    the history that leads to it.
    """

    number: int = 0
    numbers: Mapping[str, int] = {}  # by the ids of events
    tenants: Mapping[str, _Steps] = {}

    def followed(self, previous: Snapshot | None, snapshot: Snapshot) -> "History":
        """Return the history with one more version."""
        number = self.number + 1
        numbers = {**self.numbers, event_id(snapshot): number}
        if len(numbers) > _MOST_VERSIONS:
            del numbers[next(iter(numbers))]
        tenants = self.tenants
        if previous is not None:
            old, new = previous.manifest.tenants, snapshot.manifest.tenants
            changed = [each for each in old.keys() | new.keys() if old.get(each) != new.get(each)]
            steps = {
                each: _stepped(
                    tenants.get(each, _Steps()),
                    Step(
                        number,
                        old.get(each),
                        _before(previous.tenants.get(each), snapshot.tenants.get(each)),
                    ),
                )
                for each in changed
            }
            tenants = {**tenants, **steps}
        return History(number, numbers, tenants)

    def known(self, event: str) -> int | None:
        """Return the number of the version that an event told of, None where it is not known."""
        return self.numbers.get(event)

    def held(self, tenant: str, manifest: str) -> bool:
        """Whether a manifest of the tenant was served before the present one."""
        found = self.tenants.get(tenant, _Steps())
        return any(step.manifest == manifest for step in found.steps)

    def since(self, tenant: str, number: int | None, flags: TenantFlags) -> Change | None:
        """Return what changed for a tenant after a version, None where nothing did."""
        if number is None:
            return Change(None)
        found = self.tenants.get(tenant, _Steps())
        if number < found.forgotten:
            return Change(None)
        before: dict[str, str | None] = {}
        later = [step for step in found.steps if step.number > number]
        for step in reversed(later):
            before.update(step.before)
        if not later:
            return None
        keys = [key for key, digest in before.items() if _digest(flags, key) != digest]
        return Change(None if len(keys) > _MOST_TOLD else tuple(sorted(keys)))


def event_id(snapshot: Snapshot) -> str:
    """Return what names a version to all nodes alike: its order and the head of its digest."""
    return "{}.{}-{}".format(*snapshot.order, snapshot.digest[:8])


def _stepped(known: _Steps, step: Step) -> _Steps:
    steps = [*known.steps, step]
    forgotten = known.forgotten
    held = sum(len(each.before) for each in steps)
    while steps and (len(steps) > _MOST_STEPS or held > _MOST_DIGESTS):
        gone = steps.pop(0)
        held -= len(gone.before)
        forgotten = gone.number
    return _Steps(tuple(steps), forgotten)


def _before(old: TenantFlags | None, new: TenantFlags | None) -> dict[str, str | None]:
    """Return the digests before of the flags that changed, without a look at those documents
    that both sets share.
    """
    left, right = _parts(old), _parts(new)
    was = _digests(left, right)
    now = _digests(right, left)
    return {key: was.get(key) for key in was.keys() | now.keys() if was.get(key) != now.get(key)}


def _parts(flags: TenantFlags | None) -> Mapping[str, Entries]:
    return {} if flags is None or flags.documents is None else flags.documents.parts


def _digests(parts: Mapping[str, Entries], others: Mapping[str, Entries]) -> dict[str, str]:
    """Return the digest of each flag in the parts that the others lack."""
    return {
        key: entry[0]
        for name, entries in parts.items()
        if name not in others
        for key, entry in entries.items()
    }


def _digest(flags: TenantFlags, key: str) -> str | None:
    return flags.digest(key) if key in flags else None
