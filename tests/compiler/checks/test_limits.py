"""Promise: files that are too large, unreadable or links are findings; nothing is read of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burgee_compiler import load
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder
from support.golden import findings
from support.memory_tree import MemoryTree

BURGEE = "environments: [staging]\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in {"burgee.yaml": BURGEE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_yaml_file_of_more_than_a_mebibyte() -> None:
    padding = "# " + "x" * 2**20
    text = findings(
        MemoryTree({"burgee.yaml": BURGEE, "acme/flags/a.yaml": f"default: off\n{padding}"})
    )
    assert text.startswith("error[B104]: the file has 1,048,591 bytes, more than 1 MiB")
    assert "acme/flags/a.yaml" in text
    assert "help: split it, or move members into a members_file" in text


def test_a_member_list_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_MEMBER_BYTES", 10)
    files = {
        "burgee.yaml": BURGEE,
        "acme/segments/s.yaml": "members_file: ids.csv\n",
        "acme/segments/ids.csv": "0123456789\n",
    }
    repository = load_repository(MemoryTree(files))
    assert [each.code for each in repository.found] == ["B104"]
    assert repository.tenants["acme"].segments["s"].segment is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"acme/flags/a.yaml": "default: off\n"})
    (tmp_path / "acme/flags/a.yaml").chmod(0)
    assert findings(Folder(tmp_path)).startswith("error[B129]: the file cannot be read")


class Unreadable(MemoryTree):
    """Refuses every flag, as a disk does that fails."""

    def read(self, path: str) -> bytes:
        if "/flags/" in path:
            raise PermissionError(13, "Permission denied", path)
        return super().read(path)


def test_a_read_that_fails() -> None:
    text = findings(Unreadable({"burgee.yaml": BURGEE, "acme/flags/a.yaml": "default: off\n"}))
    assert text.startswith("error[B129]: the file cannot be read: Permission denied")


@pytest.mark.parametrize(
    "name", ["acme/flags/a.yaml", "acme/layers.yaml", "acme/segments/ids.csv", "acme/deep"]
)
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    """Not for its definition, and not to show its line either: it may lead anywhere."""
    root = tmp_path / "repository"
    write(root, {"acme/tenant.yaml": "{}\n"})
    secret = tmp_path / "secret.yaml"
    secret.write_text("default: s3cret\n", encoding="utf-8")
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(secret)
    text = findings(Folder(root))
    assert text.startswith("error[B122]")
    assert "s3cret" not in text


def test_a_link_for_burgee_yaml(tmp_path: Path) -> None:
    write(tmp_path / "repository", {"acme/flags/a.yaml": "default: off\n"})
    (tmp_path / "repository/burgee.yaml").rename(tmp_path / "elsewhere.yaml")
    (tmp_path / "repository/burgee.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert findings(Folder(tmp_path / "repository")).startswith("error[B122]: burgee.yaml is a")
