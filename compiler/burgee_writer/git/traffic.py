"""What git's HTTP has sent, and whether it was answered, by git's own trace of it.

A push that git calls rejected may have arrived all the same: where a connection that was used
before breaks without an answer, libcurl sends the request once more, and git tells what became of
the second one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

__all__ = ["TRACING", "Traffic", "read_traffic"]

TRACING: Final[Mapping[str, str]] = {
    "GIT_TRACE_CURL": "1",
    "GIT_TRACE_CURL_NO_DATA": "1",
    "GIT_TRACE_REDACT": "1",
}
"""Variables that have git write its trace to standard error, without what is secret."""

_TRACE: Final = re.compile(r"(?:[\d:.]+ \S+ +)?(?:=> Send |<= Recv |== Info:)")
_REQUEST: Final = re.compile(r"=> Send header: ([A-Z]+) \S+ HTTP/")
_ANSWER: Final = re.compile(r"<= Recv header: HTTP/[\d.]+ [2-5]\d\d\b")
_READING: Final = frozenset(("GET", "HEAD", "CONNECT", "OPTIONS", "PROPFIND"))
_POSTED: Final = "POST git-receive-pack "


class Traffic(Struct, frozen=True):
    """`sent` is whether anything was that writes; `unanswered` counts what got no answer since."""

    sent: bool
    unanswered: int


def read_traffic(err: str) -> tuple[Traffic, str]:
    """Return what a push sent, and what it wrote to standard error besides the trace."""
    traced, sent, unanswered = False, False, 0
    said: list[str] = []
    for line in err.splitlines():
        if not _TRACE.match(line):
            if line.startswith(_POSTED):
                sent = True
            else:
                said.append(line)
            continue
        request = _REQUEST.search(line)
        if request is not None:
            traced = traced or request[1] not in _READING
            unanswered += traced
        elif traced and _ANSWER.search(line):
            unanswered -= 1
    # Git says that it sends, and the trace does not: then nothing is known of answers.
    return Traffic(sent or traced, unanswered if traced or not sent else 1), "\n".join(said)
