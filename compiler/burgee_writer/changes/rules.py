"""Adding a rule to a flag, and the experiments that rules are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from burgee_compiler.edit import Edit, Insert, Path, Remove, Set
from burgee_compiler.edit.tree import find
from burgee_compiler.source import Node
from burgee_compiler.writes.experiments import conclude
from burgee_compiler.writes.paths import rule_index
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Change, Did, Working

__all__ = ["add_rule", "change_experiment", "put_experiment"]

_RULES: Final[Path] = ("rules",)
_OF_RULE: Final = frozenset({"serve", "percentage", "when", "starts", "ends", "by", "seed"})


def add_rule(
    key: str, rule: Mapping[str, Any], *, before: str | None = None, after: str | None = None
) -> Change:
    """Add a rule at the end, or beside one that is named."""
    return partial(_add_rule, key, rule, before, after)


def put_experiment(key: str, rule: str, fields: Mapping[str, Any]) -> Change:
    """Make a rule this experiment: its own fields, and `serve`, `when`… of the rule.

    The rule is added where there is none.
    """
    return partial(_put_experiment, key, rule, fields)


def change_experiment(key: str, rule: str, fields: Mapping[str, Any]) -> Change:
    """Change fields of an experiment; null removes one, `winner` alone concludes it."""
    return partial(_change_experiment, key, rule, fields)


def _add_rule(
    key: str, rule: Mapping[str, Any], before: str | None, after: str | None, working: Working
) -> Did:
    path = working.existing("flags", key)
    node = working.node("flags", key)
    name = rule.get("name")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str):
        raise ChangeRefused("invalid_request", "a rule needs a name", 'send {"name": "ramp", …}')
    if rule_index(node, name) is not None:
        raise ChangeRefused(
            "conflict", f"{key} has a rule {name} already", "take another name, or PATCH the flag"
        )
    index = None if before is None and after is None else _beside(node, key, before, after)
    working.writing.edit(path, [Insert(_RULES, (dict(rule),), index)])
    return _did("flag.rule", f"add the rule {name} to {key}", key)


def _beside(node: Node, key: str, before: str | None, after: str | None) -> int:
    if before is not None and after is not None:
        raise ChangeRefused("invalid_request", "before and after exclude each other", "send one")
    name = str(before if before is not None else after)
    found = rule_index(node, name)
    if found is None:
        raise ChangeRefused("invalid_request", f"{key} has no rule {name}", "name one that it has")
    return found if before is not None else found + 1


def _put_experiment(key: str, rule: str, fields: Mapping[str, Any], working: Working) -> Did:
    path = working.existing("flags", key)
    node = working.node("flags", key)
    of_rule = {name: each for name, each in fields.items() if name in _OF_RULE}
    experiment = {name: each for name, each in fields.items() if name not in _OF_RULE}
    experiment.setdefault("status", "draft")
    index = rule_index(node, rule)
    if index is None:
        whole = {"name": rule, **of_rule, "experiment": experiment}
        working.writing.edit(path, [Insert(_RULES, (whole,))])
    else:
        edits = [Set((*_RULES, index, name), each) for name, each in of_rule.items()]
        working.writing.edit(path, [*edits, Set((*_RULES, index, "experiment"), experiment)])
    return _did("experiment.put", f"make {rule} of {key} an experiment", key, rule)


def _change_experiment(key: str, rule: str, fields: Mapping[str, Any], working: Working) -> Did:
    path = working.existing("flags", key)
    node = working.node("flags", key)
    index = rule_index(node, rule)
    if index is None or find(node, (*_RULES, index, "experiment")) is None:
        raise ChangeRefused(
            "not_found", f"{key} has no experiment {rule}", f"list them with GET /v1/flags/{key}"
        )
    winner = fields.get("winner")
    if isinstance(winner, str) and fields.get("status", "concluded") == "concluded":
        conclude(working.writing, path, rule, winner)
        fields = {name: each for name, each in fields.items() if name not in ("winner", "status")}
        verb = f"conclude {rule} of {key}: {winner} won"
    else:
        status = fields.get("status")
        verb = f"make {rule} of {key} {status}" if status else f"change {rule} of {key}"
    _set_fields(working, path, index, fields)
    return _did("experiment.change", verb, key, rule)


def _set_fields(working: Working, path: str, index: int, fields: Mapping[str, Any]) -> None:
    edits: list[Edit] = []
    node = working.writing.node(path)
    for name, each in fields.items():
        inside: Path = () if name in _OF_RULE else ("experiment",)
        place: Path = (*_RULES, index, *inside, name)
        if each is not None:
            edits.append(Set(place, each))
        elif find(node, place) is not None:
            edits.append(Remove(place))
    working.writing.edit(path, edits)


def _did(action: str, subject: str, key: str, rule: str | None = None) -> Did:
    entity = f"flag/{key}" if rule is None else f"experiment/{key}/{rule}"
    return Did(subject=subject, action=action, entity=entity)
