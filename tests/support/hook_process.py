"""A process that delivers webhooks of a git repository, and can be killed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.command import environment
from support.hooked import SECRET

__all__ = ["hook_process"]

_PROGRAM = """
import json, sys
from pathlib import Path
from burgee_http.logs import configure_logs
from burgee_writer.webhooks.deliver import Webhooks
from burgee_writer.webhooks.from_git import GitChanges
from burgee_writer.webhooks.settings import WebhookSecret, WebhookSettings
configure_logs(level="warning")  # to stderr: what is printed is for the test
repository, state, secret, fields = sys.argv[1:]
secrets = {"hooks": WebhookSecret("hooks", ("*",), (secret,))}
settings = WebhookSettings(
    hosts=("127.0.0.1:*",), allow_private=True, secrets=lambda: secrets, **json.loads(fields)
)
changes = GitChanges(Path(repository), "refs/heads/main")
hooks = Webhooks(settings, Path(state), changes=changes)
hooks.start()
print("started", flush=True)
sys.stdin.read()
hooks.stop()
"""


@contextmanager
def hook_process(repository: Path, state: Path, **fields: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that has started; it ends with the block, if it was not killed before."""
    made = {"first_delay_seconds": 0.05, "poll_seconds": 0.05, **fields}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(repository), str(state), SECRET, json.dumps(made)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
