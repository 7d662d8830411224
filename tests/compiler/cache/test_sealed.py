"""Promise: a file of the cache that is not whole, ours and this compiler's is as good as none."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burgee_compiler.cache.place import sealing_key
from burgee_compiler.cache.records import Built, Known, KnownTenant
from burgee_compiler.cache.sealed import Sealer
from burgee_compiler.memo import Checked, FileRecord

KEY, COMPILER = b"k" * 32, b"c" * 32
KNOWN = Known(
    ("production",),
    {
        "acme": KnownTenant(
            {"acme/flags/a.yaml": FileRecord(b"s", b"d" * 32, b"b" * 20)},
            {"acme/flags/a.yaml": Checked()},
        )
    },
)


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    made = Sealer(tmp_path / "repo-1", KEY, COMPILER)
    made.write("files", KNOWN)
    return made


def test_what_was_written_is_read(sealer: Sealer) -> None:
    assert sealer.read("files", Known) == KNOWN
    assert sealer.read("other", Known) is None
    assert [each.name for each in sealer.folder.iterdir()] == ["files"]
    assert (sealer.folder / "files").stat().st_mode & 0o777 == 0o600
    assert sealer.folder.stat().st_mode & 0o777 == 0o700


def _rename(sealer: Sealer) -> None:
    (sealer.folder / "files").rename(sealer.folder / "built")
    (sealer.folder / "built").rename(sealer.folder / "files")
    data = (sealer.folder / "files").read_bytes()
    sealer.write("built", KNOWN)
    (sealer.folder / "built").replace(sealer.folder / "files")
    assert len(data) == len((sealer.folder / "files").read_bytes())


def _link(sealer: Sealer) -> None:
    (sealer.folder / "files").rename(sealer.folder / "elsewhere")
    (sealer.folder / "files").symlink_to("elsewhere")


def _pipe(sealer: Sealer) -> None:
    (sealer.folder / "files").unlink()
    os.mkfifo(sealer.folder / "files")


def _folder(sealer: Sealer) -> None:
    (sealer.folder / "files").unlink()
    (sealer.folder / "files").mkdir()


def _put(data: bytes) -> Callable[[Sealer], None]:
    def put(sealer: Sealer) -> None:
        (sealer.folder / "files").write_bytes(data)

    return put


DAMAGE: dict[str, Callable[[Sealer], None]] = {
    "another file of the same cache": _rename,
    "a link": _link,
    "a pipe": _pipe,
    "a folder": _folder,
    "open to others": lambda sealer: (sealer.folder / "files").chmod(0o666),
    "empty": _put(b""),
    "a code and nothing": _put(b"\0" * 32),
    "not sealed": _put(b"\0" * 32 + msgspec.msgpack.encode(KNOWN)),
    "a pickle": _put(pickle.dumps(KNOWN.environments)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_not_as_we_left_it_is_passed_over(
    sealer: Sealer, damage: Callable[[Sealer], None]
) -> None:
    damage(sealer)
    assert sealer.read("files", Known) is None
    if not (sealer.folder / "files").is_dir():
        sealer.write("files", KNOWN)
        assert sealer.read("files", Known) == KNOWN


@given(st.data())
def test_no_byte_can_be_changed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    sealer = Sealer(tmp_path_factory.mktemp("cache") / "repo-1", KEY, COMPILER)
    sealer.write("files", KNOWN)
    path = sealer.folder / "files"
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    path.write_bytes(whole[:at] if cut else whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert sealer.read("files", Known) is None


def test_another_key_compiler_or_repository_reads_nothing(sealer: Sealer) -> None:
    assert Sealer(sealer.folder, b"x" * 32, COMPILER).read("files", Known) is None
    assert Sealer(sealer.folder, KEY, b"x" * 32).read("files", Known) is None
    other = sealer.folder.with_name("repo-2")
    other.mkdir(mode=0o700)
    (sealer.folder / "files").rename(other / "files")
    assert Sealer(other, KEY, COMPILER).read("files", Known) is None


def test_another_kind_is_none(sealer: Sealer) -> None:
    sealer.write("files", ["no", {"known": 1}])
    assert sealer.read("files", Known) is None
    assert sealer.read("files", Built) is None


def test_what_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sealer = Sealer(tmp_path / "file" / "repo-1", KEY, COMPILER)
    sealer.write("files", KNOWN)
    assert sealer.read("files", Known) is None
    sealer = Sealer(tmp_path / "repo-1", KEY, COMPILER)
    sealer.write("files", KNOWN)
    sealer.write("files", ["\ud800"])
    assert sealer.read("files", Known) is None


def test_the_key_is_made_once_and_is_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    key = sealing_key()
    assert key is not None
    assert len(key) == 32
    assert sealing_key() == key
    path = tmp_path / "burgee" / "cache.key"
    assert [each.name for each in path.parent.iterdir()] == ["cache.key"]
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert sealing_key() is None
    path.chmod(0o600)
    path.write_bytes(b"short")
    assert sealing_key() is None
