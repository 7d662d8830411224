"""From how people write a place to a path in a file: `rules.ramp.percentage`, `default.weights`."""

from __future__ import annotations

import re
from typing import Final

from burgee_compiler.diagnostics import nearest
from burgee_compiler.edit import Path
from burgee_compiler.edit.tree import find
from burgee_compiler.model.flag import Flag
from burgee_compiler.model.structs import fields_of
from burgee_compiler.source import Node
from burgee_compiler.writes.refused import WriteRefusedError

__all__ = ["field_path", "in_environment", "rule_index"]

_PART: Final = re.compile(r'"([^"]*)"|([^."]+)')


def field_path(flag: Node, text: str, environment: str | None = None) -> Path:
    """Return the path that `text` names in a flag's tree, in an environment's overlay if named.

    Rules go by name, `weights` stands for `serve.split`, and parts with dots in them are quoted.
    """
    parts = _parts(text)
    if parts[0] not in fields_of(Flag):
        near = nearest(parts[0], fields_of(Flag))
        hint = f'did you mean "{near}"?' if near else f"a flag has: {', '.join(fields_of(Flag))}"
        raise WriteRefusedError(f'a flag has no field "{parts[0]}"', hint)
    steps: list[str | int] = list(parts)
    prefix: Path = ()
    if parts[0] == "rules" and len(parts) > 1:
        prefix, steps = _rule(flag, parts, environment)
    elif environment is not None:
        prefix = ("environments", environment)
    return _typed(flag, (*prefix, *_with_weights(steps)))


def rule_index(flag: Node, name: str, path: Path = ("rules",)) -> int | None:
    """Return which item of a list of rules has a name."""
    rules = find(flag, path)
    if not isinstance(rules, list):
        return None
    named = (
        i for i, each in enumerate(rules) if isinstance(each, dict) and each.get("name") == name
    )
    return next(named, None)


def in_environment(flag: Node, path: Path) -> tuple[Path, Node] | None:
    """Return what an overlay has to be given first: the base's whole field, which it replaces.

    None where the overlay has the field already, or the path leads to a field as a whole.
    """
    if "environments" not in path:
        return None
    at = path.index("environments")
    field = path[: at + 3]
    if len(path) <= at + 3 or find(flag, field) is not None:
        return None
    base = find(flag, (*path[:at], path[at + 2]))
    return None if base is None else (field, base)


def _rule(flag: Node, parts: list[str], environment: str | None) -> tuple[Path, list[str | int]]:
    own: Path = ("rules",) if environment is None else ("environments", environment, "rules")
    for place in (own, ("rules",)):
        index = rule_index(flag, parts[1], place)
        if index is not None:
            inside = environment is not None and place == ("rules",)
            overlay = ("environments", str(environment)) if inside else ()
            return (*place, index, *overlay), list(parts[2:])
        if find(flag, place) is not None:
            break  # an environment with rules of its own knows no others
    rules = find(flag, own) or find(flag, ("rules",)) or []
    names = [str(each["name"]) for each in rules if isinstance(each, dict) and "name" in each]
    near = nearest(parts[1], names)
    hint = f'did you mean "{near}"?' if near else f"there are: {', '.join(names) or 'none'}"
    raise WriteRefusedError(f'the flag has no rule "{parts[1]}"', hint)


def _with_weights(steps: list[str | int]) -> list[str | int]:
    made: list[str | int] = []
    for index, step in enumerate(steps):
        before = steps[index - 1] if index else None
        weights = step == "weights" and before not in ("variants", "metadata")
        if weights or (step == "split" and before != "serve"):
            made += ["serve", "split"]
        else:
            made.append(step)
    return made


def _typed(flag: Node, path: Path) -> Path:
    """Return a path whose digits are indexes where lists stand."""
    made: Path = ()
    for step in path:
        listed = isinstance(step, str) and step.isdecimal() and isinstance(find(flag, made), list)
        made = (*made, int(step) if listed else step)
    return made


def _parts(text: str) -> list[str]:
    found = [quoted or plain for quoted, plain in _PART.findall(text)]
    if not found or _PART.sub("", text).strip("."):
        raise WriteRefusedError(f'"{text}" names no field', "write it as in rules.ramp.percentage")
    return found
