"""B702: rules still answer before an environment's own default; the note says for whom."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from msgspec import UNSET

from burgee.buckets import SLOTS
from burgee_compiler.checks.views import FlagView
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.model.distribution import Default, Moving
from burgee_compiler.model.files import Layer
from burgee_compiler.model.flag import Rule
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["check_masked_defaults"]


def check_masked_defaults(view: FlagView) -> Iterator[Diagnostic]:
    """Report environments that name a default and inherit rules."""
    for name, overlay in view.flag.environments.items():
        if overlay.default is UNSET or overlay.rules is not UNSET:
            continue
        flag = flag_in(view.flag, name)
        rules = [each for each in phases_of(flag)[0].flag.rules if not _is_draft(each)]
        if all(_agrees(each, overlay.default) for each in rules):
            continue
        yield view.finding_at_key(
            "B702",
            f"the default of {name} does not silence the rules",
            ("environments", name, "default"),
            notes=tuple(_notes(view, rules)),
            help="add `rules: []` beside it if everyone is to get it",
        )


def _agrees(rule: Rule, default: Default) -> bool:
    """Return whether it makes no difference that a rule answers before a default."""
    alike = rule.serve == default.serve and rule.serve.split is None
    return alike and default.percentage is None and rule.experiment is None


def _is_draft(rule: Rule) -> bool:
    return rule.experiment is not None and rule.experiment.status == "draft"


def _notes(view: FlagView, rules: list[Rule]) -> Iterator[str]:
    reaching = Fraction(1)
    for rule in rules:
        share = _share(view, rule)
        whom = "of all users" if rule.when is None else "of those who meet its condition"
        timed = " while it is in force" if rule.starts is not None or rule.ends is not None else ""
        yield f'the rule "{rule.name}" answers for {_shown(share)} {whom}{timed}'
        if rule.when is None and not timed and share is not None:
            reaching *= 1 - share
    if reaching < 1:
        least = _shown(1 - reaching)
        yield (
            f"so at least {least} of all users never reach it" if reaching else "so nobody gets it"
        )


def _share(view: FlagView, rule: Rule) -> Fraction | None:
    """Return which part of those who meet the condition a rule takes; None where it moves."""
    layer = _layer(view, rule)
    if layer is not None:
        ranges = layer.slots.get(f"{view.key}/{rule.name}", ())
        return Fraction(sum(end - start for start, end in ranges), SLOTS)
    if isinstance(rule.percentage, Moving):
        return None
    return Fraction(SLOTS if rule.percentage is None else rule.percentage, SLOTS)


def _layer(view: FlagView, rule: Rule) -> Layer | None:
    if rule.experiment is None or rule.experiment.layer is None:
        return None
    return view.tenant.files.layers.get(rule.experiment.layer)


def _shown(share: Fraction | None) -> str:
    if share is None:
        return "a moving share"
    return f"{float(share * 100):.3f}".rstrip("0").rstrip(".") + " %"
