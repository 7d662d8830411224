"""Promise: a set of flags that nobody uses any more is freed at once, without a collection.

Nodes exempt what they serve from collections, so a cycle would keep a whole set for good.
"""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from burgee.evaluation import TenantFlags, explain
from burgee.evaluation.footprint import Footprint
from burgee.evaluation.shares import pinned_slots, shares
from burgee.snapshot.forms import ConditionForm, OutcomeForm
from support.snapshots import TenantParts, attribute, flag, rule, split, tenant_flags

PARTS = TenantParts(
    {
        "plain": flag("on"),
        "half": flag(OutcomeForm(split=split("half", 50, 50))),
        "ruled": flag(rules=(rule("r", when=attribute("a.b", eq="x")),)),
        "needs": flag("on", requires={"plain": ("on",), "half": ("on",)}),
        "asks": flag(rules=(rule("r", when=ConditionForm(flag="half", serves=("on",))),)),
        "broken": flag(rules=(rule("r", when=attribute("a", startswith=1)),)),
    }
)
CONTEXT = {"targetingKey": "u1", "a": {"b": "x"}}


def _explain(flags: TenantFlags) -> None:
    for key in PARTS.flags.keys() - {"broken"}:
        explain(flags, key, CONTEXT, 0)
    with pytest.raises(ValueError, match="no text"):
        explain(flags, "broken", CONTEXT, 0)


def _shares(flags: TenantFlags) -> None:
    shares(lambda slots: flags.evaluate("needs", CONTEXT, 0, slots))
    flags.evaluate("asks", CONTEXT, 0, pinned_slots(3))


USES: dict[str, Callable[[TenantFlags], Any]] = {
    "evaluated": lambda flags: [flags.evaluate(key, CONTEXT, 0) for key in PARTS.flags],
    "all prepared": lambda flags: flags.all(),
    "explained": _explain,
    "shared out": _shares,
    "a footprint": lambda flags: Footprint.of(flags, PARTS.flags).key(CONTEXT, 0),
}


@pytest.mark.parametrize("use", USES)
def test_it_goes_when_nobody_holds_it(use: str) -> None:
    flags = tenant_flags("acme", PARTS)
    gc.collect()
    gc.disable()
    try:
        USES[use](flags)
        gone = weakref.ref(flags)
        del flags
        assert gone() is None
    finally:
        gc.enable()
