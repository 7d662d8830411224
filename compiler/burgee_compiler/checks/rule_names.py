"""B216, B308: names, seeds and earlier names of rules do not collide: each draws its own gate."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path, rule_parts, said
from burgee_compiler.diagnostics import Diagnostic, Label
from burgee_compiler.model.flag import Rule

__all__ = ["check_reserved_names", "check_rule_names"]


def check_reserved_names(view: FlagView) -> Iterator[Diagnostic]:
    """Report `default` as a rule's name, earlier name or seed."""
    for path, part in view.rule_parts:
        for field in ("name", "was", "seed"):
            if said(part, field) == "default":
                yield view.finding(
                    "B216",
                    f'"default" is reserved and cannot be a rule\'s {_CALLED[field]}',
                    (*path, field),
                    help="choose another: the bucket tables of the flag's default have this name",
                )


_CALLED = {"name": "name", "was": "earlier name", "seed": "seed"}


def check_rule_names(view: FlagView) -> Iterator[Diagnostic]:
    """Report rules of one list that share a name, or an earlier name with another's name."""
    for path, rules in view.rule_lists:
        present: dict[str, int] = {}
        for index, rule in enumerate(rules):
            if rule.name in present:
                first = Label(view.where((*path, present[rule.name], "name")), "the first is here")
                yield view.finding(
                    "B308",
                    f'two rules have the name "{rule.name}"',
                    (*path, index, "name"),
                    labels=(first,),
                    help="give each rule of a flag a name of its own",
                )
            else:
                present[rule.name] = index
        for index, rule in enumerate(rules):
            yield from _earlier((*path, index), rule, path, present, view)


def _earlier(
    path: Path, rule: Rule, list_path: Path, present: dict[str, int], view: FlagView
) -> Iterator[Diagnostic]:
    for place, part in rule_parts(path, rule):
        was = said(part, "was")
        if was is None or was in (rule.name, "default") or was not in present:
            continue
        other = Label(view.where((*list_path, present[was], "name")), "that rule is here")
        yield view.finding(
            "B308",
            f'the rule "{rule.name}" was "{was}", which is another rule\'s name now',
            (*place, "was"),
            labels=(other,),
            help="rename that rule: both would admit the same users",
        )
