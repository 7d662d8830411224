"""Promise: nothing takes the place of what is published unless it is newer and descends from it."""

from __future__ import annotations

import msgspec
import pytest

from burgee.snapshot.forms import EnvironmentManifest
from burgee_compiler.publish.order import judge
from burgee_compiler.publish.published import Published

C = {name: name * 40 for name in "abcdef"}


def manifest(sequence: int, commit: str | None, **more: object) -> EnvironmentManifest:
    made = EnvironmentManifest(
        compiler="burgee 0.9.0",
        environment="production",
        epoch=0,
        sequence=sequence,
        version=f"{sequence}-abc",
        tenants={},
        commit=commit,
    )
    return msgspec.structs.replace(made, **more)


def there(found: EnvironmentManifest | None, digest: str = "1" * 64) -> Published:
    return Published("tag", digest, found, "" if found else "it is not well formed")


PUBLISHED = there(manifest(5, C["a"]))


@pytest.mark.parametrize(
    ("ours", "published", "expected"),
    [
        (manifest(1, C["b"]), None, "new"),
        (manifest(0, None), None, "dirty"),
        (manifest(0, None), PUBLISHED, "dirty"),
        (manifest(6, C["b"]), PUBLISHED, "new"),
        (manifest(4, C["b"]), PUBLISHED, "older"),
        (manifest(6, C["f"]), PUBLISHED, "diverged"),
        (manifest(5, C["f"]), PUBLISHED, "diverged"),
        (manifest(5, C["a"]), PUBLISHED, "conflict"),
        (manifest(5, C["a"], compiler="burgee 0.10.0"), PUBLISHED, "new"),
        (manifest(5, C["a"], compiler="burgee 0.8.9"), PUBLISHED, "conflict"),
        (manifest(5, C["a"], compiler="what"), PUBLISHED, "conflict"),
        (manifest(5, C["a"]), there(manifest(5, C["a"]), "2" * 64), "same"),
        (manifest(1, C["f"], epoch=1), PUBLISHED, "new"),
        (manifest(9, C["b"]), there(manifest(5, C["a"], epoch=1)), "older"),
        (manifest(6, C["b"]), there(None), "unreadable"),
    ],
)
def test_verdict(ours: EnvironmentManifest, published: Published | None, expected: str) -> None:
    verdict = judge(ours, "2" * 64, published, lambda there, here: here != C["f"])
    assert (verdict.reason or verdict.kind) == expected
    assert (verdict.kind == "refused") == bool(verdict.message and verdict.help)


def test_without_a_repository_order_alone_decides() -> None:
    assert judge(manifest(6, C["f"]), "2" * 64, PUBLISHED, None).kind == "new"


def test_what_cannot_be_read_is_repaired_where_that_is_asked() -> None:
    assert judge(manifest(6, C["b"]), "2" * 64, there(None), None, repair=True).kind == "new"
    assert judge(manifest(4, C["b"]), "2" * 64, PUBLISHED, None, repair=True).reason == "older"
