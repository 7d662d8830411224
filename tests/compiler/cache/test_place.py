"""Promise: old and large caches go by themselves, and nothing goes that is not ours."""

import os
import time
from pathlib import Path

import pytest

from burgee_compiler.cache import place
from burgee_compiler.cache.place import cache_folder, is_off, prune, repository_folder

DAY = 86_400


def cache(folder: Path, root: str, days: float, size: int = 10) -> Path:
    made = repository_folder(folder, Path(root), "folder")
    made.mkdir(parents=True)
    for name in ("files", "built-0123456789abcdef", ".files.0123456789abcdef"):
        (made / name).write_bytes(b"x" * size)
        at = time.time() - days * DAY
        os.utime(made / name, (at, at))
    return made


def test_what_is_old_goes(tmp_path: Path) -> None:
    old, young, ours = (cache(tmp_path, f"/{days}", days) for days in (31, 29, 40))
    prune(tmp_path, ours)
    assert (old.exists(), young.exists(), ours.exists()) == (False, True, True)


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, ours = (cache(tmp_path, f"/{days}", days) for days in (3, 2, 1))
    monkeypatch.setattr(place, "_MOST_BYTES", 60)
    prune(tmp_path, ours)
    assert (first.exists(), second.exists(), ours.exists()) == (False, True, True)


def test_nothing_else_is_touched(tmp_path: Path) -> None:
    ours, mixed = cache(tmp_path, "/now", 0), cache(tmp_path, "/old", 99)
    (mixed / "notes.txt").write_text("mine")
    other = tmp_path / "photos"
    other.mkdir()
    (other / "files").write_text("mine")
    linked = tmp_path / "link-0123456789abcdef"
    linked.symlink_to(other)
    for each in (other / "files", mixed / "notes.txt"):
        os.utime(each, (0, 0))
    prune(tmp_path, ours)
    assert (other / "files").exists()
    assert linked.is_symlink()
    assert [each.name for each in mixed.iterdir()] == ["notes.txt"]
    prune(tmp_path / "nowhere", ours)


def test_each_tree_has_its_own_folder(tmp_path: Path) -> None:
    folders = {
        repository_folder(tmp_path, tmp_path / root, kind)
        for root in ("a", "b", "c/a")
        for kind in ("folder", "commit")
    }
    assert len(folders) == 6


@pytest.mark.parametrize(
    ("text", "off", "below"),
    [
        ("", False, None),
        ("off", True, None),
        ("OFF", True, None),
        ("0", True, None),
        ("on", False, None),
        ("1", False, None),
        ("/var/tmp/x", False, Path("/var/tmp/x/burgee/builds")),
    ],
)
def test_the_variable(
    text: str, off: bool, below: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURGEE_CACHE", text)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert is_off() == off
    if not off:
        assert cache_folder() == (below or tmp_path / "burgee" / "builds")
