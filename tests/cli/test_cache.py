"""Promise: commands answer the same from the cache as without; it can be off, moved or removed."""

import os
import shutil
from pathlib import Path

import pytest

from support.command import Ran, git, run_burgee

BANNER = "acme/flags/welcome-banner.yaml"


@pytest.fixture
def caches(tmp_path: Path) -> Path:
    return tmp_path / "caches"


def ran(caches: Path, *arguments: str | Path) -> Ran:
    return run_burgee(*arguments, cwd=caches.parent, env={"BURGEE_CACHE": str(caches)})


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def same(caches: Path, copy: Path) -> None:
    """Check, test and build as the cache has it, and without; all must be the same."""
    out = caches.parent
    for command in ("check", "test"):
        warm = ran(caches, command, copy, "--json")
        cold = ran(caches, command, copy, "--json", "--no-cache")
        assert (warm.stdout, warm.returncode) == (cold.stdout, cold.returncode)
    for name, more in (("warm", ()), ("cold", ("--no-cache",))):
        shutil.rmtree(out / name, ignore_errors=True)
        done = ran(caches, "build", copy, "--out", out / name, "--json", *more)
        (out / f"{name}.json").write_text(done.stdout)
    assert (out / "warm.json").read_text() == (out / "cold.json").read_text()
    assert files(out / "warm") == files(out / "cold")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_edits_are_seen(copy: Path, caches: Path) -> None:
    same(caches, copy)
    edit(copy / BANNER, "default: on", "default: onn")
    same(caches, copy)
    edit(copy / BANNER, "default: onn", "default: on")
    same(caches, copy)
    (copy / "acme" / "flags" / "new.yaml").write_text('default: "off"\n')
    same(caches, copy)
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "third")
    same(caches, copy)
    (copy / "acme" / "flags" / "new.yaml").unlink()
    same(caches, copy)


def test_an_edit_of_the_same_size_and_time_is_seen(copy: Path, caches: Path) -> None:
    same(caches, copy)
    banner = copy / BANNER
    before = banner.stat()
    edit(banner, "default: on", "default: no")
    os.utime(banner, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert banner.stat().st_size == before.st_size
    same(caches, copy)


def test_a_cache_of_something_else_changes_nothing(copy: Path, caches: Path) -> None:
    same(caches, copy)
    for each in caches.rglob("*"):
        if each.is_file():
            each.write_bytes(each.read_bytes()[:-1])
    same(caches, copy)
    shutil.rmtree(caches)
    caches.write_text("no folder")
    same(caches, copy)


def test_off_leaves_nothing(copy: Path, caches: Path) -> None:
    home = caches.parent / "home"
    env = {"BURGEE_CACHE": "off", "XDG_CACHE_HOME": str(home)}
    done = run_burgee("check", copy, cwd=caches.parent, env=env)
    assert done.returncode == 0, done.shown
    assert ran(caches, "check", copy, "--no-cache").returncode == 0
    assert not home.exists()
    assert not caches.exists()


def test_a_home_that_cannot_be_written_is_no_error(copy: Path, caches: Path) -> None:
    (caches.parent / "file").write_text("")
    nowhere = str(caches.parent / "file" / "below")
    env = {"BURGEE_CACHE": nowhere, "XDG_STATE_HOME": nowhere}
    done = run_burgee("check", copy, cwd=caches.parent, env=env)
    assert (done.returncode, done.stderr) == (0, ""), done.shown


def test_a_commit_is_remembered_apart_from_the_work_tree(copy: Path, caches: Path) -> None:
    edit(copy / BANNER, "default: on", "default: onn")
    for _ in range(2):
        assert ran(caches, "check", copy).returncode == 1
        assert ran(caches, "check", copy, "--rev", "HEAD").returncode == 0
    assert len(list((caches / "burgee" / "builds").iterdir())) == 2
