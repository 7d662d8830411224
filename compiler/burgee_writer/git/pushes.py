"""What `git push --porcelain` says of one reference."""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

from burgee_writer.git.message import one_line
from burgee_writer.git.program import Ran

__all__ = ["Verdict", "failure_text", "is_certain_failure", "verdict_of"]

# Reasons that another push at the same time gives; everything else is the remote's own will.
_RACES: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to (?:update ref|lock)"
    r"|incorrect old value|reference already exists|needs force|remote ref (?:updated|moved)"
)
# What git says when it has sent nothing yet.
_NOTHING_SENT: Final = re.compile(
    r"Could not resolve|Connection refused|Couldn't connect|Failed to connect|Connection timed out"
    r"|Authentication failed|Permission denied|could not read Username|terminal prompts disabled"
    r"|not found|does not appear to be a git repository|requested URL returned error: 4"
    r"|Host key verification failed|access denied|unable to connect|No route to host"
    r"|unable to look up",
    re.IGNORECASE,
)
_SECRETS: Final = re.compile(r"//[^@/\s]*@")


class Verdict(Struct, frozen=True):
    """`lost` is a race that others won; `refused` is the remote's will."""

    kind: Literal["done", "lost", "refused"]
    reason: str = ""


def verdict_of(ran: Ran) -> Verdict | None:
    """Return what a push came to, None where it does not say."""
    for line in ran.out.splitlines():
        flag, tab, rest = line.partition("\t")
        if not tab or len(flag) != 1 or "\t" not in rest:
            continue
        summary = rest.partition("\t")[2]
        if flag in " *=+":
            return Verdict("done") if ran.code == 0 else None
        if flag == "!":
            return _rejected(summary, ran)
    return None


def _rejected(summary: str, ran: Ran) -> Verdict | None:
    if "[remote failure]" in summary or "remote failed to report" in summary:
        return None
    if _RACES.search(summary):
        return Verdict("lost")
    if "[rejected]" in summary:
        return Verdict("lost")
    said = [
        one_line(line.removeprefix("remote:"))
        for line in ran.err.splitlines()
        if line.startswith("remote:")
    ]
    why = summary.partition("(")[2].rpartition(")")[0] or summary
    if any(_RACES.search(each) for each in said):
        return Verdict("lost")
    return Verdict("refused", one_line(": ".join([why, " ".join(filter(None, said))]).strip(": ")))


def is_certain_failure(ran: Ran) -> bool:
    """Return whether a command failed before it had sent anything."""
    return ran.code is not None and _NOTHING_SENT.search(ran.err) is not None


def failure_text(ran: Ran) -> str:
    """Return why a command failed, in one line without secrets."""
    if ran.code is None:
        return "it did not answer in time"
    lines = [line for line in ran.err.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))] or lines
    return _SECRETS.sub("//", one_line(telling[0])) if telling else f"git ended with {ran.code}"
