"""Promise: from a commit to the tip, each step of a branch is told to the tenants that it concerns,
with what it changed for them and no more."""

from pathlib import Path

import pygit2
import pytest

from burgee_writer.git.message import Message
from burgee_writer.git.ssh_signatures import CommitKey, CommitKeys, new_commit_key
from burgee_writer.webhooks.change import Change, Rewritten
from burgee_writer.webhooks.from_git import GitChanges
from support.flag_repository import FlagRepository, git

ACME = "webhooks: [{url: https://hooks.acme.example/in, secret: acme-hooks}]\n"
GLOBEX = "webhooks: [{url: https://globex.example/in, secret: globex-hooks, entities: [flag]}]\n"
MAIN = "refs/heads/main"


@pytest.fixture
def flags(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(
        tmp_path / "flags",
        {
            "acme/tenant.yaml": ACME,
            "globex/tenant.yaml": GLOBEX,
            "initech/flags/a.yaml": "default: off\n",
            "segments/vip.yaml": "members_file: vip.members.csv\n",
            "segments/vip.members.csv": "u1\n",
            "segments/other.yaml": "members: [u2] # not vip.members.csv\n",
        },
    )
    made.commit({"flags/a.yaml": "default: off\n"})
    return made


def head(flags: FlagRepository) -> str:
    return git(flags.root, "rev-parse", "HEAD")


def since(flags: FlagRepository, commit: str | None, **more: object) -> list[Change]:
    changes = GitChanges(flags.root, MAIN, **more)  # type: ignore[arg-type]
    tip = changes.tip()
    assert tip is not None
    return list(changes.since(commit, tip))


def entities(change: Change) -> list[str]:
    return ["/".join(filter(None, (each.entity, each.key))) for each in change.entities]


def test_a_step_at_a_time_oldest_first(flags: FlagRepository) -> None:
    start = head(flags)
    one = flags.commit({"flags/a.yaml": "default: on\n"})
    two = flags.commit({"flags/checkout/one.yaml": "default: on\n"})
    first, second = since(flags, start)
    assert (first.previous_commit, first.commit) == (start, one)
    assert (second.previous_commit, second.commit) == (one, two)
    assert entities(second) == ["flag/checkout.one"]
    assert second.tenant == "acme"
    assert second.actor == "A"
    assert second.time == int(git(flags.root, "log", "-1", "--format=%ct")) * 1_000_000
    assert [(each.url, each.secret) for each in second.targets] == [
        ("https://hooks.acme.example/in", "acme-hooks")
    ]
    assert since(flags, two) == []


WHAT = {
    "a lock": ("flags/a.lock.yaml", ["flag/a"]),
    "a segment": ("segments/other.yaml", ["segment/other"]),
    "a list of members": ("segments/vip.members.csv", ["segment/vip"]),
    "layers": ("layers.yaml", ["layers"]),
    "attributes": ("acme/attributes.yaml", ["attributes"]),
    "the tenant": ("acme/tenant.yaml", ["tenant"]),
    "nothing that is built": ("acme/README.md", []),
    "another folder": ("docs/flags.md", []),
    "a tenant without webhooks": ("initech/flags/a.yaml", []),
}


@pytest.mark.parametrize("name", WHAT)
def test_what_changed(flags: FlagRepository, name: str) -> None:
    path, expected = WHAT[name]
    start = head(flags)
    flags.commit({path: ACME + "name: Acme\n"})
    assert [each for change in since(flags, start) for each in entities(change)] == expected


def test_a_rename_is_of_both_names(flags: FlagRepository) -> None:
    start = head(flags)
    git(flags.root, "mv", "acme/flags/a.yaml", "acme/flags/b.yaml")
    flags.commit()
    (change,) = since(flags, start)
    assert entities(change) == ["flag/a", "flag/b"]


def test_burgee_yaml_concerns_every_tenant(flags: FlagRepository) -> None:
    start = head(flags)
    flags.commit({"burgee.yaml": "environments: [production]\n"})
    found = since(flags, start)
    assert [(each.tenant, entities(each)) for each in found] == [
        ("acme", ["repository"]),
        ("globex", ["repository"]),
    ]
    assert not found[1].targets[0].hears(found[1])


def test_a_tenant_hears_nothing_of_anothers(flags: FlagRepository) -> None:
    start = head(flags)
    flags.commit({"flags/a.yaml": "default: on\n", "globex/flags/b.yaml": "default: on\n"})
    acme, globex = since(flags, start)
    assert (acme.tenant, entities(acme)) == ("acme", ["flag/a"])
    assert (globex.tenant, entities(globex)) == ("globex", ["flag/b"])
    assert {each.url for each in globex.targets} == {"https://globex.example/in"}


def test_targets_are_those_of_the_commit(flags: FlagRepository) -> None:
    start = head(flags)
    flags.commit({"flags/a.yaml": "default: on\n"})
    flags.commit({"acme/tenant.yaml": ACME.replace("/in", "/out")})
    flags.commit({"acme/tenant.yaml": "webhooks: [nonsense]\n"})
    flags.remove("acme/tenant.yaml")
    flags.commit()
    flags.commit({"flags/a.yaml": "default: off\n"})
    paths = [[each.url[-3:] for each in change.targets] for change in since(flags, start)]
    assert paths == [["/in"], ["out"], ["out"]], "broken: the last that were; then none"


def test_all_of_a_branch_from_its_beginning(flags: FlagRepository) -> None:
    flags.commit({"flags/a.yaml": "default: on\n"})
    first, second = (each for each in since(flags, None) if each.tenant == "acme")
    assert first.previous_commit is None
    assert entities(first)[:3] == ["flag/a", "repository", "segment/other"]
    assert entities(second) == ["flag/a"]


def test_a_branch_that_is_not_there(tmp_path: Path, flags: FlagRepository) -> None:
    assert GitChanges(flags.root, "refs/heads/none").tip() is None
    pygit2.init_repository(str(tmp_path / "empty.git"), bare=True)
    assert GitChanges(tmp_path / "empty.git", MAIN).tip() is None


def test_a_merge_is_one_step(flags: FlagRepository) -> None:
    start = head(flags)
    git(flags.root, "switch", "--quiet", "--create", "work")
    flags.commit({"flags/b.yaml": "default: off\n"})
    flags.commit({"flags/c.yaml": "default: off\n"})
    git(flags.root, "switch", "--quiet", "main")
    merge = ("merge", "--quiet", "--no-ff", "--message", "merged", "work")
    git(flags.root, *merge)
    (change,) = since(flags, start)
    assert (change.commit, change.previous_commit) == (head(flags), start)
    assert entities(change) == ["flag/b", "flag/c"]


def test_what_was_the_tip_may_be_a_second_parent(flags: FlagRepository) -> None:
    """Somebody has committed, pulls what the writer pushed, and pushes: the usual case."""
    start = head(flags)
    git(flags.root, "switch", "--quiet", "--create", "mine")
    flags.commit({"flags/mine.yaml": "default: off\n"})
    git(flags.root, "switch", "--quiet", "main")
    told = flags.commit({"flags/told.yaml": "default: off\n"})
    git(flags.root, "switch", "--quiet", "mine")
    git(flags.root, "merge", "--quiet", "--message", "pulled", "main")
    git(flags.root, "switch", "--quiet", "main")
    git(flags.root, "merge", "--quiet", "--ff-only", "mine")
    after = flags.commit({"flags/a.yaml": "default: on\n"})
    merged, last = since(flags, told)
    assert (merged.previous_commit, entities(merged)) == (told, ["flag/mine"])
    assert (last.commit, entities(last)) == (after, ["flag/a"])
    by_first_parents = since(flags, start)
    assert [entities(each) for each in by_first_parents] == [
        ["flag/mine"],
        ["flag/told"],
        ["flag/a"],
    ]


def test_a_branch_that_was_rewritten(flags: FlagRepository) -> None:
    start = head(flags)
    told = flags.commit({"flags/a.yaml": "default: on\n"})
    git(flags.root, "reset", "--quiet", "--hard", start)
    flags.commit({"flags/b.yaml": "default: on\n"})
    for unknown in (told, "f" * 40, "nonsense"):
        with pytest.raises(Rewritten):
            since(flags, unknown)


def test_a_folder_inside_a_repository(tmp_path: Path) -> None:
    root = tmp_path / "all"
    flags = FlagRepository(root / "deploy" / "flags", {"acme/tenant.yaml": ACME})
    git(root, "init", "--quiet", "--initial-branch=main")
    whole = FlagRepository(root)
    start = whole.commit()
    whole.commit({"acme/flags/not-here.yaml": "default: on\n"})
    flags.write({"flags/a.yaml": "default: on\n"})
    here = whole.commit()
    (change,) = since(whole, start, inside="deploy/flags")
    assert (change.commit, entities(change)) == (here, ["flag/a"])


def test_words_of_a_commit_count_only_where_the_writer_signed(
    tmp_path: Path, flags: FlagRepository
) -> None:
    start = head(flags)
    key = new_commit_key(tmp_path / "key")
    other = new_commit_key(tmp_path / "other")
    said = Message(
        subject="Switch a off", action="flag.state", tenant="acme", reason="incident 7"
    ).text()
    signed(flags, key, said, {"flags/a.yaml": "default: on\n"})
    signed(flags, other, said, {"flags/a.yaml": "default: off\n"})
    both = {"flags/a.yaml": "default: on\n", "globex/flags/b.yaml": "default: on\n"}
    signed(flags, key, said, both)
    found = since(flags, start, keys=CommitKeys([key.public]))
    assert [(each.tenant, each.action, each.reason) for each in found] == [
        ("acme", "flag.state", "incident 7"),
        ("acme", None, None),
        ("acme", None, None),
        ("globex", None, None),
    ]


def signed(flags: FlagRepository, key: CommitKey, message: str, files: dict[str, str]) -> None:
    """Commit as the writer does: the object is made and signed before the branch moves."""
    repository = pygit2.Repository(str(flags.root))
    flags.write(files)
    repository.index.read()
    repository.index.add_all()
    repository.index.write()
    tip = repository.head.target
    who = pygit2.Signature("ann", "ann@acme.example")
    tree = repository.index.write_tree()
    text = repository.create_commit_string(who, who, message, tree, [tip])
    signature = key.sign(str(text).encode())
    made = repository.create_commit_with_signature(str(text), signature)
    repository.references[MAIN].set_target(made)
