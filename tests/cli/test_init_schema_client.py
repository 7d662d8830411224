"""Promise: init makes a repository that passes, schema keeps editors current, client lets in."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from burgee_http.clients import parse_clients
from support.command import git, run_burgee

ADD = ("client", "add", "shop", "--clients", "clients.yaml", "--tenant", "acme")


def test_what_init_makes_passes(tmp_path: Path) -> None:
    made = run_burgee("init", "new", "--tenant", "shop", cwd=tmp_path)
    assert made.returncode == 0, made.shown
    folder = tmp_path / "new"
    assert git(folder, "rev-parse", "--show-toplevel") == str(folder.resolve())
    assert run_burgee("check", "new", cwd=tmp_path).returncode == 0
    assert run_burgee("test", "new", cwd=tmp_path).returncode == 0
    assert (folder / "shop" / "flags" / "welcome-banner.yaml").exists()
    assert b"eol=lf" in (folder / ".gitattributes").read_bytes()


def test_what_init_makes_for_tools_is_well_formed(repo: Path) -> None:
    workflow = yaml.safe_load((repo / ".github/workflows/flags.yml").read_text(encoding="utf-8"))
    settings = yaml.safe_load((repo / "burgee.yaml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["build"]["strategy"]["matrix"]
    assert matrix == {"environment": settings["environments"]}
    owners = (repo / ".github/CODEOWNERS").read_text(encoding="utf-8")
    assert all(line.startswith("#") for line in owners.splitlines()), "an example, until taken"
    hooks = yaml.safe_load((repo / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [hook["entry"] for hook in hooks["repos"][0]["hooks"]] == ["burgee check", "burgee test"]
    editor = json.loads((repo / ".vscode/settings.json").read_text(encoding="utf-8"))
    for schema in editor["yaml.schemas"]:
        Draft202012Validator.check_schema(json.loads((repo / schema).read_text(encoding="utf-8")))


def test_init_inside_a_repository_makes_no_second_one(copy: Path) -> None:
    done = run_burgee("init", "inner", cwd=copy)
    assert done.returncode == 0, done.shown
    assert not (copy / "inner" / ".git").exists()
    assert "it lies in a git repository, which reads .github" in done.stdout


def test_init_takes_an_empty_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert run_burgee("init", ".", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("init", "used"), "not empty: it holds notes.txt"),
        (("init", "used/notes.txt"), "is a file"),
        (("init", "new", "--tenant", "a b"), "no name of a tenant"),
    ],
)
def test_init_leaves_others_alone(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine", encoding="utf-8")
    done = run_burgee(*arguments, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True), done.shown
    assert [path.name for path in tmp_path.rglob("*")] == ["used", "notes.txt"]


def test_schema_writes_prints_and_compares(tmp_path: Path) -> None:
    assert "environment-manifest" in run_burgee("schema", cwd=tmp_path).stdout.split()
    missing = run_burgee("schema", "--check", cwd=tmp_path)
    assert missing.returncode == 1
    assert "burgee schema --out schemas" in missing.stderr
    assert run_burgee("schema", "--out", "schemas", cwd=tmp_path).returncode == 0
    assert run_burgee("schema", "--check", cwd=tmp_path).returncode == 0
    written = (tmp_path / "schemas" / "flag.schema.json").read_text(encoding="utf-8")
    assert run_burgee("schema", "flag", cwd=tmp_path).stdout == written
    (tmp_path / "schemas" / "lock.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "schemas" / "old.schema.json").write_text("{}", encoding="utf-8")
    stale = run_burgee("schema", "--check", "schemas", cwd=tmp_path)
    assert stale.returncode == 1
    assert [Path(line.split()[0]).name for line in stale.stdout.splitlines()] == [
        "lock.schema.json",
        "old.schema.json",
    ]
    assert run_burgee("schema", "flag", "--out", "x", cwd=tmp_path).returncode == 2


def test_a_client_is_added_and_its_key_shown_once(tmp_path: Path) -> None:
    done = run_burgee(*ADD, "--scope", "evaluate", cwd=tmp_path)
    assert done.returncode == 0, done.shown
    secret = done.stdout.strip()
    file = tmp_path / "clients.yaml"
    assert secret not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    (digest, principal), *others = parse_clients(file.read_bytes()).principals.items()
    assert not others
    assert digest == hashlib.sha256(secret.encode()).digest()
    assert (principal.subject, principal.tenants) == ("shop", frozenset({"acme"}))


def test_a_name_in_use_is_refused(tmp_path: Path) -> None:
    assert run_burgee(*ADD, "--scope", "evaluate", cwd=tmp_path).returncode == 0
    before = (tmp_path / "clients.yaml").read_bytes()
    again = run_burgee(*ADD, "--scope", "evaluate", cwd=tmp_path)
    assert again.returncode == 1
    assert "--another-key" in again.stderr
    assert (tmp_path / "clients.yaml").read_bytes() == before
    more = run_burgee(*ADD, "--scope", "flags:r", "--another-key", "--json", cwd=tmp_path).json()
    assert more["scopes"] == ["flags:r"]
    assert len(parse_clients((tmp_path / "clients.yaml").read_bytes()).principals) == 2


@pytest.mark.parametrize("scope", ["evaluate", "flags:r", "flags:rw", "admin"])
def test_each_scope(tmp_path: Path, scope: str) -> None:
    assert run_burgee(*ADD, "--scope", scope, cwd=tmp_path).returncode == 0
    [principal] = parse_clients((tmp_path / "clients.yaml").read_bytes()).principals.values()
    assert scope in principal.scopes


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "--scope"),
        (("--scope", "flags:r", "--browser"), 2, "its only scope is evaluate"),
        (("--scope", "write"), 2, "flags:rw"),
        (("--scope", "evaluate", "--rate", "0"), 2, "above 0"),
        (("--scope", "evaluate", "--tenant", "a b"), 2, "no name of a tenant"),
        (("--scope", "evaluate", "--clients", "no/where.yaml"), 2, "cannot be changed"),
        (("--scope", "evaluate", "--clients", "bad.yaml"), 1, "bad.yaml: "),
    ],
)
def test_a_client_that_cannot_be_added(
    tmp_path: Path, options: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "bad.yaml").write_text("clients: 5", encoding="utf-8")
    done = run_burgee(*ADD, *options, cwd=tmp_path)
    assert done.returncode == code, done.shown
    assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]
