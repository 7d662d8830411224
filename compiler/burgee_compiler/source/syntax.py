"""What libyaml says of a syntax error, in the words of someone who has to mend the file."""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["Advice", "advise"]


class Advice(msgspec.Struct, frozen=True):
    """How a syntax error is put, and the cure."""

    message: str
    help: str
    code: str = "B106"
    begin: str = "this begins here"  # of the place where libyaml began to read what fails
    at_begin: bool = False  # that place is the better one: the fault shows only lines below it


_TAB: Final = Advice("a tab is used to indent", "indent with blanks: YAML allows no tabs there")
_QUOTED: Final = Advice(
    "the quoted text is never closed",
    "close it with the quote it began with",
    at_begin=True,
)
_NAME: Final = Advice(
    "a name is missing after * or &", "put the text in quotes if it begins with * or &"
)
_END: Final = Advice(
    "something stands after the end of the document",
    "one file holds one mapping: indent what belongs to it, and remove the rest",
)
_DIRECTIVE: Final = Advice("an unknown directive", "put the text in quotes if it begins with %")
_TAG: Final = Advice("a tag is used", "leave the tag out: types follow from the value", "B110")
_ESCAPE: Final = Advice(
    "an unknown escape in double quotes",
    "write \\\\ for a backslash, or use single quotes",
    begin="the quote is opened here",
)
_ADVICE: Final[dict[str, Advice]] = {
    "mapping values are not allowed in this context": Advice(
        "a colon stands where no key can be",
        'indent keys of one mapping alike, and put a text that holds ": " in quotes',
    ),
    "block sequence entries are not allowed in this context": Advice(
        "a list cannot begin here", "begin the list on a line of its own, or write [a, b]"
    ),
    "did not find expected ',' or ']'": Advice(
        "the list is not closed, or a comma is missing",
        "put commas between the entries and ] at the end",
        begin="the list begins here",
    ),
    "did not find expected ',' or '}'": Advice(
        "the mapping is not closed, or a comma is missing",
        "put commas between the entries and } at the end",
        begin="the mapping begins here",
    ),
    "did not find expected '-' indicator": Advice(
        "a list ends where its indentation goes on",
        'begin each entry with "- ", and indent what follows the list less',
        begin="the list begins here",
    ),
    "did not find expected key": Advice(
        "a key was expected here",
        "indent keys of one mapping alike, and put nothing after a quoted value",
        begin="the mapping begins here",
    ),
    "could not find expected ':'": Advice(
        "a key has no colon",
        'write "key: value", with a blank after the colon',
        at_begin=True,
    ),
    "found unexpected ':'": Advice(
        "a colon has no blank after it", "put a blank after the colon, or the text in quotes"
    ),
    "did not find expected node content": Advice(
        "a value was expected here", "remove what is too much, or put the text in quotes"
    ),
    "did not find expected comment or line break": Advice(
        "text stands beside the | or > of a block", "begin the text on the next line, indented"
    ),
    "found unexpected end of stream": _QUOTED,
    "found unexpected document indicator": _QUOTED,
    "found unknown escape character": _ESCAPE,
    "found invalid Unicode character escape code": _ESCAPE,
    "did not find expected hexdecimal number": _ESCAPE,
    "found a tab character that violates indentation": _TAB,
    "found a tab character where an indentation space is expected": _TAB,
    "found undefined tag handle": _TAG,
    "did not find expected alphabetic or numeric character": _NAME,
    "did not find expected <document start>": _END,
    "found unknown directive name": _DIRECTIVE,
    "could not find expected directive name": _DIRECTIVE,
    "found incompatible YAML document": Advice(
        "the file asks for another YAML version", "remove the %YAML line", "B116"
    ),
}


def advise(problem: str, context: str, character: str) -> Advice:
    """Return what to say of libyaml's `problem` at a place where `character` stands."""
    if problem == "found character that cannot start any token":
        if character == "\t":
            return _TAB
        return Advice(f"a value cannot begin with {character}", "put the value in quotes")
    if "scanning a tag" in context or "parsing a tag" in context:
        return _TAG
    known = _ADVICE.get(problem)
    if known is not None:
        return known
    return Advice(f"the YAML cannot be read: {problem}", "compare the line with those around it")
