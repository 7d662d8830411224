"""Options of the servers' commands, made from their tables of settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from burgee_cli.outcome import Usage
from burgee_http.settings import Setting, SettingsError, SettingsTable, Value, read_settings

__all__ = ["read_given", "with_options"]

_METAVARS: Final = {int: "N", float: "N", str: "TEXT"}


def with_options(table: SettingsTable) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Add an option for each setting; the values are read by the table, not by click."""

    def add(function: Callable[..., int]) -> Callable[..., int]:
        for setting in reversed(table.settings):
            if setting.option is not None:
                made = click.option(setting.option, setting.key, **_attributes(setting))
                function = made(function)
        return function

    return add


def read_given(table: SettingsTable, given: Mapping[str, object]) -> dict[str, Value]:
    """Return each setting's value, from the options and the environment; Usage with all that is
    wrong with them.
    """
    try:
        return read_settings(table, given, os.environ)
    except SettingsError as error:
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        raise Usage(f"settings that cannot be used:\n{problems}") from error


def _attributes(setting: Setting) -> dict[str, Any]:
    default = "" if setting.default in (None, (), False) else f"  [default: {_shown(setting)}]"
    attributes: dict[str, Any] = {"help": setting.told + default, "default": None}
    if setting.type is bool:
        return {**attributes, "is_flag": True}
    metavar = "|".join(setting.choices) or setting.metavar or _METAVARS.get(setting.type)
    return {**attributes, "multiple": setting.many, "metavar": metavar}


def _shown(setting: Setting) -> str:
    if isinstance(setting.default, tuple):
        return ", ".join(map(str, setting.default))
    return f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default)
