"""A flag's definition as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from burgee_cli.definition import Definition, ExperimentShown, RuleShown, ServedShown
from burgee_cli.naming import Naming

__all__ = ["render_definition"]


def render_definition(
    title: str,
    file: str,
    definition: Definition,
    conditions: Mapping[str, str],
    named_by: list[Naming],
) -> str:
    """Return the definition as lines; `conditions` has each rule's condition in words."""
    lines = [title]
    for text in (definition.name, definition.description):
        lines += [f"  {text}"] if text else []
    lines += [f"  {file}", "", *_facts(definition), "", "variants", *_variants(definition)]
    lines += list(_before_rules(definition))
    for number, rule in enumerate(definition.rules, 1):
        lines += ["", *_rule(number, rule, conditions.get(rule.name))]
    lines += ["", f"default  {_served(definition.default, _rest(definition.off_variant))}"]
    if definition.schedule:
        lines += ["", "to come"]
        for change in definition.schedule:
            lines += [f"  {change.at}  {what}" for what in change.what]
    if named_by:
        lines += ["", "named by"]
        lines += [f"  {each.flag} {each.how}  [{each.place}]" for each in named_by]
    return "\n".join(lines)


def _facts(definition: Definition) -> Iterator[str]:
    yield (
        f"state {definition.state}, {definition.type}, {definition.kind}, "
        f"by {definition.by}, seed {definition.seed}"
    )
    for word, value in (
        ("owner", definition.owner),
        ("tags", ", ".join(definition.tags)),
        ("expires", definition.expires),
        ("metadata", json.dumps(definition.metadata) if definition.metadata else None),
    ):
        if value:
            yield f"{word} {value}"
    if definition.client_side:
        yield "browser keys may see it"


def _variants(definition: Definition) -> Iterator[str]:
    width = max(map(len, definition.variants), default=0)
    for name, value in definition.variants.items():
        shown = "the caller's default" if value is None else json.dumps(value, ensure_ascii=False)
        off = "   (served when off)" if name == definition.off_variant else ""
        yield f"  {name.ljust(width)}  {shown}{off}"
    if definition.off_variant is None:
        yield "  when off, the caller's default is served"


def _before_rules(definition: Definition) -> Iterator[str]:
    if definition.overrides:
        yield ""
        yield "overrides"
        for each in definition.overrides:
            yield f"  {_override(each)}"
    if definition.requires:
        yield ""
        yield "requires"
        for each in definition.requires:
            yield f"  {each['flag']} to serve {' or '.join(each['serves'])}"


def _override(override: dict[str, Any]) -> str:
    until = f" until {override['expires']}" if override["expires"] else ""
    reason = f" ({override['reason']})" if override["reason"] else ""
    return f"{override['user']} gets {override['serve']}{until}{reason}"


def _rule(number: int, rule: RuleShown, condition: str | None) -> Iterator[str]:
    yield f"rule {number}  {rule.name}: {_served(rule.serves, 'the others go on')}"
    if rule.description:
        yield f"  {rule.description}"
    yield f"  if {condition}" if condition else "  for everyone"
    times = [f"from {rule.starts}"] if rule.starts else []
    times += [f"until {rule.ends}"] if rule.ends else []
    if times:
        yield f"  {' '.join(times)}"
    if rule.experiment is not None:
        yield f"  {_experiment(rule.experiment)}"
    if rule.seed:
        yield f"  drawn anew by seed {rule.seed}"


def _experiment(experiment: ExperimentShown) -> str:
    text = f"experiment, {experiment.status}, against {experiment.control}"
    if experiment.winner:
        text += f", won by {experiment.winner}"
    if experiment.layer:
        text += f"; {experiment.slots or 0:g} % of layer {experiment.layer}"
    return text


def _served(served: ServedShown, rest: str) -> str:
    if len(served.shares) == 1:
        what = next(iter(served.shares))
    else:
        what = ", ".join(f"{name} {share:g} %" for name, share in served.shares.items())
    if served.moving is not None:
        moving = served.moving
        return (
            f"{what} to {served.percentage:g} % now ({moving.from_:g} to {moving.to:g} % "
            f"between {moving.start} and {moving.end}); {rest}"
        )
    if served.percentage != 100:
        return f"{what} to {served.percentage:g} %; {rest}"
    return what


def _rest(off_variant: str | None) -> str:
    return f"{off_variant or 'the caller’s default'} to the rest"
