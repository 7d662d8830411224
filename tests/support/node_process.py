"""A node in a process of its own, run as the command line runs it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import burgee_edge

__all__ = ["NodeProcess"]

_PATHS = [Path(burgee_edge.__file__ or "").parents[1]]
_PROGRAM = """
import json, os, sys
from burgee_edge.serve import serve
from burgee_edge.settings import TABLE
from burgee_http.settings import read_settings
sys.exit(serve(read_settings(TABLE, json.loads(sys.argv[1]), os.environ)))
"""


class NodeProcess:
    """Ends with the block; `port` is known once it serves."""

    def __init__(self, **settings: Any) -> None:
        given = {"environment": "production", "port": 0, "access_log_sample": 0, **settings}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps(given, default=str)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, _PATHS))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def port(self) -> int:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://"), line
        return int(line.rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.finish()

    def finish(self) -> tuple[int, str]:
        """Wait for its end; returns the exit code and what it wrote to standard error."""
        try:
            _, told = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode, told
