"""What goes wrong while the soak runs. Each thing is done, left for a while, and undone."""

from __future__ import annotations

import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import obstore

from support.flag_repository import git
from support.servers.s3 import opened
from support.soak.fleet import Fleet
from support.waiting import until

__all__ = ["Chaos"]

_A_WHILE: Final = 1.5
_MANIFEST: Final = "production/manifest.json"


class Chaos:
    """Breaks one thing after the other; `done` counts what was broken."""

    def __init__(self, fleet: Fleet, draw: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._fleet = fleet
        self._draw = draw
        self._kept: list[bytes] = []
        self._store = opened(fleet.bucket.environment)
        self._mistakes = 0
        self._acts: list[Callable[[], None]] = [
            self.kill_a_node,
            self.cut_the_store,
            self.corrupt_a_document,
            self.truncate_the_manifest,
            self.send_an_old_manifest,
            self.send_an_unsigned_manifest,
            self.fill_a_disk,
            self.set_a_clock,
            self.push_a_mistake,
            self.kill_the_publisher,
            self.kill_the_writer,
        ]

    def go_on(self, until_: float) -> None:
        """Break things until this time of `time.monotonic`, each kind once before any twice."""
        while True:
            acts = self._acts[:]
            self._draw.shuffle(acts)
            for act in acts:
                if time.monotonic() > until_:
                    return
                self._keep()
                act()
                self.done[act.__name__.replace("_", " ")] += 1
                time.sleep(self._draw.uniform(0.2, 0.8))

    def kill_a_node(self) -> None:
        node = self._draw.choice(self._fleet.nodes())
        node.kill()
        time.sleep(self._draw.uniform(0, _A_WHILE))
        node.start("listening on")

    def kill_the_publisher(self) -> None:
        self._fleet.services["publisher"].kill()
        time.sleep(self._draw.uniform(0, _A_WHILE))
        self._fleet.services["publisher"].start("published")

    def kill_the_writer(self) -> None:
        self._fleet.services["writer"].kill()
        self._fleet.services["writer"].start("listening on")

    def cut_the_store(self) -> None:
        self._fleet.close_store()
        time.sleep(_A_WHILE)
        node = self._draw.choice(self._fleet.nodes())
        node.kill()
        node.start("listening on")  # from its own copy
        self._fleet.open_store()

    def corrupt_a_document(self) -> None:
        names = [each for each in self._names() if "/acme/flags-" in each]
        path = self._draw.choice(names)
        whole = self._get(path)
        at = self._draw.randrange(len(whole))
        self._replaced(path, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])

    def truncate_the_manifest(self) -> None:
        whole = self._get(_MANIFEST)
        self._replaced(_MANIFEST, whole[: self._draw.randrange(len(whole))])

    def send_an_old_manifest(self) -> None:
        if self._kept:
            self._replaced(_MANIFEST, self._draw.choice(self._kept))

    def send_an_unsigned_manifest(self) -> None:
        whole = self._get(_MANIFEST)
        self._replaced(_MANIFEST, whole.replace(b'"sequence":', b'"sequence":9'))

    def fill_a_disk(self) -> None:
        pid = self._draw.choice(self._fleet.nodes()).pid
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        time.sleep(_A_WHILE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    def set_a_clock(self) -> None:
        if not self._fleet.clock.exists():
            return
        self._fleet.clock.write_text(self._draw.choice(["+90d", "-90d", "+3600", "-3600"]))
        time.sleep(_A_WHILE)
        self._fleet.clock.write_text("+0")

    def push_a_mistake(self) -> None:
        """Somebody of the other tenant pushes what does not build, and mends it later."""
        work = self._fleet.folder / "person"
        self._mistakes += 1
        for text in (f"default: nowhere-{self._mistakes}\n", "default: on\n"):
            self._push(work, text)
            time.sleep(_A_WHILE)

    def _push(self, work: Path, text: str) -> None:
        def pushed() -> bool:
            git(work, "fetch", "--quiet", "origin")
            git(work, "reset", "--quiet", "--hard", "origin/main")
            (work / "globex/flags/mistaken.yaml").write_text(text)
            git(work, "commit", "--quiet", "--all", "--allow-empty", "--message", "by hand")
            try:
                git(work, "push", "--quiet", "origin", "HEAD:main")
            except AssertionError:  # the writer was quicker
                return False
            return True

        until(pushed, "a push gets through")

    def _keep(self) -> None:
        """Keep the manifest that is there, to send it when it is old."""
        self._kept = [*self._kept[-20:], self._get(_MANIFEST)]

    def _replaced(self, path: str, data: bytes) -> None:
        """Put other bytes in an object's place for a while, unless somebody puts newer ones."""
        whole = self._get(path)
        obstore.put(self._store, path, data)
        time.sleep(_A_WHILE)
        if self._get(path) == data:
            obstore.put(self._store, path, whole)

    def _get(self, path: str) -> bytes:
        return bytes(obstore.get(self._store, path).bytes())

    def _names(self) -> list[str]:
        pages = obstore.list(self._store, "production")
        return sorted(each["path"] for page in pages for each in page)
