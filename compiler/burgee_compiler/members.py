"""Member lists: one id a line, taken as it stands."""

from __future__ import annotations

from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic

__all__ = ["read_members"]


def read_members(data: bytes, path: str) -> tuple[tuple[str, ...], list[Diagnostic]]:
    """Return the ids of a member file in their order, and what is wrong with it.

    CR and empty lines are dropped; there is no header and no quoting.
    """
    found: list[Diagnostic] = []
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        where = Where(path, line=data.count(b"\n", 0, error.start) + 1, column=1)
        return (), [
            diagnostic("B101", "the member list is not UTF-8", where, help="save it as UTF-8 text")
        ]
    if text.startswith("\ufeff"):
        where = Where(path, line=1, column=1)
        message = "the member list begins with a byte order mark"
        found.append(diagnostic("B102", message, where, help="save it as UTF-8 without one"))
    ids: list[str] = []
    lines = text.replace("\r", "").split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        if line != line.strip():
            found.append(
                diagnostic(
                    "B130",
                    f'the id "{line}" has blanks at its ends',
                    Where(path, line=number, column=1),
                    help="remove them, unless they belong to the id",
                )
            )
        ids.append(line)
    return tuple(ids), found
