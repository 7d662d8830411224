"""From a context to what the app gets: pinned flags first, then the snapshot, then defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from burgee.client.context import Context, plain_context
from burgee.client.known import Held, Origin, Problem
from burgee.client.overrides import overridden
from burgee.client.values import MISFIT, Accept
from burgee.evaluation import Answer, Flag, Result
from burgee.evaluation.result import OpenFeatureReason, failed

__all__ = ["choose", "decide", "find_flag"]

_SWITCH: Final = {"on": True, "off": False}
_PROBLEMS: Final[Mapping[str, Problem]] = {
    "flag_not_found": "flag_not_found",
    "targeting_key_missing": "targeting_key_missing",
    "error": "error",
}


def decide(held: Held | None, key: str, context: Context | None, now: int) -> Result:
    """Return the decision on a flag; one that is pinned needs no snapshot."""
    pinned = overridden()
    if pinned and key in pinned:
        return _pinned(held, key, pinned[key])
    if held is None:
        return failed(key, "flag_not_found")
    return held.flags.evaluate(key, plain_context(context), now)


def choose(
    result: Result, accept: Accept, configured: Mapping[str, Any], *, ready: bool
) -> tuple[Any, Origin, Problem | None]:
    """Return the value that the app gets, MISFIT for its own default, and where it comes from."""
    problem = _PROBLEMS.get(result.reason)
    if problem == "flag_not_found":
        problem = problem if ready else "not_ready"
        value = accept(configured[result.flag_key]) if result.flag_key in configured else MISFIT
        return value, "default" if value is MISFIT else "configured", problem
    if problem is not None or result.value is None:
        return MISFIT, "default", problem
    value = accept(result.value)
    if value is MISFIT and result.reason == "override" and result.variant in _SWITCH:
        value = accept(_SWITCH[result.variant])  # "on" of a flag that no snapshot tells of
    return (MISFIT, "default", "type_mismatch") if value is MISFIT else (value, "flag", None)


def find_flag(held: Held | None, key: str) -> Flag | None:
    """Return a flag, None where there is none or none that this version can read."""
    try:
        return None if held is None else held.flags.get(key)
    except (ValueError, LookupError, TypeError):
        return None


def _pinned(held: Held | None, key: str, given: Any) -> Result:
    """Return a result as a user's override gives it: a variant's name, else a value."""
    flag = find_flag(held, key)
    form = None if flag is None else flag.definition().form
    variants = {} if form is None else dict(form.variants)
    metadata = {} if form is None else form.metadata
    name: str | None
    if isinstance(given, str) and given in variants:
        name, value = given, variants[given]
    else:
        name = next(
            (each for each, has in variants.items() if type(has) is type(given) and has == given),
            given if isinstance(given, str) else None,
        )
        value = given
    how: OpenFeatureReason = "DISABLED" if value is None else "TARGETING_MATCH"
    return Result(Answer(key, name, value, "override", how, None, None, None, metadata))
