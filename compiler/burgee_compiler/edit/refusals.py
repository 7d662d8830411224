"""Why an edit is not made, as values; an edit is made whole or not at all."""

from __future__ import annotations

from typing import ClassVar, NoReturn

from msgspec import Struct

from burgee_compiler.diagnostics import Diagnostic

__all__ = [
    "AliasInTheWay",
    "AlreadyThere",
    "BadValue",
    "NoSuchPlace",
    "NotPatchable",
    "Refused",
    "RefusedError",
    "Unreadable",
    "refuse",
]


class Refused(Struct, frozen=True):
    """An edit that was not made: where in the document, and why."""

    code: ClassVar[str] = "edit_refused"
    help: ClassVar[str] = "edit the file by hand"

    path: tuple[str | int, ...]
    message: str


class AliasInTheWay(Refused, frozen=True):
    """What is to change is used in several places, through an anchor and its aliases."""

    code: ClassVar[str] = "alias_in_the_way"
    help: ClassVar[str] = "write the value out in each place, or edit the file by hand"


class NoSuchPlace(Refused, frozen=True):
    """The path leads nowhere."""

    code: ClassVar[str] = "no_such_place"
    help: ClassVar[str] = "look at the file: another edit may have come first"


class AlreadyThere(Refused, frozen=True):
    """A key would stand twice in one mapping."""

    code: ClassVar[str] = "already_there"
    help: ClassVar[str] = "take another name, or remove what is there"


class BadValue(Refused, frozen=True):
    """A value that no file can hold."""

    code: ClassVar[str] = "bad_value"
    help: ClassVar[str] = "give another value"


class Unreadable(Refused, frozen=True):
    """The file cannot be read, before any edit."""

    code: ClassVar[str] = "unreadable"
    help: ClassVar[str] = "mend the file first"

    found: tuple[Diagnostic, ...] = ()


class NotPatchable(Refused, frozen=True):
    """The text is spelled in a way that the patch did not come out right in; nothing is lost."""

    code: ClassVar[str] = "not_patchable"


class RefusedError(Exception):
    """Carries a refusal to the door of the package."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def refuse(refused: Refused) -> NoReturn:
    """Give up an edit."""
    raise RefusedError(refused)
