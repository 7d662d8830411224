"""Builds to be published: those of a folder, or of a commit, held at what a target has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from burgee.load import Refused, document_path, named_documents, read_environment, read_folder
from burgee.load import read_tenant as read_tenant_documents
from burgee.signatures import signature_path
from burgee.snapshot.canonical import digest
from burgee_compiler.build import Build, EnvironmentBuild
from burgee_compiler.hold import LastGood, read_last_good
from burgee_compiler.publish.keys import Keys
from burgee_compiler.publish.published import MANIFEST, Published, reader
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.target import Target
from burgee_compiler.publish.uploads import signature_of

__all__ = ["HeldBuilds", "Known", "built_environments", "read_built"]

LastGoodOf = Callable[[str], LastGood | None]
Known = Mapping[str, EnvironmentBuild]
"""What was published before, by environment."""


def built_environments(folder: Path) -> list[str]:
    """Return the environments that `burgee build --out` wrote to a folder."""
    return sorted(each.parent.name for each in folder.glob(f"*/{MANIFEST}"))


def read_built(folder: Path, environment: str) -> EnvironmentBuild:
    """Read one environment of a folder with its signatures; Refused where a byte is not right."""
    read = read_folder(folder / environment)
    data, manifest = read_environment(read, environment)
    files: dict[str, bytes] = {}
    held: dict[str, dict[str, str]] = {}
    for tenant, whole in manifest.tenants.items():
        found = read_tenant_documents(read, environment, tenant, whole)
        inner = document_path(tenant, "manifest", whole)
        for path in (*named_documents(tenant, whole, found.manifest), signature_of(inner)):
            _take(files, folder / environment, path)
        if found.manifest.held:
            held[tenant] = found.manifest.held
    _take(files, folder / environment, signature_path(data))
    return EnvironmentBuild(environment, files, data, manifest.version, held)


def _take(files: dict[str, bytes], folder: Path, path: str) -> None:
    """Add a file; a document whose bytes are not those just verified is Refused."""
    try:
        data = (folder / path).read_bytes()
    except FileNotFoundError:
        if path.endswith(".sig"):
            return
        raise Refused("unreadable", f"{path} is gone since it was read") from None
    except OSError as error:
        raise Refused("unreadable", f"{path} cannot be read: {error.strerror}") from error
    if not path.endswith(".sig") and digest(data)[:16] not in path:
        raise Refused("digest", f"{path} was changed since it was read")
    files[path] = data


class HeldBuilds:
    """A commit's builds; what does not build is held at what the target has at that moment."""

    def __init__(
        self,
        make: Callable[[LastGoodOf], Build],
        target: Target,
        *,
        keys: Keys | None = None,
        retry: Retry | None = None,
        repair: bool = False,
        known: Known | None = None,
    ) -> None:
        """Take what builds; with `repair` what is published and cannot be read holds nothing.

        What is `known` is not read from the target where it is what is in force there.
        """
        self._make = make
        self._target = target
        self._keys = keys or Keys()
        self._known = known or {}
        self._retry = retry or Retry()
        self._repair = repair
        self._asked: dict[str, str | None] = {}
        self.made = self._built()

    def environments(self) -> list[str]:
        """Return the environments that were built."""
        return [each.environment for each in self.made.environments]

    def offer(self, environment: str, published: Published | None) -> EnvironmentBuild:
        """Return an environment's build, made anew if what it was held at is replaced by now."""
        now = None if published is None else published.digest
        if self._asked.get(environment, now) != now:
            self.made = self._built()
        return next(each for each in self.made.environments if each.environment == environment)

    def _built(self) -> Build:
        self._asked.clear()
        made = self._make(self._last_good)
        return msgspec.structs.replace(
            made, environments=[self._keys.sign(each) for each in made.environments]
        )

    def _last_good(self, environment: str) -> LastGood | None:
        """Read what is published; Refused where it is damaged."""
        read = reader(self._target, environment, self._retry)
        try:
            manifest = read(MANIFEST)
        except FileNotFoundError:
            self._asked[environment] = None
            return None
        self._asked[environment] = digest(manifest)
        known = self._known.get(environment)
        if known is not None and known.manifest == manifest:
            read = known.files.__getitem__
        try:
            return read_last_good(
                lambda path: manifest if path == MANIFEST else read(path), environment
            )
        except Refused:
            if self._repair:
                return None
            raise
