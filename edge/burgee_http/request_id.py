"""Request ids: the caller's where it is a safe token, else one of ours."""

import os
import re

__all__ = ["request_id"]

# No blanks, quotes, control or non-ASCII characters: the id is put into headers and log lines.
_SAFE = re.compile(rb"[A-Za-z0-9._:+/=@~-]{1,128}")


def request_id(offered: bytes | None) -> str:
    if offered is not None and _SAFE.fullmatch(offered):
        return offered.decode("ascii")
    return os.urandom(16).hex()
