"""B403, B404: claims of a layer do not overlap, and belong to its experiments."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.hints import Hints, listed
from burgee_compiler.checks.ranges import Claim, free_ranges, overlaps, percent
from burgee_compiler.checks.views import FlagView, TenantView
from burgee_compiler.checks.walk import Path, rule_parts, said
from burgee_compiler.diagnostics import Diagnostic, Label, Where, diagnostic
from burgee_compiler.model.files import Layer

__all__ = ["check_layer_claims", "check_layer_overlaps"]

_HOLDOUT = "the holdout"


def check_layer_overlaps(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report slots that two experiments, or one and the holdout, claim."""
    file = tenant.files.path_of_layers()
    for name, layer in tenant.files.layers.items():
        claims = list(_claims(name, layer))
        order = {claim.path: number for number, claim in enumerate(claims)}
        for pair in overlaps(claims):
            first, second = sorted(pair, key=lambda each: order[each.path])
            start, end = max(first.start, second.start), min(first.end, second.end)
            span = f"{percent(start)} to {percent(end)} % of the layer {name}"
            if first.owner == second.owner:
                message = f"{first.owner} claims {span} twice"
            else:
                message = f"{first.owner} and {second.owner} both claim {span}"
            yield diagnostic(
                "B403",
                message,
                Where(file, second.path),
                labels=(Label(Where(file, first.path), "the other claim"),),
                help=_free(claims),
                subject=f"{tenant.name}/layers/{name}",
            )


def _claims(name: str, layer: Layer) -> Iterator[Claim]:
    for index, (start, end) in enumerate(layer.holdout):
        yield Claim(start, end, _HOLDOUT, (name, "holdout", index))
    for owner, ranges in layer.slots.items():
        for index, (start, end) in enumerate(ranges):
            yield Claim(start, end, owner, (name, "slots", owner, index))


def _free(claims: list[Claim]) -> str:
    free = free_ranges(claims)
    if not free:
        return "make one of the claims smaller: no part of the layer is free"
    shown = listed(f"[{percent(start)}, {percent(end)}]" for start, end in free)
    return f"take a free range; free {'is' if len(free) == 1 else 'are'}: {shown}"


def check_layer_claims(tenant: TenantView) -> Iterator[Diagnostic]:
    """Report slots of what is no experiment of the layer."""
    if not tenant.files.layers:
        return
    for name, layer in tenant.files.layers.items():
        for claim in layer.slots:
            problem = _problem(tenant, name, claim)
            if problem is not None:
                message, cure = problem
                path: Path = (name, "slots", claim)
                yield diagnostic(
                    "B404",
                    message,
                    Where(tenant.files.path_of_layers(), path, "key"),
                    help=cure,
                    subject=f"{tenant.name}/layers/{name}",
                )


def _problem(tenant: TenantView, layer: str, claim: str) -> tuple[str, str] | None:
    key, slash, rule = claim.partition("/")
    if not slash:
        return f'"{claim}" names no rule', f"write FLAG/RULE, such as {key or 'my-flag'}/RULE"
    if key not in tenant.files.flags:
        cure = tenant.flag_hints.help(key, "remove the claim, or add the flag")
        return f'the layer {layer} gives slots to "{claim}", and there is no flag "{key}"', cure
    view = tenant.flag(key)
    if view is None:
        return None  # its file could not be read
    names = {each.name for _, each in view.rules}
    if rule not in names:
        return f'the flag "{key}" has no rule "{rule}"', _other_rule(view, key, rule, names)
    if layer in _layers_of(view, rule):
        return None
    return (
        f'the rule "{rule}" of "{key}" has no experiment in the layer {layer}',
        f"add `layer: {layer}` to its experiment, or remove the claim",
    )


def _other_rule(view: FlagView, key: str, rule: str, names: set[str]) -> str:
    renamed = next((each.name for _, each in view.rules if each.was == rule), None)
    if renamed is not None:
        return f"the rule was renamed: write {key}/{renamed}"
    near = Hints(names).near(rule)
    return f'did you mean "{key}/{near}"?' if near else "remove the claim, or add the rule"


def _layers_of(view: FlagView, rule: str) -> set[str | None]:
    experiments = [
        said(part, "experiment")
        for path, each in view.rules
        if each.name == rule
        for _, part in rule_parts(path, each)
    ]
    return {each.layer for each in experiments if each is not None}
