"""`burgee publish --watch` as a process, with its log and its figures."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.command import PYTHON, environment
from support.waiting import until

__all__ = ["Publisher", "publisher"]


class Publisher:
    """A process that watches; `log` is what it wrote so far, a dict a line."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def log(self) -> list[dict[str, Any]]:
        text = self._err.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def reasons(self) -> set[str]:
        """Why something went wrong so far."""
        return {each["reason"] for each in self.log if "reason" in each}

    def wait_for(self, message: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Return the newest line with a message, once there are as many as `count`."""

        def found() -> list[dict[str, Any]]:
            assert self.process.poll() is None, self._err.read_text()
            return [
                each
                for each in self.log
                if each["message"].startswith(message) and fields.items() <= each.items()
            ]

        try:
            until(lambda: len(found()) >= count, f"{message} {fields}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._err.read_text()}") from None
        return found()[-1]

    @property
    def url(self) -> str:
        """Where its figures are."""
        (url,) = re.findall(r"listening on (\S+)", self._out.read_text())
        return str(url)

    def figures(self) -> dict[str, float]:
        """What /metrics says, by name with labels."""
        url = self.url
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        rows = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name.removeprefix("burgee_publish_"): float(value) for name, _, value in rows}

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def publisher(folder: Path, *arguments: str | Path, **variables: str) -> Iterator[Publisher]:
    """Run `burgee publish --watch ARGUMENTS…` with its output in a folder."""
    out, err = folder / "publisher.out", folder / "publisher.err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*PYTHON, "publish", "--watch", *map(str, arguments), "--metrics-listen", "0"],
            cwd=folder,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    try:
        yield Publisher(process, out, err)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
