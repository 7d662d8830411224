"""Runs the command line for as long as its parent lives: `python -m burgee_cli.local.attached …`.

The parent holds the other end of standard input; when it is gone, however it ended, so are we.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ["run"]


def run(arguments: list[str]) -> None:
    """Run `burgee ARGUMENTS…`, ended politely once standard input ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from burgee_cli.main import main  # noqa: PLC0415  the watch begins first

    main(arguments)


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run(sys.argv[1:])
