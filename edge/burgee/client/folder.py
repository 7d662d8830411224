"""A folder that `burgee build --out` writes to, looked at again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from burgee.client.known import Mark
from burgee.load import Read, Refused, document_path, read_environment, read_folder

if TYPE_CHECKING:
    from burgee.signatures import Trust

__all__ = ["FolderSource"]

_MANIFEST: Final = "manifest.json"


class FolderSource:
    """`<root>/<environment>`, which may come and go; no file event is needed to see a change."""

    local = True

    def __init__(
        self,
        root: Path,
        environment: str | None,
        tenant: str,
        *,
        trust: Trust | None = None,
        poll_seconds: float = 1.0,
    ) -> None:
        self.poll_seconds = poll_seconds
        self.slowest_seconds = poll_seconds
        self._root = root
        self._environment = environment
        self._tenant = tenant
        self._trust = trust
        self._seen: tuple[bytes, Mark] | None = None  # the manifest that was last found good

    def __repr__(self) -> str:
        return str(self._root)

    def environment(self) -> str:
        """Return the environment that was named, or the only one there is."""
        if self._environment is None:
            found = self._environments()
            if len(found) != 1:
                there = f"builds of {', '.join(found)}" if found else "no build"
                raise Refused(
                    "unreadable", f"{self._root} holds {there}: name one with environment="
                )
            self._environment = found[0]
        return self._environment

    def look(self, known: Mark | None) -> Mark:
        """Return what the environment's manifest says of the tenant."""
        environment = self.environment()
        read = self._read()
        try:
            data = read(_MANIFEST)
        except OSError as error:
            raise Refused("unreadable", self._unreadable(environment, error)) from error
        if self._seen is not None and self._seen[0] == data:
            return self._seen[1]
        if self._trust is not None:
            self._trust.check(read, data)
        _, manifest = read_environment(lambda path: data, environment)
        whole = manifest.tenants.get(self._tenant)
        if whole is None:
            names = ", ".join(sorted(manifest.tenants)[:20])
            raise Refused(
                "no_tenant", f"{self._root / environment} has no tenant {self._tenant}, but {names}"
            )
        mark = Mark(manifest.epoch, manifest.sequence, manifest.version, whole, manifest.compiler)
        self._seen = data, mark
        return mark

    def read(self, path: str) -> bytes:
        """Return a document."""
        return self._read()(path)

    def signature(self, mark: Mark) -> bytes | None:
        """Return the signatures beside the tenant's manifest, None where there are none."""
        path = document_path(self._tenant, "manifest", mark.digest).removesuffix(".json") + ".sig"
        try:
            return self.read(path)
        except OSError:
            return None

    def follow(self, wake: Callable[[], None]) -> None:
        """Looking once a second is all there is."""

    def interrupt(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is kept open."""

    def again(self) -> FolderSource:
        """Return the same source for a forked process."""
        return FolderSource(
            self._root,
            self._environment,
            self._tenant,
            trust=self._trust,
            poll_seconds=self.poll_seconds,
        )

    def _read(self) -> Read:
        return read_folder(self._root / self.environment())

    def _environments(self) -> list[str]:
        try:
            return sorted(each.parent.name for each in self._root.glob(f"*/{_MANIFEST}"))
        except OSError:
            return []

    def _unreadable(self, environment: str, error: OSError) -> str:
        path = self._root / environment / _MANIFEST
        detail = f"{path} cannot be read: {error.strerror or error}"
        if (self._root / environment).is_dir():
            return detail
        found = self._environments()
        return f"{detail}; {self._root} holds {', '.join(found) if found else 'no build'}"
