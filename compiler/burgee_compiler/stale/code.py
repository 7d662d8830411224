"""Where code names flags: keys in string literals, with file and line; comments are passed over.

It is a scan, no parser: a file's strings and comments are told apart by the rules of its language's
family, and a literal that is a key (or ends with `flags/KEY`, as in a URL) is a reference. In a
call that evaluates a flag, a literal that is no key is taken for a misspelt one.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from burgee_compiler.progress import told

__all__ = ["LANGUAGES", "Reference", "Scan", "scan_code"]

_LARGEST: Final = 1 << 20
_SNIFFED: Final = 8_192
_SKIPPED: Final = frozenset(
    {"node_modules", "__pycache__", "venv", "site-packages", "vendor", "target", "dist", "build"}
)
"""Folders that are not looked into where git does not say what belongs to the tree."""
_C: Final = r"(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"
_HASH: Final = r"(?P<comment>\#[^\n]*)"
_PHP: Final = r"(?P<comment>(?://|\#)[^\n]*|/\*.*?(?:\*/|\Z))"
_NONE: Final = r"(?P<comment>(?!))"
_STRINGS: Final = r"""
    |(?P<long>\"\"\"|''')(?P<text3>.*?)(?:(?P=long)|\Z)
    |(?P<quote>["'])(?P<text1>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)
"""
_BACKTICKS: Final = r"|`(?P<text2>(?:\\.|[^`\\])*)`"
_FAMILIES: Final = {
    _C: "js jsx mjs cjs ts tsx mts cts go java kt kts scala groovy cs swift dart rs c cc cpp h hpp"
    " m mm vue svelte",
    _HASH: "py pyi rb rake ex exs pl sh bash",
    _PHP: "php",
    _NONE: "html erb hbs ejs jinja j2 lua clj hs fs vb",
}
LANGUAGES: Final = {
    ending: family for family, endings in _FAMILIES.items() for ending in endings.split()
}
"""Which comments files have, by the ending of their names; others are no code."""
_TOKENS: Final = {
    family: re.compile(
        family + _STRINGS + (_BACKTICKS if family == _C else "|(?P<text2>(?!))"),
        re.DOTALL | re.VERBOSE,
    )
    for family in _FAMILIES
}
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9][A-Za-z0-9_-]*)*")
_IN_URL: Final = re.compile(rf"flags/({_KEY.pattern})(?:/|\?|\Z)")
_QUOTED: Final = re.compile(rb"[\"'`/]([A-Za-z0-9][A-Za-z0-9_.-]*)(?=[\"'`/?])")
_TYPES: Final = "boolean|bool|string|integer|int|long|float|double|number|object|struct"
_CALL: Final = re.compile(
    rf"""(?:
        \b(?:get|use|resolve|useSuspense|suspense)?_?(?:{_TYPES})_?(?:flag)?_?
            (?:value|details|evaluation)_?(?:details)?_?(?:async)?
        |\b(?:use_?flag|require_feature|UserFeature)
        |\b(?:flags?|burgee|features?)(?:\(\))?\.(?:evaluate|details)
    )\s*(?:<[^<>()]*>)?\s*\(\s*(?:[\w.]*(?:ctx|context)[\w.]*(?:\(\))?\s*,\s*)?\Z""",
    re.VERBOSE | re.IGNORECASE,
)
"""What stands before the key in a call that evaluates a flag, a context before it at most."""
_BEFORE: Final = 120
_MAY_CALL: Final = re.compile(
    rb"(?:%b)_?(?:flag)?_?(?:value|details|evaluation)"
    rb"|use_?flag|require_feature|userfeature|\.(?:evaluate|details)\s*\(" % _TYPES.encode(),
    re.IGNORECASE,
)


class Reference(Struct, frozen=True, order=True):
    """One literal."""

    file: str
    line: int
    key: str


class Scan(Struct, frozen=True):
    """References by key, and those in calls to keys that there are not; files looked at."""

    known: dict[str, list[Reference]]
    unknown: list[Reference]
    files: int


def scan_code(folders: Iterable[Path], keys: Collection[str]) -> Scan:
    """Return where the code in some folders names flags; OSError where one cannot be read.

    What git ignores is passed over, and so are links, binary files and those over 1 MiB.
    """
    wanted = frozenset(keys)
    known: dict[str, list[Reference]] = {}
    unknown: list[Reference] = []
    seen: set[Path] = set()
    count = 0
    for folder in folders:
        files = [each for each in _files(folder) if _family(each) is not None]
        for path in told("searching code", files):
            real = path.absolute()
            if real in seen:
                continue
            seen.add(real)
            count += 1
            for found in _of_file(path, wanted):
                if found.key in wanted:
                    known.setdefault(found.key, []).append(found)
                else:
                    unknown.append(found)
    return Scan({key: sorted(known[key]) for key in sorted(known)}, sorted(unknown), count)


def _family(path: Path) -> str | None:
    return LANGUAGES.get(path.suffix[1:].lower())


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    listed = _git_files(folder)
    if listed is not None:
        return sorted(folder / os.fsdecode(each) for each in listed)
    return sorted(_walked(folder))


def _git_files(folder: Path) -> list[bytes] | None:
    """Return what git takes for part of the tree, None where it cannot say."""
    command = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others")
    try:
        done = subprocess.run(
            [*command, "--exclude-standard", "--deduplicate"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    except OSError:
        if not folder.is_dir():
            raise
        return None  # there is no git here
    return done.stdout.split(b"\0")[:-1] if done.returncode == 0 else None


def _walked(folder: Path) -> Iterator[Path]:
    stack = [folder]
    while stack:
        with os.scandir(stack.pop()) as scan:
            for each in scan:
                if each.name.startswith(".") or each.name in _SKIPPED:
                    continue
                if each.is_dir(follow_symlinks=False):
                    stack.append(Path(each.path))
                elif each.is_file(follow_symlinks=False):
                    yield Path(each.path)


def _of_file(path: Path, keys: frozenset[str]) -> Iterator[Reference]:
    data = _bytes(path)
    if data is None:
        return
    quoted = {found[1] for found in _QUOTED.finditer(data)}
    named = any(each.decode() in keys for each in quoted)
    if not named and not (quoted and _MAY_CALL.search(data)):
        return  # most files end here, at the speed of a search
    family = _family(path)
    assert family is not None
    text = data.decode("utf-8", errors="replace")
    name = os.fsencode(path.as_posix()).decode(errors="replace")
    line, position = 1, 0
    for token in _TOKENS[family].finditer(text):
        literal = token["text1"] or token["text2"] or token["text3"]
        if not literal:
            continue
        key = _key_in(literal, keys)
        if key is None and not _is_misspelt(literal, text, token.start()):
            continue
        line += text.count("\n", position, token.start())
        position = token.start()
        yield Reference(name, line, literal if key is None else key)


def _key_in(literal: str, keys: frozenset[str]) -> str | None:
    if literal in keys:
        return literal
    in_url = _IN_URL.search(literal) if "flags/" in literal else None
    return in_url[1] if in_url is not None and in_url[1] in keys else None


def _is_misspelt(literal: str, text: str, start: int) -> bool:
    if len(literal) > 256 or _KEY.fullmatch(literal) is None:
        return False
    first = max(0, start - _BEFORE)
    if not text[first:start].rstrip().endswith(("(", ",")):
        return False
    return _CALL.search(text, first, start) is not None


def _bytes(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        data = path.read_bytes()
    except OSError:  # tracked, and gone from the work tree; or closed to us
        return None
    return None if b"\0" in data[:_SNIFFED] else data
