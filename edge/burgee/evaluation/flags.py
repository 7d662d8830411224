"""A flag, ready to be evaluated: a function, and the little that is asked beside it."""

from __future__ import annotations

from typing import Final

import msgspec

from burgee.evaluation.conditions import FindSegment, Segment
from burgee.evaluation.definition import Definition
from burgee.evaluation.program import make_function
from burgee.evaluation.reads import Reads, reads_of
from burgee.evaluation.result import Result
from burgee.evaluation.run import Run
from burgee.evaluation.scope import Context, Function
from burgee.snapshot.forms import FlagForm

__all__ = ["Flag"]

_DECODER: Final = msgspec.json.Decoder(FlagForm)


class Flag:
    """A flag of one tenant in one environment. It holds on to no set, so it may outlive one.

    Its definition is worked out anew where it is asked for: most flags are evaluated a million
    times and explained never.
    """

    __slots__ = (
        "_segments",
        "_traced",
        "client_side",
        "constant",
        "decide",
        "depends_on",
        "key",
        "raw",
        "reads",
        "tags",
        "tenant",
        "type",
    )

    def __init__(self, key: str, raw: msgspec.Raw, tenant: str, find_segment: FindSegment) -> None:
        """Prepare a raw form; ValueError (msgspec's included) where it cannot be evaluated."""
        self.key = key
        self.raw = raw
        self.tenant = tenant
        self._segments: dict[str, Segment] = {}
        self._traced: Function | None = None

        def find(digest: str) -> Segment:
            segment = self._segments[digest] = find_segment(digest)
            return segment

        try:
            self._prepare(Definition(key, _DECODER.decode(raw), tenant, find))
        except ValueError:
            raise
        except Exception as error:  # too deep, too large, or what a library makes of nonsense
            text = f"{key!r} cannot be prepared: {type(error).__name__}: {error}"
            raise ValueError(text) from error

    def _prepare(self, definition: Definition) -> None:
        form = definition.form
        self.type = form.type
        self.client_side = form.client_side
        self.tags = form.tags
        self.depends_on = definition.depends_on
        self.reads: Reads = reads_of(definition)
        self.decide: Function = make_function(definition)
        """Returns the result; where the flag depends on others it needs a run."""
        self.constant = _constant(definition, self.decide)

    def definition(self) -> Definition:
        """Return what the flag is made of."""
        form = _DECODER.decode(self.raw)
        return Definition(self.key, form, self.tenant, self._segments.__getitem__)

    def choose(self, context: Context, now: int, run: Run | None) -> Result:
        """Return what is served; the same as `decide`, as the run wants it."""
        if run is None or not run.traced:
            result: Result = self.decide(context, now, run)
            return result
        if self._traced is None:
            self._traced = make_function(self.definition(), traced=True)
        traced: Result = self._traced(context, now, run)
        return traced


def _constant(definition: Definition, decide: Function) -> Result | None:
    """Return the one answer that everyone gets at any time, where there is one."""
    phase = definition.phases[0]
    if len(definition.phases) > 1 or phase.overrides:
        return None
    default = phase.default
    fixed = not default.gates and default.split is None
    if phase.is_off or (fixed and not phase.rules and not definition.requires):
        result: Result = decide({}, 0, None)
        return result
    return None
