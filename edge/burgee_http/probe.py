"""`python -m burgee_http.probe URL`: is a server of ours well? For images that have no curl.

Exit 0 for an answer of 200 within two seconds, 1 for any other or none, 2 for a wrong call.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

__all__ = ["main", "probe"]

_WITHIN = 2.0


def probe(url: str) -> str | None:
    """Ask `url` once, over plain HTTP; returns what is wrong, None where nothing is."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"{url} is no http:// address")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_WITHIN)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
    return None if status == 200 else f"{url}: {status}"


def main(arguments: list[str]) -> int:
    """Probe the one address of a command line; returns its exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m burgee_http.probe http://HOST:PORT/PATH\n")
        return 2
    try:
        wrong = probe(arguments[0])
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if wrong is not None:
        sys.stderr.write(f"{wrong}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
