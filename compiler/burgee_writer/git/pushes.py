"""What a push came to, by what `git push --porcelain` says of one reference.

The texts are git's own, and those of forges that answer in git's place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from burgee_compiler.git_program import Ran
from burgee_writer.git.message import one_line
from burgee_writer.git.traffic import Traffic

__all__ = ["Verdict", "failure_text", "verdict_of"]

# Reasons that another push at the same time gives, or that may be gone a moment later.
_RACES: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|needs force|remote ref (?:updated|moved)"
    r"|cannot lock ref|unable to lock|failed to (?:update ref|lock)|LOCK_FAILURE|lock error"
    r"|incorrect old value|reference already exists|does not point to expected object"
    r"|already been updated by another|unpacker error|unable to migrate objects|error in hook"
)
# The remote's own will, even where a word of the above is in what it says.
_WILL: Final = re.compile(r"declined|exists; cannot create|directory file conflict")
# Said in a remote's trouble, and not known to hold: the reference may have moved.
_TROUBLE: Final = re.compile(
    r"internal (?:server )?error|failed to report|timed? ?out", re.IGNORECASE
)
# What git says before it has sent anything. A status of 4xx for the push itself is as good:
# whoever gives it has not handed on what was sent, but for 408 and 499, which say nothing of that.
_UNSENT: Final = re.compile(
    r"^(?:.*\.\.\. )?fatal: (?:unable to access '|repository '.*' not found|Authentication failed"
    r"|could not read (?:Username|Password) |unable to (?:connect to|look up) "
    r"|Could not read from remote repository|the remote end hung up upon initial contact"
    r"|remote error: access denied or repository not exported|strange |transport '|protocol '"
    r"|unable to fork|unable to find remote helper|no path specified|ssh variant )"
    r"|^error: RPC failed; HTTP (?:30[1278]|40[01345]|41[0134]|429)\b",
    re.MULTILINE | re.IGNORECASE,
)
_ACCESS: Final = re.compile(
    r"could not read (?:Username|Password) |Authentication failed|returned error: 401|HTTP 401"
    r"|Permission denied \("
)
_ELSEWHERE: Final = re.compile(r"returned error: 30[1278]")
_BEHIND_SSH: Final = "fatal: Could not read from remote repository."
_CHATTER: Final = ("remote:", "Pushing to ", "send-pack:", "hint:", "To ")
_SECRETS: Final = re.compile(r"//[^@/\s]*@")


class Verdict(Struct, frozen=True):
    """`lost` may be tried again, `refused` is the remote's will, and `unsent` never reached it;
    what is `unknown` may have arrived.
    """

    kind: Literal["done", "lost", "refused", "unsent", "unknown"]
    reason: str = ""


def verdict_of(ran: Ran, traffic: Traffic | None = None) -> Verdict:
    """Return what a push came to; of one over HTTP it is known what was sent (`traffic`)."""
    found = _told(ran) or _untold(ran, traffic)
    if traffic is not None and traffic.unanswered > 0 and found.kind != "done":
        return Verdict("unknown", found.reason)  # what git tells is of another request
    return found


def _told(ran: Ran) -> Verdict | None:
    for line in ran.out.splitlines():
        flag, tab, rest = line.partition("\t")
        if not tab or len(flag) != 1 or "\t" not in rest:
            continue
        if flag == "!":
            return _rejected(rest.partition("\t")[2], ran)
        return Verdict("done") if flag in " *=+" and ran.code == 0 else None
    return None


def _untold(ran: Ran, traffic: Traffic | None) -> Verdict:
    own = "\n".join(line for line in ran.err.splitlines() if not line.startswith("remote:"))
    certain = ran.code is not None and _UNSENT.search(own) is not None
    if traffic is not None and not traffic.sent:
        certain = True
    return Verdict("unsent" if certain else "unknown", failure_text(ran))


def _rejected(summary: str, ran: Ran) -> Verdict:
    why = summary.partition("(")[2].rpartition(")")[0] or summary
    said = " ".join(filter(None, map(one_line, _remote_lines(ran))))
    reason = one_line(f"{why}: {said}" if said else why)
    if "[rejected]" in summary:
        return Verdict("lost", reason)  # by git itself, which has asked where the remote is
    if "[remote rejected]" not in summary or _TROUBLE.search(why):
        return Verdict("unknown", reason)
    if not _WILL.search(reason) and _RACES.search(reason):
        return Verdict("lost", reason)
    return Verdict("refused", reason)


def _remote_lines(ran: Ran) -> Sequence[str]:
    return [
        line.removeprefix("remote:").strip()
        for line in ran.err.splitlines()
        if line.startswith("remote:")
    ]


def failure_text(ran: Ran) -> str:
    """Return why a command failed, in one line without secrets."""
    if ran.code is None:
        return "it did not answer in time"
    if _ACCESS.search(ran.err):
        return "it does not take our credentials, or asks for some"
    lines = [line.strip() for line in ran.err.splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith(_CHATTER)]
    telling = [line for line in own if re.match("fatal:|error:|ssh:", line, re.IGNORECASE)] or own
    if telling and telling[0] == _BEHIND_SSH and own[0] != _BEHIND_SSH:
        telling = own  # what ssh said, or the forge behind it
    if not telling:
        return f"git ended with {ran.code}"
    told = telling[0]
    if told.endswith(":") and own[-1] != told:
        told = f"{told} {own[own.index(told) + 1]}"  # where it goes on
    text = _SECRETS.sub("//", one_line(told))
    return f"{text}; it is at another address now" if _ELSEWHERE.search(text) else text
