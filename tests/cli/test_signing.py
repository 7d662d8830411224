"""Promise: a build can be signed, and whoever holds the public key finds every change to it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from support.command import Ran, run_burgee

FLAG = "default: off\n"


def burgee(*arguments: str | Path) -> Ran:
    return run_burgee(*arguments, cwd=Path("/"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / "acme" / "flags").mkdir(parents=True)
    (root / "burgee.yaml").write_text("environments: [staging, production]\n")
    (root / "acme" / "flags" / "one.yaml").write_text(FLAG)
    return root


@pytest.fixture
def built(repository: Path, tmp_path: Path) -> Path:
    assert burgee("keygen", tmp_path / "keys").returncode == 0
    key = tmp_path / "keys" / "signing.key"
    out = tmp_path / "dist"
    done = burgee("build", repository, "--out", out, "-e", "production", "--sign", key)
    assert done.returncode == 0, done.stderr
    return out


def test_signed_build_verifies(built: Path, tmp_path: Path) -> None:
    done = burgee("verify", built, "--key", tmp_path / "keys" / "signing.pub")
    assert done.returncode == 0, done.stderr
    assert "production: version" in done.stdout
    assert "signature and digests hold" in done.stdout


def test_only_the_named_environment_is_written(built: Path) -> None:
    assert [path.name for path in built.iterdir()] == ["production"]


def test_signatures_are_the_same_each_time(built: Path, repository: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    key = tmp_path / "keys" / "signing.key"
    burgee("build", repository, "--out", again, "-e", "production", "--sign", key)
    first = {path.name: path.read_bytes() for path in built.rglob("*.sig")}
    assert first
    assert first == {path.name: path.read_bytes() for path in again.rglob("*.sig")}


@pytest.mark.parametrize("what", ["manifest.json", "acme/flags-*.json", "manifest-*.sig"])
def test_a_changed_byte_is_found(built: Path, tmp_path: Path, what: str) -> None:
    (path,) = (built / "production").glob(what)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = burgee("verify", built, "--key", tmp_path / "keys" / "signing.pub")
    assert done.returncode == 1
    assert done.stderr.startswith("error: production: ")


def test_another_key_does_not_do(built: Path, tmp_path: Path) -> None:
    burgee("keygen", tmp_path / "other")
    done = burgee("verify", built, "--key", tmp_path / "other" / "signing.pub")
    assert done.returncode == 1
    assert "no signature by a key that is trusted" in done.stderr


def test_an_unsigned_build_has_digests_only(repository: Path, tmp_path: Path) -> None:
    burgee("keygen", tmp_path / "keys")
    burgee("build", repository, "--out", tmp_path / "dist")
    assert burgee("verify", tmp_path / "dist").returncode == 0
    done = burgee("verify", tmp_path / "dist", "--key", tmp_path / "keys" / "signing.pub")
    assert done.returncode == 1
    assert ".sig cannot be read" in done.stderr


def test_a_key_is_secret_and_never_overwritten(built: Path, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "signing.key"
    before = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    done = burgee("keygen", tmp_path / "keys")
    assert done.returncode == 1
    assert key.read_bytes() == before


def test_what_is_no_key_is_told(built: Path, repository: Path, tmp_path: Path) -> None:
    public = tmp_path / "keys" / "signing.pub"
    done = burgee("build", repository, "--out", tmp_path / "new", "--sign", public)
    assert done.returncode == 2
    assert "holds no unencrypted private key" in done.stderr
    assert not (tmp_path / "new").exists()
    assert burgee("verify", built, "--key", tmp_path / "keys" / "signing.key").returncode == 2
    assert burgee("verify", tmp_path / "nowhere").returncode == 2
