"""Promise: `burgee publish` puts a commit's build where nodes read it, or says why it does not."""

from __future__ import annotations

import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from burgee.load import load_environment, read_folder
from burgee_cli.main import main
from support.command import Ran, run_burgee
from support.flag_repository import FlagRepository, git
from support.servers.s3 import s3_bucket

ON = "default: on\n"


@pytest.fixture
def repository(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(tmp_path / "repo", {"flags/one.yaml": ON, "other/flags/two.yaml": ON})
    made.commit()
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(source: Path, target: Path | str, *more: str | Path, **variables: str) -> Ran:
    return run_burgee("publish", source, target, *more, cwd=source.parent, env=variables)


def call(source: Path, target: Path | str, *more: str | Path) -> Ran:
    """Do the same in this process, which takes a tenth of the time."""
    arguments = ["publish", *map(str, (source, target, *more))]
    written = BytesIO(), BytesIO()
    out, err = (TextIOWrapper(each, "utf-8", write_through=True) for each in written)
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return Ran(arguments, ended.value.code, *(each.getvalue().decode() for each in written))


@pytest.fixture(autouse=True)
def hermetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURGEE_CACHE", str(tmp_path / "cache"))


def value(out: Path, key: str = "one", tenant: str = "acme") -> object:
    snapshot = load_environment(read_folder(out / "production"), "production")
    return snapshot.tenants[tenant].evaluate(key, {"targetingKey": "u"}, 0).value


def test_a_repository_is_built_signed_and_published(
    repository: FlagRepository, out: Path, tmp_path: Path
) -> None:
    run_burgee("keygen", tmp_path / "k", cwd=tmp_path)
    key = tmp_path / "k" / "signing.key"
    done = run(repository.root, out, "--sign", key)
    assert done.returncode == 0, done.shown
    assert "production: version 1-" in done.stdout
    verified = run_burgee("verify", out, "--key", tmp_path / "k" / "signing.pub", cwd=tmp_path)
    assert verified.returncode == 0, verified.shown
    again = run(repository.root, out, "--sign", key)
    assert "staging: version 1-" in again.stdout
    assert again.stdout.count("is published already") == 2
    run_burgee("keygen", tmp_path / "new", cwd=tmp_path)
    both = run(
        repository.root, out, "--sign", key, "--sign", f"production={tmp_path}/new/signing.key"
    )
    assert both.returncode == 0, both.shown
    for pair, environment in (("k", "staging"), ("k", "production"), ("new", "production")):
        public = tmp_path / pair / "signing.pub"
        verified = run_burgee("verify", out, "--key", public, "-e", environment, cwd=tmp_path)
        assert verified.returncode == 0, verified.shown
    assert len(list((out / "production").rglob("*.sig"))) == 3
    repository.commit({"flags/one.yaml": "default: off\n"})
    unsigned = run(repository.root, out)
    assert unsigned.returncode == 1
    assert "refused (unsigned)" in unsigned.stderr
    assert run(repository.root, out, "--allow-unsigned").returncode == 0
    assert value(out) is False


def test_a_build_is_published(repository: FlagRepository, out: Path, tmp_path: Path) -> None:
    repository.publish(tmp_path / "dist")
    done = call(tmp_path / "dist", out, "-e", "production", "--json")
    assert done.returncode == 0, done.shown
    (one,) = done.json()["environments"].values()
    assert one["result"] == "published"
    assert [path.name for path in out.iterdir()] == ["production"]
    assert value(out) is True
    (document,) = (tmp_path / "dist" / "production" / "acme").glob("flags-*")
    document.write_bytes(b"{}")
    damaged = call(tmp_path / "dist", out)
    assert damaged.returncode == 1
    assert "is damaged" in damaged.stderr
    assert "production" in damaged.stderr, "and staging is published all the same"
    assert (out / "staging" / "manifest.json").exists()


def test_a_dry_run_changes_nothing(repository: FlagRepository, out: Path) -> None:
    call(repository.root, out)
    before = {path: path.read_bytes() for path in out.rglob("*.json")}
    commit = repository.commit({"flags/one.yaml": "default: off\n"})
    done = call(repository.root, out, "--dry-run", "--json")
    assert done.returncode == 0, done.shown
    one = done.json()["environments"]["production"]
    assert one["result"] == "would-publish"
    assert one["version"] == f"2-{commit[:7]}"
    assert {path.split("-")[0] for path in one["uploads"]} == {
        *("acme/flags", "acme/manifest", "manifest")
    }
    assert {path: path.read_bytes() for path in out.rglob("*.json")} == before


def test_what_is_of_no_commit_is_refused(
    repository: FlagRepository, out: Path, tmp_path: Path
) -> None:
    repository.write({"flags/one.yaml": "default: off\n"})
    dirty = call(repository.root, out)
    assert dirty.returncode == 1
    assert "refused (dirty)" in dirty.stderr
    assert "--rev HEAD" in dirty.stderr
    assert not list(out.rglob("manifest.json"))
    repository.commit()
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository.root}", str(shallow))
    done = call(shallow, out)
    assert done.returncode == 1
    assert "git fetch --unshallow" in done.stderr
    assert not list(out.rglob("manifest.json"))
    repository.write({"flags/one.yaml": "default: on\n"})
    assert call(repository.root, out, "--rev", "HEAD").returncode == 0
    assert value(out) is False


def test_the_order_never_goes_back(repository: FlagRepository, out: Path, tmp_path: Path) -> None:
    first = git(repository.root, "rev-parse", "HEAD")
    repository.commit({"flags/one.yaml": "default: off\n"})
    call(repository.root, out)
    older = call(repository.root, out, "--rev", first)
    assert older.returncode == 1
    assert older.stderr.count("refused (older)") == 2
    git(repository.root, "checkout", "--quiet", "-b", "aside", first)
    repository.commit()
    repository.commit({"flags/one.yaml": "variants: [x, y]\ndefault: x\n"})
    aside = call(repository.root, out)
    assert aside.returncode == 1
    assert "is no ancestor of 3-" in aside.stderr
    assert value(out) is False
    repository.commit({"burgee.yaml": "environments: [staging, production]\nepoch: 1\n"})
    assert call(repository.root, out).returncode == 0
    assert value(out) == "x"


def test_what_does_not_build_is_held_and_said(repository: FlagRepository, out: Path) -> None:
    first = git(repository.root, "rev-parse", "HEAD")
    call(repository.root, out)
    broken = {"flags/one.yaml": "default: nowhere\n", "other/flags/two.yaml": "default: off\n"}
    repository.commit(broken)
    done = call(repository.root, out)
    assert done.returncode == 1
    assert "B2" in done.stdout or "error[" in done.stdout
    assert f"held: acme/one stays as of {first[:7]}" in done.stderr
    assert (value(out), value(out, "two", "other")) == (True, False)
    again = call(repository.root, out)
    assert again.returncode == 1
    assert "is published already" in again.stdout
    (document,) = (out / "production" / "acme").glob("flags-*")
    kept = document.read_bytes()
    document.write_bytes(b"{}")
    damaged = call(repository.root, out)
    assert damaged.returncode == 1
    assert "--repair" in damaged.stderr
    document.write_bytes(kept)


def test_a_damaged_target_is_repaired(repository: FlagRepository, out: Path) -> None:
    call(repository.root, out)
    (document,) = (out / "production" / "acme").glob("flags-*")
    kept = document.read_bytes()
    document.write_bytes(b"{}")
    (out / "production" / "manifest.json").write_bytes(b"{")
    refused = call(repository.root, out)
    assert refused.returncode == 1
    assert "refused (unreadable)" in refused.stderr
    repaired = call(repository.root, out, "--repair")
    assert repaired.returncode == 0, repaired.shown
    assert document.read_bytes() == kept
    assert value(out) is True


def test_a_store_is_published_to(repository: FlagRepository, tmp_path: Path) -> None:
    with s3_bucket(tmp_path / "s3") as bucket:
        done = run(repository.root, f"{bucket.url}/live", **bucket.environment)
        assert done.returncode == 0, done.shown
        assert value(bucket.folder / "live") is True
        wrong = {**bucket.environment, "AWS_SECRET_ACCESS_KEY": "wrong-secret"}
        denied = run(repository.root, f"{bucket.url}/live", **wrong)
        assert denied.returncode == 1
        assert "AWS_" in denied.stderr
        assert "wrong-secret" not in denied.shown


def test_wrong_usage_is_2(repository: FlagRepository, out: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cases: list[tuple[Path, str | Path, tuple[str, ...], str]] = [
        (tmp_path / "empty", out, (), "neither a flag repository nor a build"),
        (repository.root, "ftp://x/y", (), "nothing is published to ftp://"),
        (repository.root, out, ("-e", "nowhere"), "there is no environment 'nowhere'"),
        (repository.root, out, ("--sign", "nowhere.key"), "nowhere.key"),
        (repository.root, out, ("--rev", "nowhere"), "names no commit"),
    ]
    for source, target, more, told in cases:
        done = call(source, target, *more)
        assert done.returncode == 2, done.shown
        assert told in done.stderr
    shutil.rmtree(repository.root / "acme")
    shutil.rmtree(repository.root / "other")
    nothing = call(repository.root, out)
    assert nothing.returncode == 1
    assert "nothing was published" in nothing.stdout
