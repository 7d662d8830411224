"""Promise: a watching publisher publishes each commit, holds one tenant's mistake and nobody
else's switch, and outlives whatever fails around it."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from burgee.load import load_environment, read_folder
from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.forms import SignedHeartbeat
from burgee_compiler.publish.http import HttpTarget
from support.command import run_burgee
from support.conditional_server import conditional_server
from support.flag_repository import FlagRepository, git
from support.publisher import publisher
from support.targets import loaded
from support.waiting import until

ON, OFF = "default: on\n", "default: off\n"
FILES = {
    "burgee.yaml": "environments: [production]\n",
    "flags/one.yaml": ON,
    "other/flags/switch.yaml": ON,
}


@pytest.fixture
def repository(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(tmp_path / "repo", FILES)
    made.commit()
    return made


def values(out: Path) -> tuple[object, object]:
    """What users of both tenants get."""
    found = load_environment(read_folder(out / "production"), "production").tenants
    one = found["acme"].evaluate("one", {"targetingKey": "u"}, 0)
    switch = found["other"].evaluate("switch", {"targetingKey": "u"}, 0)
    return one.value, switch.value


def test_one_tenants_mistake_holds_up_nobody_elses_kill_switch(
    repository: FlagRepository, tmp_path: Path
) -> None:
    run_burgee("keygen", tmp_path / "k", cwd=tmp_path)
    key, out = tmp_path / "k" / "signing.key", tmp_path / "out"
    first = git(repository.root, "rev-parse", "HEAD")
    arguments: list[str | Path] = [repository.root, out, "--sign", key, "--heartbeat-seconds", "1"]
    with publisher(tmp_path, *arguments, "--interval", "60") as running:
        running.wait_for("published", environment="production")
        assert values(out) == (True, True)
        broken = repository.commit({"flags/one.yaml": "default: nowhere\n"})
        running.wait_for("published", 2)
        repository.commit({"other/flags/switch.yaml": OFF})
        told = running.wait_for("published", 3)
        assert values(out) == (True, False), "and at once, without waiting for the interval"
        assert told["level"] == "warning"
        assert told["held"] == {"acme": ["one"]}
        loud = running.wait_for("what does not build", commit=broken)
        assert loud["level"] == "error"
        assert "acme/flags/one.yaml" in loud["findings"][0]
        figures = running.figures()
        assert figures['held_flags{environment="production"}'] == 1
        assert figures['commits_total{environment="production"}'] == 3
        assert 0 <= figures['age_seconds{environment="production"}'] < 20
        held = load_environment(read_folder(out / "production"), "production")
        assert held.manifests["acme"].held == {"one": first}
        until(lambda: beat_is_of(out, tmp_path / "k" / "signing.pub"), "a heartbeat")
        repository.commit({"flags/one.yaml": OFF})
        running.wait_for("published", 4)
        assert values(out) == (False, False)
        assert running.figures()['held_flags{environment="production"}'] == 0
        (out / "production" / "manifest.json").unlink()
        running.wait_for("published", 5)
        assert values(out) == (False, False), "what somebody removed is put there again"
        assert running.reasons() == set()
        assert running.end() == 0
    done = run_burgee("verify", out, "--key", tmp_path / "k" / "signing.pub", cwd=tmp_path)
    assert done.returncode == 0, done.shown


def beat_is_of(out: Path, public: Path) -> bool:
    """Whether the heartbeat is signed, and of the manifest in force."""
    path = out / "production" / "heartbeat.json"
    if not path.exists():
        return False
    found = msgspec.json.decode(path.read_bytes(), type=SignedHeartbeat)
    key = load_pem_public_key(public.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    (signature,) = found.signatures
    inner = canonical(found.heartbeat)
    key.verify(base64.b64decode(signature.sig), inner)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature.sig), inner + b" ")
    assert found.heartbeat.environment == "production"
    return found.heartbeat.digest == digest((out / "production" / "manifest.json").read_bytes())


def test_no_failure_ends_it(repository: FlagRepository, tmp_path: Path) -> None:
    bare, aside = tmp_path / "remote.git", tmp_path / "aside.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repository.root), str(bare))
    git(repository.root, "remote", "add", "origin", str(bare))
    run_burgee("keygen", tmp_path / "k", cwd=tmp_path)
    key, hidden = tmp_path / "k" / "signing.key", tmp_path / "k" / "hidden"

    def push(files: dict[str, str]) -> None:
        repository.commit(files)
        git(repository.root, "push", "--quiet", "--force", "origin", "main")

    with conditional_server() as server:
        target = HttpTarget(server.url)
        arguments: list[str | Path] = [f"file://{bare}", server.url, "--state-dir", tmp_path / "s"]
        arguments += ["--sign", key, "--interval", "0.1", "--branch", "main"]
        with publisher(tmp_path, *arguments) as running:
            running.wait_for("published")
            bare.rename(aside)
            running.wait_for("file://", reason="repository")
            aside.rename(bare)
            server.before = lambda method, path: 503
            push({"flags/one.yaml": OFF})
            running.wait_for("http://", reason="unavailable")
            key.rename(hidden)
            server.before = lambda method, path: None
            running.wait_for("", reason="key")
            hidden.rename(key)
            running.wait_for("published", 2)
            assert loaded(target).tenants["acme"].evaluate("one", {}, 0).value is False
            push({"burgee.yaml": "environments: nowhere\n", "other/flags/switch.yaml": OFF})
            running.wait_for("nothing builds", reason="no_build")
            push(FILES)
            running.wait_for("published", 3)
            git(repository.root, "reset", "--quiet", "--hard", "HEAD~2")
            push({"flags/one.yaml": "variants: [x, y]\ndefault: x\n"})
            running.wait_for("version 3-", reason="older")
            push({"burgee.yaml": "environments: [production]\nepoch: 1\n"})
            running.wait_for("published", 4)
            assert loaded(target).tenants["acme"].evaluate("one", {}, 0).value == "x"
            figures = running.figures()
            reasons = ("repository", "unavailable", "key", "no_build", "older")
            assert all(figures[f'failures_total{{reason="{each}"}}'] >= 1 for each in reasons)
            assert "bug" not in running.reasons()
            second = run_burgee("publish", "--watch", *arguments, cwd=tmp_path)
            assert second.returncode == 2
            assert "belongs to another publisher" in second.stderr
            assert running.end() == 0
        target.close()


def test_what_can_never_work_is_wrong_usage(tmp_path: Path) -> None:
    cases: list[tuple[list[str | Path], str]] = [
        (["https://git.example/x.git", tmp_path / "o"], "--state-dir"),
        ([tmp_path / "nowhere", tmp_path / "o"], "there is no folder"),
        ([tmp_path, tmp_path / "o", "--rev", "HEAD"], "--watch goes with neither"),
        ([tmp_path, tmp_path / "o", "--metrics-listen", "x:y"], "HOST:PORT"),
    ]
    for arguments, told in cases:
        done = run_burgee("publish", "--watch", *arguments, cwd=tmp_path)
        assert done.returncode == 2, done.shown
        assert told in done.stderr
