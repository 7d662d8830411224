"""Several changes in one commit: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Change, Did, Working

__all__ = ["several"]


def several(changes: Sequence[Change]) -> Change:
    """Make changes in their order; each sees what those before it did."""
    return partial(_several, tuple(changes))


def _several(changes: tuple[Change, ...], working: Working) -> Did:
    done: list[Did] = []
    for number, change in enumerate(changes):
        try:
            done.append(change(working))
        except ChangeRefused as error:
            raise ChangeRefused(
                error.code,
                f"changes[{number}]: {error.message}",
                error.help,
                error.details,
            ) from error
    if len(done) == 1:
        return done[0]
    entities = [each for did in done for each in did.entities]
    return Did(
        subject=f"{len(done)} changes: {'; '.join(each.subject for each in done)}",
        action="changes",
        entity=entities[0],
        also=tuple(dict.fromkeys(entities[1:])),
        environments=_common([each.environments for each in done]),
        detail={"changes": [{"entity": each.entity, **each.detail} for each in done]},
    )


def _common(named: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the environments that are named, none where one of the changes names none."""
    if not all(named):
        return ()
    return tuple(dict.fromkeys(name for each in named for name in each))
