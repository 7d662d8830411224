"""Which files a target lacks, and putting them there: what is named before what names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import msgspec
from msgspec import Struct

from burgee.load import Read
from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.forms import EnvironmentManifest, Signature, Signatures
from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.progress import told
from burgee_compiler.publish.published import Published, copy_path, documents_of
from burgee_compiler.publish.retry import Retry
from burgee_compiler.publish.target import Target

__all__ = ["Upload", "missing", "send", "signature_of"]

_DOCUMENT, _SIGNATURE, _TENANT, _OWN_SIGNATURE, _OWN_COPY = range(5)
_PHASES: Final = range(5)
_MOST_OTHERS: Final = 16


class Upload(Struct, frozen=True):
    """A file to be put below an environment; those of a lower phase come first."""

    path: str
    data: bytes
    phase: int

    @property
    def immutable(self) -> bool:
        """Whether its name says what it holds; signatures may be added to those there are."""
        return not self.path.endswith(".sig")


def missing(
    build: EnvironmentBuild, published: Published | None, read: Read, *, repair: bool = False
) -> list[Upload]:
    """Return what is to be put before the manifest; nothing that the one in force leads to.

    `read` reads what is published. With `repair` all is put, whatever is there.
    """
    before = None if published is None or repair else published.manifest
    ours = msgspec.json.decode(build.manifest, type=EnvironmentManifest)
    kept = {} if before is None else before.tenants
    same = {name for name, whole in ours.tenants.items() if kept.get(name) == whole}
    known = frozenset[str]().union(
        *(documents_of(read, name, kept[name]) for name in ours.tenants.keys() & kept.keys() - same)
    )
    known |= {path for path in build.files if path.partition("/")[0] in same}
    files = {path: data for path, data in build.files.items() if path not in known}
    own = digest(build.manifest)
    there = published is not None and published.digest == own and not repair
    if not there:
        files[copy_path(own)] = build.manifest
    signature = signature_of(copy_path(own))
    if signature in build.files and published is not None:
        if _has_signed(build.files[signature], published, read):
            if there:
                del files[signature]
        else:
            again = known & {path for path in build.files if path.endswith(".sig")}
            for path in {signature, *again}:
                files[path] = _joined(build.files[path], _listed(read, path))
    return sorted(
        (Upload(path, data, _phase(path)) for path, data in files.items()),
        key=lambda each: (each.phase, each.path),
    )


def _phase(path: str) -> int:
    name = path.rpartition("/")[2]
    if name == path:  # of the environment, not of a tenant
        return _OWN_SIGNATURE if name.endswith(".sig") else _OWN_COPY
    if name.endswith(".sig"):
        return _SIGNATURE
    return _TENANT if name.startswith("manifest-") else _DOCUMENT


def signature_of(path: str) -> str:
    """Return where the signatures of a manifest lie that lies at `path`."""
    return path.removesuffix(".json") + ".sig"


def _has_signed(ours: bytes, published: Published, read: Read) -> bool:
    """Return whether the keys that signed our manifest have signed the one in force."""
    keys = msgspec.json.decode(ours, type=Signatures).signatures
    there = _listed(read, signature_of(copy_path(published.digest)))
    return {each.keyid for each in keys} <= there.keys()


def _listed(read: Read, path: str) -> dict[str, Signature]:
    try:
        found = msgspec.json.decode(read(path), type=Signatures)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {each.keyid: each for each in found.signatures}


def _joined(ours: bytes, there: Mapping[str, Signature]) -> bytes:
    """Return our signatures and those of other keys, which signed the same bytes."""
    mine = msgspec.json.decode(ours, type=Signatures).signatures
    others = [each for key, each in there.items() if key not in {one.keyid for one in mine}]
    return canonical(Signatures((*mine, *others[:_MOST_OTHERS])))


def send(target: Target, environment: str, uploads: Sequence[Upload], retry: Retry) -> list[Upload]:
    """Put files, phase by phase; return the immutable ones that were there before."""
    there: list[Upload] = []
    for phase in _PHASES:
        group = [each for each in uploads if each.phase == phase]
        there += [each for each in _each(target, environment, group, retry) if each is not None]
    return there


def _each(
    target: Target, environment: str, uploads: Sequence[Upload], retry: Retry
) -> list[Upload | None]:
    def put(each: Upload) -> Upload | None:
        path = f"{environment}/{each.path}"
        if not each.immutable:
            retry.call(lambda: target.write(path, each.data))
            return None
        return None if retry.call(lambda: target.create(path, each.data)) else each

    what = f"uploading {environment}"
    if target.streams == 1 or len(uploads) < 2:
        return [put(each) for each in told(what, uploads)]
    with ThreadPoolExecutor(target.streams) as pool:
        started: list[Future[Upload | None]] = [pool.submit(put, each) for each in uploads]
        try:
            return [each.result() for each in told(what, started)]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
