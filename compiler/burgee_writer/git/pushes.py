"""What `git push --porcelain` says of one reference."""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

from burgee_writer.git.message import one_line
from burgee_writer.git.program import Ran

__all__ = ["Verdict", "failure_text", "is_certain_failure", "is_turned_away", "verdict_of"]

# Reasons that another push at the same time gives; everything else is the remote's own will.
_RACES: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to (?:update ref|lock)"
    r"|incorrect old value|reference already exists|needs force|remote ref (?:updated|moved)"
)
# Reasons that are no policy, and may pass.
_FAILURES: Final = re.compile(
    r"unpacker error|unpack failed|internal (?:server )?error", re.IGNORECASE
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
# The answer to what was sent, by which it was not taken; 408 and 5xx may come from in between.
_TURNED_AWAY: Final = re.compile(r"RPC failed; HTTP (?:401|403|404|405|411|413|415|422)\b")
_SECRETS: Final = re.compile(r"//[^@/\s]*@")


class Verdict(Struct, frozen=True):
    """`lost` is a race that others won, or what may pass; `refused` is the remote's will."""

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
    if _RACES.search(summary) or _FAILURES.search(summary) or "[rejected]" in summary:
        return Verdict("lost", one_line(summary))
    said = [
        one_line(line.removeprefix("remote:"))
        for line in ran.err.splitlines()
        if line.startswith("remote:")
    ]
    why = summary.partition("(")[2].rpartition(")")[0] or summary
    if any(_RACES.search(each) for each in said):
        return Verdict("lost", one_line(summary))
    return Verdict("refused", one_line(": ".join([why, " ".join(filter(None, said))]).strip(": ")))


def is_certain_failure(ran: Ran) -> bool:
    """Return whether a command failed before it had sent anything."""
    if ran.code is None or "RPC failed" in ran.err:
        return False
    # What hooks print comes with a prefix, and says that something was sent.
    lines = ran.err.splitlines()
    if any(line.startswith("remote:") for line in lines):
        return False
    return any(_NOTHING_SENT.search(line) for line in lines)


def is_turned_away(ran: Ran) -> bool:
    """Return whether the remote answered over HTTP that it does not take what was sent."""
    return ran.code is not None and _TURNED_AWAY.search(ran.err) is not None


def failure_text(ran: Ran) -> str:
    """Return why a command failed, in one line without secrets."""
    if ran.code is None:
        return "it did not answer in time"
    lines = [line for line in ran.err.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))] or lines
    return _SECRETS.sub("//", one_line(telling[0])) if telling else f"git ended with {ran.code}"
