"""A flag repository on disk, and in git where a test wants it there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from burgee.evaluation import TenantFlags
from burgee.load import load_environment, read_folder
from burgee_compiler.build import Build, build
from burgee_compiler.facts import CommitFacts, commit_facts, folder_facts
from burgee_compiler.hold import read_last_good
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder, open_commit
from burgee_compiler.write import write_builds

__all__ = ["FlagRepository", "codes", "git", "manifests", "served"]

BURGEE = "environments: [staging, production]\n"


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """Run git in a folder, apart from any configuration of this machine; return what it prints."""
    settings = ("user.name=A", "user.email=a@example.com", "commit.gpgsign=false", "gc.auto=0")
    done = subprocess.run(
        ["git", *(part for each in settings for part in ("-c", each)), *arguments],
        cwd=folder,
        env={
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


class FlagRepository:
    """Files below a folder; paths that begin with `flags/` and so on are of the tenant acme."""

    def __init__(self, root: Path, files: Mapping[str, str | bytes] | None = None) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.write({"burgee.yaml": BURGEE, **(files or {})})

    def path(self, name: str) -> Path:
        """Return where a file lies."""
        ours = name.startswith(("flags/", "segments/")) or name == "layers.yaml"
        return self.root / "acme" / name if ours else self.root / name

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, and the folders they need."""
        for name, text in files.items():
            path = self.path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def remove(self, name: str) -> None:
        """Remove a file or a folder with all that is in it."""
        path = self.path(name)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def commit(self, files: Mapping[str, str | bytes] | None = None) -> str:
        """Write files and commit all that has changed; return the commit."""
        self.write(files or {})
        if not (self.root / ".git").exists():
            git(self.root, "init", "--quiet", "--initial-branch=main")
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", "change")
        return git(self.root, "rev-parse", "HEAD")

    def facts(self) -> CommitFacts | None:
        """Return what git says of the work tree."""
        return folder_facts(self.root, Folder(self.root))

    def build(self, last_good: Path | None = None) -> Build:
        """Build the work tree; with `last_good`, an earlier output, what does not build is held."""
        repository = load_repository(Folder(self.root))
        if last_good is None:
            return build(repository, self.facts())
        return build(
            repository,
            self.facts(),
            lambda name: read_last_good(read_folder(last_good / name), name),
        )

    def build_commit(self, revision: str) -> Build:
        """Build a commit without its work tree."""
        tree, commit = open_commit(self.root, revision)
        return build(load_repository(tree), commit_facts(commit, self.root))

    def publish(self, out: Path, *, held: bool = False) -> Build:
        """Build and write to `out`, holding what does not build at what is there."""
        made = self.build(out if held else None)
        assert made.environments, made.found
        write_builds(made.environments, out)
        return made


def codes(made: Build) -> list[str]:
    """Return the codes of a build's errors, sorted."""
    return sorted(each.code for each in made.found if each.severity == "error")


def manifests(made: Build) -> dict[str, dict[str, str]]:
    """Return the digest of each tenant's manifest, by environment."""
    assert made.environments, made.found
    found: dict[str, dict[str, str]] = {}
    for each in made.environments:
        snapshot = load_environment(_reader(each.manifest, each.files), each.environment)
        found[each.environment] = snapshot.manifest.tenants
    return found


def served(made: Build, environment: str = "production", tenant: str = "acme") -> TenantFlags:
    """Return the flags that a node would serve from a build."""
    (one,) = (each for each in made.environments if each.environment == environment)
    return load_environment(_reader(one.manifest, one.files), environment).tenants[tenant]


def _reader(manifest: bytes, files: Mapping[str, bytes]) -> Callable[[str], bytes]:
    return {**files, "manifest.json": manifest}.__getitem__
