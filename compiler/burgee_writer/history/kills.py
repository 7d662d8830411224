"""Whether a commit switched a flag off, as users saw it when it was made."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from burgee_compiler.model.flag import FLAG, Flag
from burgee_compiler.past.version import read_value
from burgee_compiler.resolve import flag_in, phases_of
from burgee_writer.history.before_after import environments_at
from burgee_writer.history.moment import Moment
from burgee_writer.history.records import Touched
from burgee_writer.history.resources import definition_path

__all__ = ["Kill", "switched_off"]


class Kill(Struct, frozen=True):
    """A commit that switched a flag off: by whom, and when in microseconds."""

    commit: str
    subject: str
    at: int
    parent: str | None


def switched_off(moment: Moment, touched: Touched, at: int) -> bool:
    """Return whether a flag was on before, in any environment, and is off there since."""
    old = definition_path(touched, touched.renamed_from or touched.key)
    new = definition_path(touched, touched.key)
    before = read_value(moment.before(old), old, FLAG)
    after = read_value(moment.after(new), new, FLAG)
    if not isinstance(before, Flag) or not isinstance(after, Flag):
        return False
    return any(
        _state(before, name, at) == "on" and _state(after, name, at) == "off"
        for name in environments_at(moment)
    )


def _state(flag: Flag, environment: str, at: int) -> Any:
    phases = phases_of(flag_in(flag, environment))
    return [each for each in phases if each.at is None or each.at <= at][-1].flag.state
