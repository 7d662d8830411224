"""What moved the branch lately, tenant by tenant, for those who listen to events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from burgee_writer.tips.tip import Tip

__all__ = ["Feed", "Moved"]

_MOST = 1_000


class Moved(Struct, frozen=True):
    """One step of the branch, which may hold several commits."""

    commit: str
    previous: str
    entities: dict[str, tuple[str, ...]]
    """What changed, by tenant; burgee.yaml counts for all, under *."""


class Feed:
    """The last steps, oldest first; numbers go on counting when steps are forgotten."""

    def __init__(self, tip: Tip) -> None:
        self._tip = tip
        self._steps: list[Moved] = []
        self._first = 0

    @property
    def number(self) -> int:
        """How many steps there have been."""
        return self._first + len(self._steps)

    def take(self, tip: Tip) -> bool:
        """Take note of a tip; return whether it is another one."""
        before, self._tip = self._tip, tip
        if before.commit == tip.commit:
            return False
        changed = _differing(before.files.stamps(), tip.files.stamps())
        self._steps.append(Moved(str(tip.commit), str(before.commit), _entities(changed)))
        if len(self._steps) > _MOST:
            self._first += len(self._steps) - _MOST
            del self._steps[:-_MOST]
        return True

    def after(self, commit: str) -> int | None:
        """Return the number of the step that follows a commit, None where that is forgotten."""
        if commit == self._tip.commit:
            return self.number
        for index, step in enumerate(self._steps):
            if step.previous == commit:
                return self._first + index
        return None

    def since(self, number: int) -> Sequence[Moved]:
        """Return the steps from a number on."""
        return self._steps[max(0, number - self._first) :]


def _differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    return [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]


def _entities(paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for path in paths:
        tenant, slash, inside = path.partition("/")
        if not slash:
            found.setdefault("*", set()).add(path.removesuffix(".yaml"))
            continue
        folder, below, rest = inside.partition("/")
        stem = rest.removesuffix(".yaml").removesuffix(".lock").replace("/", ".")
        name = f"{folder.removesuffix('s')}/{stem}" if below else folder.removesuffix(".yaml")
        found.setdefault(tenant, set()).add(name)
    return {tenant: tuple(sorted(names)) for tenant, names in sorted(found.items())}
