"""Promise: a build is a pure function: one tree gives the same bytes wherever and by whomever."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burgee.evaluation import TenantFlags
from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.forms import EnvironmentManifest, TenantManifest
from burgee_compiler.build import build, compiler_name
from burgee_compiler.facts import commit_facts
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Entry, Folder, Tree, open_commit
from support.flag_repository import FlagRepository, codes, git, manifests, served
from support.other_python import other_python, run_other
from support.process import ROOT, run_python
from support.rounds import rounds

DIGESTS = """
import json, sys
from pathlib import Path
from burgee_compiler.build import build
from burgee_compiler.facts import folder_facts
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder
root = Path(sys.argv[1])
made = build(load_repository(Folder(root)), folder_facts(root, Folder(root)))
print(json.dumps({each.environment: each.digest for each in made.environments}))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> FlagRepository:
    """The example flags in a git repository of their own."""
    root = tmp_path_factory.mktemp("shop") / "flags"
    shutil.copytree(ROOT / "flags-repo", root)
    repository = FlagRepository(root, {"burgee.yaml": (root / "burgee.yaml").read_bytes()})
    repository.commit()
    repository.commit({"README.md": "a second commit\n"})
    return repository


@pytest.fixture(scope="module")
def expected(shop: FlagRepository) -> dict[str, str]:
    made = {each.environment: each.digest for each in shop.build().environments}
    assert list(made) == ["development", "staging", "production"]
    return made


def clone(repository: FlagRepository, place: Path, *options: str) -> FlagRepository:
    git(repository.root, *options, "clone", "--quiet", ".", str(place))
    return FlagRepository(place, {"burgee.yaml": (place / "burgee.yaml").read_bytes()})


def digests(repository: FlagRepository) -> dict[str, str]:
    return {each.environment: each.digest for each in repository.build().environments}


# --- the same everywhere -------------------------------------------------------------------------


def test_clones_at_other_paths(
    shop: FlagRepository, expected: dict[str, str], tmp_path: Path
) -> None:
    for place in ("a", "b/with a blank/c"):
        assert digests(clone(shop, tmp_path / place)) == expected


def test_a_clone_with_windows_line_ends(
    shop: FlagRepository, expected: dict[str, str], tmp_path: Path
) -> None:
    other = clone(shop, tmp_path / "crlf", "-c", "core.autocrlf=true")
    assert b"\r\n" in (other.root / "burgee.yaml").read_bytes()
    assert digests(other) == expected


def test_inside_a_larger_repository_only_the_commit_differs(
    shop: FlagRepository, tmp_path: Path
) -> None:
    shutil.copytree(shop.root, tmp_path / "deploy/flags", ignore=shutil.ignore_patterns(".git"))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    inner = FlagRepository(
        tmp_path / "deploy/flags", {"burgee.yaml": (shop.root / "burgee.yaml").read_bytes()}
    )
    assert manifests(inner.build()) == manifests(shop.build())
    assert digests(inner) != digests(shop)


def test_a_commit_builds_as_its_clean_work_tree(
    shop: FlagRepository, expected: dict[str, str]
) -> None:
    for revision in ("HEAD", "main"):
        made = shop.build_commit(revision)
        assert {each.environment: each.digest for each in made.environments} == expected


class Shuffled:
    """A tree that lists its entries in any order."""

    def __init__(self, tree: Tree, seed: int) -> None:
        self._tree = tree
        self._random = random.Random(seed)

    def entries(self) -> list[Entry]:
        found = self._tree.entries()
        self._random.shuffle(found)
        return found

    def read(self, path: str) -> bytes:
        return self._tree.read(path)


def test_the_order_of_directories(
    shop: FlagRepository, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    class Reversed:
        def __init__(self, path: Path) -> None:
            with scandir(path) as scan:
                self._entries = sorted(scan, key=lambda each: each.name, reverse=True)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self._entries)

        def __exit__(self, *exc: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Reversed)
    assert digests(shop) == expected
    for seed in range(3):
        made = build(load_repository(Shuffled(Folder(shop.root), seed)), shop.facts())
        assert {each.environment: each.digest for each in made.environments} == expected


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_hash_seeds(
    shop: FlagRepository, expected: dict[str, str], seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    done = run_python("-c", DIGESTS, str(shop.root))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected


def test_another_version_of_python(
    shop: FlagRepository, expected: dict[str, str], tmp_path: Path
) -> None:
    python = other_python()
    version = run_other(python, tmp_path, "-c", "import sys; print(*sys.version_info[:2])").split()
    assert tuple(map(int, version)) != sys.version_info[:2]
    assert json.loads(run_other(python, tmp_path, "-c", DIGESTS, str(shop.root))) == expected


def test_no_clock_and_no_network(
    shop: FlagRepository, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("a build asked for something beside the tree")

    facts = shop.facts()
    for module, name in ((time, "time"), (time, "time_ns"), (socket, "socket"), (os, "urandom")):
        monkeypatch.setattr(module, name, refuse)
    made = build(load_repository(Folder(shop.root)), facts)
    assert {each.environment: each.digest for each in made.environments} == expected


# --- what changes, and what does not -------------------------------------------------------------

FLAGS = {
    "flags/a.yaml": "default: on\n",
    "flags/b.yaml": "default: {split: {on: 50, off: 50}}\n",
    "other/flags/c.yaml": "default: on\n",
}


@pytest.fixture
def small(tmp_path: Path) -> FlagRepository:
    repository = FlagRepository(tmp_path / "flags", FLAGS)
    repository.commit()
    return repository


def test_a_commit_to_one_tenant_costs_the_others_nothing(small: FlagRepository) -> None:
    before = manifests(small.build())["production"]
    small.commit({"flags/a.yaml": "default: off\n"})
    after = manifests(small.build())["production"]
    assert before["acme"] != after["acme"]
    assert before["other"] == after["other"]


def test_a_text_edit_without_meaning_changes_no_tenant(small: FlagRepository) -> None:
    before = small.build()
    small.commit({"flags/a.yaml": "# said again\ndefault: 'on'\n", "README.md": "x\n"})
    after = small.build()
    assert manifests(after) == manifests(before)
    assert [each.digest for each in after.environments] != [
        each.digest for each in before.environments
    ]


def test_a_revert_gives_the_tenants_back(small: FlagRepository) -> None:
    before = manifests(small.build())
    small.commit({"flags/a.yaml": "default: off\n"})
    assert manifests(small.build()) != before
    small.commit({"flags/a.yaml": FLAGS["flags/a.yaml"]})
    assert manifests(small.build()) == before


def test_an_environment_s_overlay_changes_that_environment(small: FlagRepository) -> None:
    before = manifests(small.build())
    small.commit({"flags/a.yaml": "default: on\nenvironments: {staging: {default: off}}\n"})
    after = manifests(small.build())
    assert before["production"] == after["production"]
    assert before["staging"] != after["staging"]


# --- the manifest --------------------------------------------------------------------------------


def production(repository: FlagRepository) -> EnvironmentManifest:
    (made,) = (each for each in repository.build().environments if each.environment == "production")
    manifest = msgspec.json.decode(made.manifest, type=EnvironmentManifest)
    assert made.manifest == canonical(manifest)
    assert made.digest == digest(made.manifest)
    return manifest


def test_the_manifest_of_a_commit(small: FlagRepository) -> None:
    commit = small.commit({"burgee.yaml": "environments: [production]\nepoch: 7\n"})
    manifest = production(small)
    facts = commit_facts(open_commit(small.root, "HEAD")[1], small.root)
    assert facts is not None
    assert manifest.version == f"2-{commit[:7]}"
    assert (manifest.epoch, manifest.sequence, manifest.commit) == (7, 2, commit)
    assert manifest.committed_at == facts.committed_at
    assert (manifest.compiler, manifest.environment) == (compiler_name(), "production")
    assert list(manifest.tenants) == ["acme", "other"]


def test_the_manifest_of_no_commit(small: FlagRepository) -> None:
    small.write({"flags/a.yaml": "default: off\n"})
    manifest = production(small)
    assert manifest.version == f"0-{digest(canonical(manifest.tenants))[:8]}"
    assert (manifest.sequence, manifest.commit, manifest.committed_at) == (0, None, None)


def test_manifests_name_their_documents_by_digest_and_size(small: FlagRepository) -> None:
    for made in small.build().environments:
        named = msgspec.json.decode(made.manifest, type=EnvironmentManifest).tenants
        for tenant, whole in named.items():
            data = made.files[f"{tenant}/manifest-{whole[:16]}.json"]
            assert digest(data) == whole
            manifest = msgspec.json.decode(data, type=TenantManifest)
            assert (manifest.environment, manifest.tenant) == (made.environment, tenant)
            for kind, ref in [("flags", manifest.flags[0]), ("segments", manifest.segments)]:
                document = made.files[f"{tenant}/{kind}-{ref.digest[:16]}.json"]
                assert (digest(document), len(document)) == (ref.digest, ref.bytes)


# --- what stops a build --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected_codes"),
    [
        ({"flags/a.yaml": "default: [\n"}, ["B106"]),
        ({"flags/a.yaml": "default: on\ntests: [{expect: {variant: off}}]\n"}, ["B601"]),
        ({"burgee.yaml": "environments: [\n"}, ["B106"]),
        ({"flags/a.yaml": "default: none\n", "flags/b.yaml": "defualt: on\n"}, ["B201", "B303"]),
    ],
)
def test_an_error_leaves_no_documents(
    small: FlagRepository, files: Mapping[str, str], expected_codes: list[str]
) -> None:
    small.write(files)
    made = small.build()
    assert made.environments == []
    assert codes(made) == expected_codes


def test_warnings_do_not(small: FlagRepository) -> None:
    small.write({"acme/notes.txt": "x\n"})
    made = small.build()
    assert [each.code for each in made.found] == ["B120"]
    assert made.environments


def test_a_warning_that_burgee_yaml_raises_does(small: FlagRepository) -> None:
    small.write({"acme/notes.txt": "x\n"})
    small.write({"burgee.yaml": "environments: [production]\nlevels: {B120: error}\n"})
    assert small.build().environments == []


def test_a_failing_test_is_found_once_with_all_its_environments(small: FlagRepository) -> None:
    text = "default: on\ntests: [{it: x, expect: {variant: off}}, {expect: {variant: on}}]\n"
    small.write({"flags/a.yaml": text})
    made = small.build()
    (found,) = made.found
    assert found.message.startswith('test "x" fails in staging')
    assert found.notes == ("also in production",)
    assert sorted((each.environment, each.found is None) for each in made.tests) == [
        ("production", False),
        ("production", True),
        ("staging", False),
        ("staging", True),
    ]


# --- scale ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_thousands_of_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = rounds(3_000, 10_000)
    files = {f"flags/team{n % 100}/f{n}.yaml": big_flag(n) for n in range(count)}
    segments = {
        f"segments/s{n}.yaml": f"when: {{attribute: plan, in: [p{n}, p{n + 1}]}}\n"
        for n in range(100)
    }
    root = {"burgee.yaml": "environments: [production]\n"}
    repository = FlagRepository(tmp_path / "flags", {**files, **segments, **root})
    started = time.perf_counter()
    loaded = load_repository(Folder(repository.root))
    read = time.perf_counter()
    made = build(loaded, None)
    ended = time.perf_counter()
    with capsys.disabled():
        took = f"read in {read - started:.1f} s, built in {ended - read:.1f} s"
        sys.stdout.write(f" {count:,} flags {took}\n")
    assert not made.found
    (production,) = made.environments
    assert len([path for path in production.files if "/flags-" in path]) == rounds(4, 16)
    flags: TenantFlags = served(made)
    assert len(flags) == count
    assert flags.evaluate("team7.f7", {"targetingKey": "u", "plan": "p7"}, 0).variant == "on"
    repository.write({"flags/team7/f7.yaml": "default: on\n"})
    (after,) = build(load_repository(Folder(repository.root)), None).environments
    changed = sorted(path.split("-")[0] for path in after.files.keys() - production.files.keys())
    assert changed == ["acme/flags", "acme/manifest"]


def big_flag(number: int) -> str:
    return (
        f"name: Flag {number}\nowner: team-{number % 100}\ntags: [a, b]\n"
        "rules:\n"
        f"  - {{name: segment, when: {{segment: s{number % 100}}}, serve: on}}\n"
        "  - name: ramp\n"
        f"    when: {{attribute: app.version, semver_gte: 3.{number % 20}.0}}\n"
        f"    percentage: {number % 99 + 1}\n"
        "    serve: {split: {on: 50, off: 50}}\n"
        "default: off\n"
        f"tests: [{{context: {{plan: p{number % 100}}}, expect: {{rule: segment}}}}]\n"
    )
