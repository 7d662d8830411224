"""Promise: whoever has the public key and the repository can prove that what is published is what
a commit says, wherever it is published, and is told what is not.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from burgee.load import load_environment, read_folder
from burgee_compiler.build import EnvironmentBuild
from burgee_compiler.write import write_builds
from support.command import Ran, run_burgee
from support.flag_repository import FlagRepository, git
from support.servers.nginx import nginx_server
from support.servers.s3 import s3_bucket

FILES = {
    "burgee.yaml": "environments: [production]\n",
    "flags/one.yaml": "default: off\nrules:\n  - {name: r, when: {segment: s}, serve: on}\n",
    "flags/two.yaml": "default: {split: {on: 1, off: 1}}\n",
    "flags/three.yaml": "requires: [{flag: two, serves: [on]}]\ndefault: on\n",
    "segments/s.yaml": "members_file: s.csv\n",
    "segments/s.csv": "u-1\nu-2\n",
    "other/flags/x.yaml": "default: on\n",
}


def burgee(*arguments: str | Path, env: dict[str, str] | None = None) -> Ran:
    return run_burgee(*arguments, cwd=Path("/"), env=env)


class Place:
    """A repository, keys, and a folder it is published to."""

    def __init__(self, folder: Path) -> None:
        self.repository = FlagRepository(folder / "repo", FILES)
        self.root = self.repository.root
        self.out = folder / "out"
        self.keys = folder / "keys"
        assert burgee("keygen", self.keys).returncode == 0
        self.repository.commit()

    def publish(self, code: int = 0, target: Path | str | None = None) -> None:
        key = self.keys / "signing.key"
        done = burgee("publish", self.root, target or self.out, "--sign", key)
        assert done.returncode == code, done.shown

    def verify(self, *more: str | Path, where: Path | str | None = None) -> Ran:
        key = self.keys / "signing.pub"
        return burgee("verify", where or self.out, "--key", key, "--rebuild", self.root, *more)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.publish()
    return made


def test_the_same_bytes_come_of_the_commit(place: Place) -> None:
    commit = git(place.root, "rev-parse", "HEAD")
    done = place.verify()
    assert done.returncode == 0, done.shown
    assert "signature and digests hold" in done.stdout
    assert f"built again from commit {commit[:7]}: the same bytes" in done.stdout
    # What the work tree and later commits hold is of no importance.
    place.repository.commit({"flags/one.yaml": "default: on\n"})
    place.repository.write({"flags/two.yaml": "default: nope\n"})
    [row] = place.verify("--json").json()
    assert (row["rebuilt"], row["differences"], row["commit"]) == (True, [], commit)


def test_what_is_held_comes_of_its_own_commit(place: Place) -> None:
    """Through two commits in which it does not build, beside what does and changes."""
    place.repository.commit({"flags/two.yaml": "default: nope\n", "segments/s.csv": "u-9\n"})
    place.publish(1)
    place.repository.commit({"other/flags/x.yaml": "default: off\n"})
    place.publish(1)
    held = load_environment(read_folder(place.out / "production"), "production").manifests
    assert sorted(held["acme"].held) == ["three", "two"]
    done = place.verify()
    assert done.returncode == 0, done.shown
    assert "the same bytes" in done.stdout


def test_what_is_of_no_commit_is_found(place: Place) -> None:
    """Somebody with the key publishes what the commit does not say."""
    (made,) = place.repository.build_commit("HEAD").environments
    place.repository.write({"flags/one.yaml": "default: on\n", "flags/more.yaml": "default: on\n"})
    (forged,) = place.repository.build().environments
    ours = msgspec.json.decode(forged.manifest)
    theirs = msgspec.json.decode(made.manifest)
    manifest = msgspec.json.encode({**theirs, "tenants": ours["tenants"]}, order="sorted")
    shutil.rmtree(place.out)
    write_builds(
        [EnvironmentBuild("production", forged.files, manifest, made.version, {})], place.out
    )
    done = burgee("verify", place.out, "--rebuild", place.root)
    assert done.returncode == 1
    assert "it is not what is published" in done.stdout
    assert "acme: flag more is not in the commit" in done.stdout
    assert "acme: flag one is published with another content" in done.stdout
    assert "flag two" not in done.stdout
    assert "other:" not in done.stdout
    assert burgee("verify", place.out).returncode == 0, "the digests alone do not tell"


def test_a_commit_that_is_not_there(place: Place, tmp_path: Path) -> None:
    other = FlagRepository(tmp_path / "another", FILES | {"flags/z.yaml": "default: on\n"})
    other.commit()
    done = burgee("verify", place.out, "--rebuild", other.root)
    assert done.returncode == 1
    assert "names no commit of" in done.stderr
    assert "fetch it" in done.stderr
    shallow = tmp_path / "shallow"
    place.repository.commit({"flags/one.yaml": "default: on\n"})
    place.publish()
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{place.root}", str(shallow))
    done = burgee("verify", place.out, "--rebuild", shallow)
    assert done.returncode == 1
    assert "git fetch --unshallow" in done.stderr
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(place.root), str(bare))
    assert burgee("verify", place.out, "--rebuild", bare).returncode == 0


def test_files_of_no_commit_prove_nothing(place: Place, tmp_path: Path) -> None:
    place.repository.write({"flags/one.yaml": "default: on\n"})
    assert burgee("build", place.root, "--out", tmp_path / "dist").returncode == 0
    done = burgee("verify", tmp_path / "dist", "--rebuild", place.root)
    assert done.returncode == 1
    assert "was built from files that are in no commit" in done.stderr


def test_a_web_server(place: Place, tmp_path: Path) -> None:
    with nginx_server(tmp_path / "nginx", f"location / {{ root {place.out}; }}") as url:
        done = place.verify("-e", "production", where=url)
        assert done.returncode == 0, done.shown
        assert "the same bytes" in done.stdout
        asked = place.verify(where=url)
        assert asked.returncode == 2
        assert "--environment" in asked.stderr
        assert place.verify("-e", "nowhere", where=url).returncode == 1
        (document,) = (place.out / "production" / "acme").glob("flags-*")
        document.write_bytes(document.read_bytes() + b" ")
        damaged = place.verify("-e", "production", where=url)
        assert damaged.returncode == 1
        assert "is damaged" in damaged.stderr
    gone = place.verify("-e", "production", where=url)
    assert gone.returncode == 1
    assert "Traceback" not in gone.stderr


def test_an_object_store(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_bucket(tmp_path) as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        place.publish(target="s3://flags/live")
        done = place.verify(where="s3://flags/live")
        assert done.returncode == 0, done.shown
        assert "production: version 1-" in done.stdout
        assert "the same bytes" in done.stdout


def test_keys_are_rotated_without_a_gap(place: Place, tmp_path: Path) -> None:
    """Old; both while nodes learn the new one; then the new one alone."""
    new = tmp_path / "new"
    assert burgee("keygen", new).returncode == 0
    signers: list[str | Path] = [
        "--sign",
        place.keys / "signing.key",
        "--sign",
        new / "signing.key",
    ]
    place.repository.commit({"flags/one.yaml": "default: on\n"})
    assert burgee("publish", place.root, place.out, *signers).returncode == 0
    for key in (place.keys, new):
        assert burgee("verify", place.out, "--key", key / "signing.pub").returncode == 0
    place.repository.commit({"flags/one.yaml": "default: off\n"})
    assert burgee("publish", place.root, place.out, *signers[2:]).returncode == 0
    assert burgee("verify", place.out, "--key", new / "signing.pub").returncode == 0
    assert burgee("verify", place.out, "--key", place.keys / "signing.pub").returncode == 1
