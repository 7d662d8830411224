"""What the command line takes, asked of click's own parser, and the commands that pages show."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

__all__ = ["commands_of_page", "wrong_with"]

_FENCED = re.compile(r"^```(?:sh|console|bash)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(burgee [^`]+)`")
_BEFORE = re.compile(r"[|&;(]+|\w+=.*|exec|!")
"""What may stand before a command."""


def wrong_with(words: Sequence[str]) -> str | None:
    """Return what click says about `burgee WORDS…`, None where it takes them."""
    name, *rest = words
    try:
        module = importlib.import_module(f"burgee_cli.commands.{name.replace('-', '_')}")
    except ModuleNotFoundError:
        return f"there is no command {name}"
    command: click.Command = module.command
    if isinstance(command, click.Group):
        if not rest or rest[0] not in command.commands:
            return f"{name} has no command {rest[:1]}"
        command, rest = command.commands[rest[0]], rest[1:]
    with click.Context(command, info_name=name) as context:
        try:
            command.make_parser(context).parse_args(list(rest))
        except click.BadOptionUsage as error:
            # Prose names an option without its value.
            return None if rest[-1] == error.option_name else error.format_message()
        except click.UsageError as error:
            return error.format_message()
    return None


def commands_of_page(path: Path) -> Iterator[list[str]]:
    """Yield the words behind `burgee` of each command that a page shows, in blocks and in lines."""
    text = path.read_text(encoding="utf-8")
    blocks = "\n".join(_FENCED.findall(text)) if path.suffix == ".md" else text
    for line in blocks.replace("\\\n", " ").splitlines():
        yield from _of_line(line.removeprefix("$ "))
    if path.suffix == ".md":
        for inline in _INLINE.findall(text):
            yield from _of_line(inline)


def _of_line(line: str) -> Iterator[list[str]]:
    if not re.search(r"(^|[\s(])burgee [a-z]", line):
        return
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return
    for at, word in enumerate(words):
        behind = words[at + 1 : at + 2]
        begins = at == 0 or _BEFORE.fullmatch(words[at - 1])
        if word == "burgee" and begins and behind and re.fullmatch(r"[a-z][a-z-]*", behind[0]):
            ended = (n for n, each in enumerate(words[at + 1 :]) if set(each) <= set("|&;<>()"))
            found = words[at + 1 :][: next(ended, None)]
            yield [each for each in found if each not in ("…", "...")]
