"""Settings of a server: one table is the source of options, environment names and docs."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path

import msgspec

__all__ = [
    "Setting",
    "SettingsError",
    "SettingsTable",
    "Value",
    "count",
    "flag",
    "number",
    "path",
    "paths",
    "read_settings",
    "reference",
    "text",
    "texts",
]

Scalar = str | int | float | bool | Path
Value = Scalar | tuple[Scalar, ...] | None

# Kubernetes writes NAME_PORT=tcp://10.0.0.1:80 for every service; one named burgee-edge would
# hand us BURGEE_EDGE_PORT. Such a value is never a setting of ours.
_SERVICE_LINK = re.compile(r"(tcp|udp|sctp)://\S*")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


class SettingsError(Exception):
    """Settings that cannot be used; every problem at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `name` is as on the command line, without dashes in front: `state-dir`."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool] | type[Path]
    default: Value
    help: str
    secret: bool = False  # never a command-line option: those are visible to every process
    many: bool = False  # may be given several times; comma-separated in the environment
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    metavar: str | None = None

    @property
    def told(self) -> str:
        """What it means, and whether there may be several."""
        return f"{self.help} Repeatable; by commas in the environment." if self.many else self.help

    @property
    def key(self) -> str:
        return self.name.replace("-", "_")

    @property
    def option(self) -> str | None:
        return None if self.secret else f"--{self.name}"


class SettingsTable(msgspec.Struct, frozen=True):
    """The settings of one server; `prefix` is BURGEE_EDGE_ or BURGEE_WRITER_."""

    prefix: str
    settings: tuple[Setting, ...]

    def variable(self, setting: Setting) -> str:
        return self.prefix + setting.key.upper()


def flag(name: str, help: str) -> Setting:
    """Something that is off unless asked for."""
    return Setting(name=name, type=bool, default=False, help=help)


def text(name: str, metavar: str, help: str, default: str | None = None) -> Setting:
    return Setting(name=name, type=str, default=default, metavar=metavar, help=help)


def texts(name: str, metavar: str, help: str, default: tuple[str, ...] = ()) -> Setting:
    """A text that may be given several times."""
    return Setting(name=name, type=str, default=default, many=True, metavar=metavar, help=help)


def path(name: str, metavar: str, help: str) -> Setting:
    return Setting(name=name, type=Path, default=None, metavar=metavar, help=help)


def paths(name: str, metavar: str, help: str) -> Setting:
    """A path that may be given several times."""
    return Setting(name=name, type=Path, default=(), many=True, metavar=metavar, help=help)


def number(name: str, default: float | None, help: str, least: float = 0.01) -> Setting:
    return Setting(name=name, type=float, default=default, minimum=least, help=help)


def count(name: str, default: int, help: str, least: int = 1, most: int | None = None) -> Setting:
    return Setting(name=name, type=int, default=default, minimum=least, maximum=most, help=help)


def read_settings(
    table: SettingsTable, argv_values: Mapping[str, object], environ: Mapping[str, str]
) -> dict[str, Value]:
    """Each setting's value by its key: command line, else environment, else default.

    `argv_values` may hold None for options that were not given. Empty variables count as unset.
    """
    values: dict[str, Value] = {}
    problems: list[str] = []
    for setting in table.settings:
        try:
            values[setting.key] = _value(table, setting, argv_values, environ)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise SettingsError(problems)
    return values


def _value(
    table: SettingsTable,
    setting: Setting,
    argv_values: Mapping[str, object],
    environ: Mapping[str, str],
) -> Value:
    given = argv_values.get(setting.key, argv_values.get(setting.name))
    if given is not None and given != () and setting.option is not None:
        return _convert(setting, given, setting.option)
    variable = table.variable(setting)
    found = environ.get(variable, "")
    if found == "" or _SERVICE_LINK.fullmatch(found):
        return setting.default
    return _convert(setting, found.split(",") if setting.many else found, variable)


def _convert(setting: Setting, given: object, origin: str) -> Value:
    if not setting.many:
        return _scalar(setting, given, origin)
    items = given if isinstance(given, list | tuple) else (given,)
    return tuple(
        _scalar(setting, item.strip() if isinstance(item, str) else item, origin)
        for item in items
        if item != ""
    )


def _scalar(setting: Setting, given: object, origin: str) -> Scalar:
    value = _typed(setting, given, origin)
    if setting.choices and value not in setting.choices:
        raise ValueError(f"{origin}: {given!r} is none of {', '.join(setting.choices)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = setting.minimum, setting.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"{origin}: {value} is outside {_bounds(low, high)}")
    return value


def _typed(setting: Setting, given: object, origin: str) -> Scalar:
    kind = setting.type
    if kind is bool:
        word = str(given).strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    elif kind is int or kind is float:
        with suppress(ValueError):
            value = kind(str(given).strip())
            if isfinite(value):
                return value
    else:
        return kind(str(given))
    raise ValueError(f"{origin}: {given!r} is no {_WORDS[kind]}")


def _bounds(low: float | None, high: float | None) -> str:
    return f"{'' if low is None else low}..{'' if high is None else high}"


def reference(table: SettingsTable) -> str:
    """The table of settings for the docs, as Markdown."""
    lines = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for setting in table.settings:
        option = f"`{setting.option}`" if setting.option else "(environment only)"
        default = _shown(setting.default)
        lines.append(f"| {option} | `{table.variable(setting)}` | {default} | {setting.told} |")
    return "\n".join(lines) + "\n"


def _shown(default: Value) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{default}`"
