"""A random repository edited in a few places, as a pull request does: most of it stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from burgee_compiler.source import Plain as SourcePlain
from burgee_compiler.source import read_yaml
from support.strategies.drawing import Chooser
from support.strategies.repositories import RandomRepository
from support.yaml_text import Plain, yaml_text

__all__ = ["edited"]

_PERCENTAGES: Final = ("0", "5", "12.5", "20", "60", "100")
_BY: Final = ("targetingKey", "account.id", "user.id")
_ALSO: Final = {"attribute": "plan", "eq": "free"}
Definition = dict[str, Any]


@st.composite
def edited(draw: st.DrawFn, repository: RandomRepository) -> RandomRepository:
    """Draw an edit of one to three things; what comes of it need not be valid."""
    c = Chooser(draw)
    files = dict(repository.files)
    for _ in range(c.count(1, 3)):
        folder = "/segments/" if c.chance(4) else "/flags/"
        paths = [
            path
            for path in sorted(files)
            if folder in path and path.endswith(".yaml") and not path.endswith(".lock.yaml")
        ]
        if not paths:
            continue
        path = c.pick(paths)
        written = _plain(read_yaml(files[path].encode(), path)[0])
        _edit_segment(c, written) if folder == "/segments/" else _edit_flag(c, written)
        files[path] = yaml_text(written)
    if c.chance(6):
        files = {path: text for path, text in files.items() if not path.endswith(".lock.yaml")}
    return RandomRepository(files, repository.keys)


def _plain(value: Any) -> Any:
    """Return what was read as `yaml_text` writes it again, numbers in their own spelling."""
    if isinstance(value, SourcePlain):
        return Plain(value)
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _edit_segment(c: Chooser, segment: Definition) -> None:
    if "when" in segment and c.chance(2):
        segment["when"] = {"any": [segment["when"], _ALSO]}
    elif len(segment.get("members", ())) > 1:
        segment["members"] = segment["members"][1:]
    else:
        segment["excluded"] = [*segment.get("excluded", ()), "someone"]


def _edit_flag(c: Chooser, flag: Definition) -> None:
    edits: list[Callable[[], None]] = [
        lambda: flag.update(seed=c.pick(("one", "two"))),
        lambda: flag.update(by=c.pick(_BY)),
        lambda: flag.update(by="account.id"),
        lambda: flag.update(state=c.pick(("on", "off"))),
        lambda: flag.pop("requires", None) and None,
        lambda: _edit_serve(c, flag, "default"),
    ]
    rules = flag.get("rules", [])
    if rules:
        edits += [
            rules.reverse,
            lambda: rules.pop(c.count(0, len(rules) - 1)) and None,
        ]
        edits += 3 * [lambda: _edit_rule(c, c.pick(rules))]
    c.pick(edits)()


def _edit_rule(c: Chooser, rule: Definition) -> None:
    edits: list[Callable[[], None]] = [
        lambda: rule.update(percentage=Plain(c.pick(_PERCENTAGES))),
        lambda: rule.update(by=c.pick(_BY)),
        lambda: rule.update(seed=c.pick(("one", "two"))),
        lambda: rule.pop("when", None) and None,
        lambda: rule.update(when={"any": [rule["when"], _ALSO]} if "when" in rule else _ALSO),
        lambda: _edit_serve(c, rule, "serve"),
    ]
    c.pick(edits)()


def _edit_serve(c: Chooser, where: Definition, field: str) -> None:
    """Give an arm of a split another weight, else whoever is served a gate."""
    outcome = where.get(field)
    inner = outcome.get("serve") if isinstance(outcome, dict) else None
    for each in (outcome, inner):
        if isinstance(each, dict) and "split" in each:
            split = each["split"]
            split[c.pick(sorted(split))] = Plain(c.pick(("1", "3", "25")))
            return
    if field == "default":
        serve = outcome if inner is None else inner
        where["default"] = {"serve": serve, "percentage": Plain(c.pick(_PERCENTAGES))}
