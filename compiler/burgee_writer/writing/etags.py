"""ETags of resources: strong, over git's ids of the files that a resource is made of."""

from __future__ import annotations

from hashlib import sha256

from burgee_writer.tips.tip import Tip
from burgee_writer.writing.refusals import WriteRefused
from burgee_writer.writing.request import Entity, Expected

__all__ = ["check_expected", "etag_of"]


def etag_of(tip: Tip, entity: Entity) -> str | None:
    """Return the ETag of a resource, with its quotes; None where there is no such resource."""
    blobs = [tip.files.blob(path) for path in entity.paths]
    if blobs[0] is None:
        return None
    text = "\n".join(each or "" for each in blobs)
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


def check_expected(tip: Tip, entity: Entity | None, expected: Expected) -> bool:
    """Return whether the resource is there; refused where it is not as the caller expects."""
    if entity is None:
        return True
    now = etag_of(tip, entity)
    if expected.none and now is not None:
        raise WriteRefused("precondition_failed", f"{entity.name} is there already.", {"etag": now})
    if expected.tags and (now is None or not {"*", now} & set(expected.tags)):
        raise WriteRefused(
            "precondition_failed",
            f"{entity.name} is not as you have it." if now else f"{entity.name} is not there.",
            {"etag": now, "expected": list(expected.tags), "commit": tip.commit},
        )
    return now is not None
