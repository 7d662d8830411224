"""Promise: a reader of the output sees the old set or the new one, whatever happens in between."""

from __future__ import annotations

import os
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from burgee.load import load_environment, read_folder
from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.write import write_builds
from support.flag_repository import FlagRepository

FLAG = "variants: {{v: {{value: {number}}}}}\ndefault: v\n"


def builds(root: Path, number: int, flags: int = 2) -> list[EnvironmentBuild]:
    """A set whose flags all say one number."""
    files: dict[str, str | bytes] = {
        f"flags/f{n}.yaml": FLAG.format(number=number) for n in range(flags)
    }
    repository = FlagRepository(root, {**files, "other/flags/g.yaml": FLAG.format(number=number)})
    return repository.build().environments


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def numbers(out: Path, environment: str = "production") -> set[object]:
    snapshot = load_environment(read_folder(out / environment), environment)
    return {
        flags.evaluate(key, {}, 0).value
        for flags in snapshot.tenants.values()
        for key in flags.keys()  # noqa: SIM118 - not a mapping
    }


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


def grow_old(out: Path, seconds: float = 7_200) -> None:
    for path in out.rglob("*"):
        os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_what_is_written_is_what_was_built(tmp_path: Path, out: Path) -> None:
    made = builds(tmp_path / "flags", 1)
    write_builds(made, out)
    expected = {
        f"{each.environment}/{path}": data
        for each in made
        for path, data in {**each.files, "manifest.json": each.manifest}.items()
    }
    assert files_of(out) == expected
    assert numbers(out) == {1}


def test_a_reader_never_sees_a_mixture(tmp_path: Path, out: Path) -> None:
    sets = [builds(tmp_path / f"flags{number}", number) for number in (1, 2, 3)]
    write_builds(sets[0], out)
    done = threading.Event()
    seen: list[set[object]] = []
    failed: list[Exception] = []

    def poll() -> None:
        while not done.is_set():
            try:
                seen.append(numbers(out))
            except Exception as error:  # noqa: BLE001 - any failure is the reader's outage
                failed.append(error)

    readers = [threading.Thread(target=poll) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(200):
        write_builds(sets[turn % 3], out)
    done.set()
    for reader in readers:
        reader.join()
    assert not failed
    assert {len(each) for each in seen} == {1}


def test_manifests_come_last(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = Path.replace

    def record(self: Path, target: Path) -> Path:
        order.append(target.relative_to(out).as_posix())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", record)
    write_builds(builds(tmp_path / "flags", 1), out)
    assert order[-2:] == ["staging/manifest.json", "production/manifest.json"]
    assert not any(path.endswith("/manifest.json") for path in order[:-2])
    order.clear()
    write_builds(builds(tmp_path / "flags", 1), out)
    assert order == []  # what is there already is not written again


def test_a_failure_in_the_middle_leaves_the_old_set_and_no_half(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_builds(builds(tmp_path / "flags", 1), out)
    made = builds(tmp_path / "flags", 2)
    writes = sum(len(each.files) for each in made) + len(made)
    for allowed in range(0, 2 * writes, 3):
        with monkeypatch.context() as patch, suppress(OSError):
            patch.setattr(os, "fsync", FullAfter(allowed))
            write_builds(made, out)
        assert numbers(out, "staging") in ({1}, {2})
        assert numbers(out) in ({1}, {2})
        assert not [path for path in files_of(out) if "/." in path]
        write_builds(builds(tmp_path / "flags", 1), out)
    write_builds(made, out)
    assert numbers(out) == {2}


class FullAfter:
    """A disk that takes a number of writes and no more."""

    def __init__(self, writes: int) -> None:
        self.left = writes

    def __call__(self, handle: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("place", ["dist", "dist/production", "dist/staging/acme"])
def test_a_place_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    made = builds(tmp_path / "flags", 1)
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        write_builds(made, tmp_path / "dist")
    assert path.read_text() == "a file"
    assert not list(tmp_path.glob("dist/*/manifest.json"))


def test_files_may_be_read_by_others(tmp_path: Path, out: Path) -> None:
    write_builds(builds(tmp_path / "flags", 1), out)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    assert modes == {0o644}


def test_what_is_named_no_more_goes_an_hour_later(tmp_path: Path, out: Path) -> None:
    write_builds(builds(tmp_path / "flags", 1), out)
    first = set(files_of(out))
    grow_old(out)  # written long ago, and named until now
    write_builds(builds(tmp_path / "flags", 2), out)
    write_builds(builds(tmp_path / "flags", 3), out)
    third = set(files_of(out))
    assert first < third
    grow_old(out, 3_000)
    write_builds(builds(tmp_path / "flags", 3), out)
    assert set(files_of(out)) == third
    grow_old(out, 4_000)
    write_builds(builds(tmp_path / "flags", 3), out)
    fresh = tmp_path / "fresh"
    write_builds(builds(tmp_path / "flags", 3), fresh)
    assert files_of(out) == files_of(fresh)


def test_the_last_set_stays_however_old(tmp_path: Path, out: Path) -> None:
    write_builds(builds(tmp_path / "flags", 1), out)
    grow_old(out)
    old = load_environment(read_folder(out / "production"), "production")
    manifest = (out / "production/manifest.json").read_bytes()
    write_builds(builds(tmp_path / "flags", 2), out)
    (out / "production/manifest.json").write_bytes(manifest)
    again = load_environment(read_folder(out / "production"), "production")
    assert again.digest == old.digest


def test_signatures_go_with_what_they_sign_and_the_rest_is_left_alone(
    tmp_path: Path, out: Path
) -> None:
    write_builds(builds(tmp_path / "flags", 1), out)
    (manifest,) = out.glob("production/acme/manifest-*.json")
    kept = [manifest.with_suffix(".sig"), out / "production/notes.txt", out / "production/acme/x"]
    gone = [
        out / "production/acme/manifest-0123456789abcdef.sig",
        out / "production/acme/.flags-0123456789abcdef.json.k3jd8s",
        out / "production/.manifest.json.k3jd8s",
    ]
    for path in (*kept, *gone):
        path.write_text("x")
    grow_old(out)
    write_builds(builds(tmp_path / "flags", 1), out)
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in gone)


def test_damaged_files_are_written_anew(tmp_path: Path, out: Path) -> None:
    made = builds(tmp_path / "flags", 1)
    write_builds(made, out)
    whole = files_of(out)
    for path in out.rglob("*.json"):
        path.write_bytes(path.read_bytes()[:-1])
    write_builds(made, out)
    assert files_of(out) == whole


def test_a_reader_may_hold_a_file_open(tmp_path: Path, out: Path) -> None:
    write_builds(builds(tmp_path / "flags", 1), out)
    with (out / "production/manifest.json").open("rb") as file:
        write_builds(builds(tmp_path / "flags", 2), out)
        assert b"production" in file.read()
