"""Where the rules of a flag stand: file and line of each, and of the arms they serve."""

from __future__ import annotations

from collections.abc import Callable

from burgee_compiler.diagnostics import Where
from burgee_compiler.model.flag import Flag
from burgee_compiler.repository import SourceFile
from burgee_compiler.source import Places

__all__ = ["RulePlaces", "rule_places"]

Path = tuple[str | int, ...]


class RulePlaces:
    """Places in one flag's file, as one environment reads it; the text is read once."""

    def __init__(self, file: SourceFile, flag: Flag, text: bytes, environment: str) -> None:
        self._file = file.path
        self._paths = _paths(flag, environment)
        self._own = {
            rule.name
            for rule in flag.rules
            if environment in rule.environments and rule.environments[environment].serve
        }
        self._environment = environment
        self._places = Places(text)

    def names(self) -> list[str]:
        """Return the names of all rules, and `default`."""
        return list(self._paths)

    def of(self, name: str, variant: str | None = None) -> str:
        """Return file and line of a rule, or of an arm of its split where it has one."""
        path = self._paths.get(name, ())
        if variant is not None:
            here = ("environments", self._environment) if name in self._own else ()
            path = (*path, *here, "serve", "split", variant)
        return f"{self._file}:{self._places.span(Where(self._file, path)).line}"


def rule_places(
    file: SourceFile, environment: str, read: Callable[[str], bytes | None]
) -> RulePlaces | None:
    """Return where a flag's rules stand, None where the file cannot be read any more."""
    flag, text = file.flag, read(file.path)
    return None if flag is None or text is None else RulePlaces(file, flag, text, environment)


def _paths(flag: Flag, environment: str) -> dict[str, Path]:
    overlay = flag.environments.get(environment)
    paths: dict[str, Path] = {"default": ("default",)}
    for index, step in enumerate(flag.schedule):
        for number, rule in enumerate(step.set.rules or ()):
            paths[rule.name] = ("schedule", index, "set", "rules", number)
    for number, rule in enumerate(flag.rules):
        paths[rule.name] = ("rules", number)
    if overlay is not None:
        if overlay.default:
            paths["default"] = ("environments", environment, "default")
        for number, rule in enumerate(overlay.rules or ()):
            paths[rule.name] = ("environments", environment, "rules", number)
    return paths
