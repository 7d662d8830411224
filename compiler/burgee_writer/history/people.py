"""Who made a change and who looked at it, as commits say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from burgee_writer.git.message import one_line

__all__ = ["Person", "Reviewer", "reviewers_in"]

_TRAILER: Final = re.compile(
    r"(Reviewed-by|Co-authored-by|Approved-by):[ \t]*(.+)", re.IGNORECASE | re.ASCII
)
_PERSON: Final = re.compile(r"([^<>]*)<([^<>]*)>.*")
_MOST: Final = 50


class Person(Struct, frozen=True):
    """A name and an address; anybody may write any into a commit."""

    name: str
    email: str


class Reviewer(Struct, frozen=True):
    """Who is named beside the author, and in which line: such as `reviewed-by`."""

    name: str
    email: str
    by: str


def reviewers_in(own: str, others: str) -> tuple[Reviewer, ...]:
    """Return who is named, each once, in a message of one's own and in one that may be others'.

    From that only names with an address are taken: without one it may be any words.
    """
    found = dict.fromkeys(_named(own))
    found |= dict.fromkeys(each for each in _named(others) if each.email)
    return tuple(found)[:_MOST]


def _named(text: str) -> Iterator[Reviewer]:
    for line in text.splitlines()[1:]:
        match = _TRAILER.fullmatch(line.strip())
        if match is None:
            continue
        person = _PERSON.fullmatch(match[2])
        name, email = (match[2], "") if person is None else person.groups()
        yield Reviewer(one_line(name), one_line(email), match[1].lower())
