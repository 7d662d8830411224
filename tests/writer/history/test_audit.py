"""Promise: the audit tells each change once: by whom, when, live since when, and what it did.

A tenant sees its own resources and what is shared, and the words of commits that are its own alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burgee.instants import parse_instant
from burgee_writer.git.message import Message
from burgee_writer.history.audit import AuditEntry, AuditPage, AuditQuery
from burgee_writer.history.cursor import BadCursor, Position, digest_of, write_cursor
from burgee_writer.history.index import HistoryIndex
from support.flag_repository import git
from support.signed_repository import SignedRepository

ON, OFF = "default: on\n", "state: off\ndefault: on\n"
SPLIT = "variants: [a, b, c]\nrules: []\ndefault: {split: {a: %d, b: %d}}\n"


@pytest.fixture
def repo(tmp_path: Path) -> SignedRepository:
    return SignedRepository(tmp_path / "repo")


def entries(repo: SignedRepository, tenant: str = "acme", **asked: Any) -> list[AuditEntry]:
    index = HistoryIndex(repo.root, "", repo.keys, None)
    index.advance(git(repo.root, "rev-parse", "HEAD"))
    page = index.page(AuditQuery(tenant=tenant, limit=200, **asked))
    assert isinstance(page, AuditPage)
    assert page.cursor is None
    msgspec.json.encode(page)
    return list(page.entries)


def said(entry: AuditEntry) -> list[str]:
    return [each.text for each in entry.changes]


def flags(repo: SignedRepository, **asked: Any) -> list[AuditEntry]:
    return entries(repo, entity="flag", **asked)


def test_a_write_through_the_api_is_told_with_all_its_facts(repo: SignedRepository) -> None:
    first = repo.commit_on("2026-01-01", "first", {"flags/a.yaml": ON})
    wrote = Message(
        subject="Switch a off",
        action="flag.state",
        tenant="acme",
        entities=("flag/a",),
        environments=("production",),
        request_id="r-1",
        reason="checkout is down",
        key="ab" * 32,
        payload="cd" * 32,
    )
    made = repo.sign_on("2026-01-02", wrote, {"flags/a.yaml": OFF}, author="ann")
    entry = flags(repo)[0]
    assert (entry.commit, entry.parent, entry.source) == (made, first, "api")
    assert (entry.action, entry.reason, entry.request_id) == (
        *("flag.state", "checkout is down", "r-1"),
    )
    assert entry.environments == ("production",)
    assert (entry.author.name, entry.author.email) == ("ann", "a@example.com")
    assert entry.time == entry.live_at == "2026-01-02T12:00:00Z"
    assert entry.live_commit == made
    assert (entry.subject, entry.body, entry.claimed) == ("Switch a off", None, None)
    assert entry.before == {"default": "on"}
    assert entry.after == {"state": "off", "default": "on"}
    assert said(entry) == ["state on → off"]
    assert entry.changes[0].kind == "kill"


def test_a_merge_gives_each_change_once_and_says_since_when_it_is_live(
    repo: SignedRepository,
) -> None:
    repo.commit_on("2026-01-01", "first", {"flags/a.yaml": ON})
    git(repo.root, "switch", "--quiet", "--create", "work")
    for number in range(10):
        text = "a change\n\nWhy.\n\nCo-authored-by: Cy <cy@acme.example>\napproved-BY: Di"
        repo.commit_on(f"2026-01-{number + 2:02}", text, {f"flags/n{number}.yaml": ON})
    git(repo.root, "switch", "--quiet", "main")
    repo.commit_on("2026-02-01", "meanwhile", {"flags/a.yaml": OFF})
    text = "Merge work\n\nReviewed-by: Bob B. <bob@acme.example>\nApproved-by: words"
    repo.git("2026-02-02", "Eve", "merge", "--quiet", "--no-ff", "-m", text, "work")
    merge = git(repo.root, "rev-parse", "HEAD")
    found = flags(repo)
    assert [each.entity_key for each in found] == [
        *(f"n{number}" for number in reversed(range(10))),
        *("a", "a"),
    ]
    newest = found[0]
    assert (newest.time, newest.live_at) == ("2026-01-11T12:00:00Z", "2026-02-02T12:00:00Z")
    assert newest.live_commit == merge
    assert [(each.name, each.email, each.by) for each in newest.reviewers] == [
        ("Cy", "cy@acme.example", "co-authored-by"),
        ("Di", "", "approved-by"),
        ("Bob B.", "bob@acme.example", "reviewed-by"),
    ]
    assert newest.subject == "a change"
    assert newest.body is not None
    assert newest.body.startswith("Why.\n\nCo-authored-by: Cy")
    assert found[10].live_commit == found[10].commit
    assert found[10].reviewers == ()


def test_an_evil_merge_tells_what_it_changed_beyond_its_parents(repo: SignedRepository) -> None:
    text = "name: n\nowner: o\ntags: [x]\nkind: ops\n\n\n\ndefault: on\n"
    repo.commit_on("2026-01-01", "first", {"flags/a.yaml": text, "flags/b.yaml": ON})
    git(repo.root, "switch", "--quiet", "--create", "work")
    theirs = text.replace("default: on", "default: off")
    repo.commit_on("2026-01-02", "theirs", {"flags/a.yaml": theirs})
    git(repo.root, "switch", "--quiet", "main")
    ours = text.replace("name: n", "name: ours")
    repo.commit_on("2026-01-03", "ours", {"flags/a.yaml": ours})
    repo.git("2026-01-04", "Ann", "merge", "--quiet", "--no-commit", "--no-ff", "work")
    assert len(flags(repo)) == 3
    both = ours.replace("default: on", "default: off")
    assert repo.path("flags/a.yaml").read_text() == both
    git(repo.root, "commit", "--quiet", "--message", "clean")
    assert len(flags(repo)) == 4  # git made it of both sides, so nobody changed anything by hand
    git(repo.root, "reset", "--quiet", "--soft", "HEAD^1")
    (repo.root / ".git/MERGE_HEAD").write_text(git(repo.root, "rev-parse", "work") + "\n")
    evil = repo.commit_on(
        "2026-01-05",
        "evil",
        {"flags/a.yaml": both.replace("kind: ops", "kind: release"), "flags/b.yaml": OFF},
    )
    assert git(repo.root, "rev-list", "--parents", "-1", evil).count(" ") == 2
    found = [each for each in flags(repo) if each.commit == evil]
    assert [(each.entity_key, said(each)) for each in found] == [
        ("a", ["kind ops → release"]),
        ("b", ["state on → off"]),
    ]
    before = found[0].before
    assert isinstance(before, dict)
    assert (before["name"], before["default"], before["kind"]) == ("ours", "off", "ops")


def test_a_merge_that_drops_a_side_says_so(repo: SignedRepository) -> None:
    repo.commit_on("2026-01-01", "first", {"flags/a.yaml": ON})
    git(repo.root, "switch", "--quiet", "--create", "work")
    repo.commit_on("2026-01-02", "theirs", {"flags/a.yaml": OFF})
    git(repo.root, "switch", "--quiet", "main")
    repo.commit_on("2026-01-03", "ours", {"flags/b.yaml": ON})
    repo.git("2026-01-04", "Ann", "merge", "--quiet", "-s", "ours", "-m", "no", "work")
    newest = flags(repo)[0]
    assert newest.commit == git(repo.root, "rev-parse", "HEAD")
    assert said(newest) == ["state off → on"]


def test_a_rename_is_one_entry(repo: SignedRepository) -> None:
    lock = "tables: [{table: default, environments: [production], weights: {a: 1, b: 1}, "
    lock += "ranges: {a: [[0, 50000]], b: [[50000, 100000]]}}]\n"
    long = SPLIT % (50, 50)
    repo.commit_on(
        "2026-01-01",
        "first",
        {"flags/old.yaml": long, "flags/old.lock.yaml": lock, "segments/s.yaml": "members: [u1]\n"},
    )
    moved = repo.commit_on(
        "2026-01-02",
        "moved as it is",
        {"flags/new.yaml": long, "flags/new.lock.yaml": lock, "segments/t.yaml": "members: [u1]\n"},
        remove=("flags/old.yaml", "flags/old.lock.yaml", "segments/s.yaml"),
    )
    other = "seed: new\ndefault: on\nrules: [{name: all, serve: on}]\nowner: somebody-else\n"
    seeded = repo.commit_on(
        "2026-01-03", "written anew", {"flags/x/y.yaml": other}, remove=("flags/new.yaml",)
    )
    found = [each for each in entries(repo) if each.entity != "repository"]
    by_seed, flag, segment, *_ = found
    assert (flag.commit, flag.entity_key, flag.renamed_from) == (moved, "new", "old")
    assert set(flag.files) == {
        f"acme/flags/{name}{end}" for name in ("old", "new") for end in (".yaml", ".lock.yaml")
    }
    assert flag.before == flag.after
    assert flag.before is not None
    assert "renamed from old" in said(flag)
    assert (segment.entity_key, segment.renamed_from) == ("t", "s")
    assert said(segment) == ["renamed from s"]
    assert (by_seed.commit, by_seed.entity_key, by_seed.renamed_from) == (seeded, "x.y", "new")
    assert [each.entity_key for each in flags(repo, entity_key="old")] == ["new", "old"]
    assert [each.entity_key for each in flags(repo, entity_key="new")] == ["x.y", "new"]


def test_each_sort_of_resource_is_told_in_words(repo: SignedRepository) -> None:
    repo.commit_on(
        "2026-01-01",
        "first",
        {
            "flags/a.yaml": "default: on\nrules: [{name: r, when: {segment: s}, serve: off}]\n",
            "segments/s.yaml": "members_file: ids.csv\n",
            "segments/ids.csv": "u1\nu2\n",
            "layers.yaml": "l: {holdout: [[0, 5]], slots: {a/r: [[5, 55]]}}\n",
            "acme/attributes.yaml": "plan: {type: string}\n",
            "acme/tenant.yaml": "name: Acme\n",
            "acme/README.md": "hello\n",
        },
    )
    repo.commit_on(
        "2026-01-02",
        "second",
        {
            "burgee.yaml": "environments: [staging, production]\nepoch: 1\n",
            "segments/ids.csv": "u2\nu3\nu4\n",
            "layers.yaml": "l: {holdout: [[0, 10]], slots: {a/r: [[5, 95]]}}\nm: {}\n",
            "acme/attributes.yaml": "plan: {type: string, enum: [free]}\nage: {type: number}\n",
            "acme/README.md": "good bye\n",
            "README.md": "of nobody\n",
        },
        remove=("acme/tenant.yaml",),
    )
    found = {each.entity: each for each in entries(repo) if each.time.startswith("2026-01-02")}
    assert {name: said(each) for name, each in found.items()} == {
        "repository": ["epoch comes: 1"],
        "segment": ["ids.csv +2 -1"],
        "layers": [
            "layer l: holdout 5 % (0–5) → 10 % (0–10)",
            "layer l: slots of a/r 50 % (5–55) → 90 % (5–95)",
            "layer m comes",
        ],
        "attributes": [
            'age comes: {"type": "number"}',
            'plan {"type": "string"} → {"type": "string", "enum": ["free"]}',
        ],
        "tenant": ["the file goes"],
        "file": ["the file changed"],
    }
    assert found["segment"].entity_key == "s"
    assert found["file"].entity_key == "README.md"
    assert found["repository"].tenant is None
    assert (found["tenant"].before, found["tenant"].after) == ({"name": "Acme"}, None)
    assert found["file"].before is found["file"].after is None


@pytest.mark.parametrize("text", ["a: [\n", "- a\n", "just words\n", "x: .inf\n", ""])
def test_what_does_not_read_is_told_to_be_so(repo: SignedRepository, text: str) -> None:
    repo.commit_on("2026-01-01", "first", {"flags/a.yaml": text})
    repo.commit_on("2026-01-02", "cured", {"flags/a.yaml": "on: 1_0\nyes: 0x10\n"})
    cured, first = flags(repo)
    assert first.before is None
    assert first.after == cured.before == {"unreadable": True}
    assert cured.after == {"on": "1_0", "yes": 16}  # YAML 1.2 core; that it is no flag is no matter
    assert said(cured) == [f"the file cannot be read as it was {x}" for x in ("before", "after")]
    assert said(first) == ["the flag comes; its file cannot be read"]


def test_a_tenant_reads_nothing_of_another(repo: SignedRepository) -> None:
    secret = "globex-secret"
    body = f"Reviewed-by: Bob <b@x.example>\nApproved-by: {secret}\n"
    body += f"Reason: {secret}\nBurgee-Action: {secret}\n"
    repo.commit_on("2026-01-01", f"{secret}\n\n{body}", {"globex/flags/a.yaml": f"owner: {secret}"})
    both = {"flags/a.yaml": OFF, f"globex/{secret}.md": ON}
    repo.commit_on("2026-01-02", f"for {secret}\n\n{body}", both)
    signed = Message(
        subject=f"for {secret}", action="undo", tenant="globex", reason=secret, request_id=secret
    )
    both = {"flags/a.yaml": ON, f"globex/flags/{secret}.yaml": ON}
    repo.sign_on("2026-01-03", signed, both)
    shared = {"burgee.yaml": "environments: [a]\n"}
    repo.commit_on("2026-01-04", f"as {secret} asked", shared)
    repo.commit_on("2026-01-05", "ours\n\nour words", {"flags/a.yaml": OFF})
    git(repo.root, "switch", "--quiet", "--create", secret, "HEAD~1")
    repo.commit_on("2026-01-06", secret, {"globex/flags/n.yaml": ON})
    git(repo.root, "switch", "--quiet", "main")
    git(repo.root, "merge", "--quiet", "--no-commit", "--no-ff", secret)
    repo.commit_on("2026-01-07", f"Merge {secret}", {"flags/a.yaml": ON})
    found = entries(repo)
    assert secret not in msgspec.json.encode(found).decode()
    assert [(each.entity, each.subject, each.body) for each in found] == [
        ("flag", None, None),
        ("flag", "ours", "our words"),
        ("repository", None, None),
        ("flag", None, None),
        ("flag", None, None),
        ("repository", None, None),
    ]
    assert found[3].action == "undo"
    assert found[4].reviewers[0].name == "Bob"
    assert entries(repo, tenant="nobody") == [each for each in found if each.entity == "repository"]
    assert secret in msgspec.json.encode(entries(repo, tenant="globex")).decode()


def test_a_name_with_what_hides_or_controls_is_shown_without(repo: SignedRepository) -> None:
    repo.commit_on(
        "2026-01-01",
        "sub\u202eject\n\nline\x1b[31m red\nnext\n\nReason: \u202ehidden\n",
        {"flags/a.yaml": ON},
        author="A\u202enn",
    )
    (entry,) = flags(repo)
    assert (entry.author.name, entry.subject) == ("A nn", "sub ject")
    assert entry.body == "line [31m red\nnext\n\nReason: hidden"
    assert entry.claimed is not None
    assert entry.claimed.reason == "hidden"


def test_filters_combine(repo: SignedRepository) -> None:
    repo.commit_on("2026-01-01", "1", {"flags/a.yaml": ON, "flags/b.yaml": ON}, author="Ann")
    repo.commit_on("2026-01-02", "2", {"flags/a.yaml": OFF, "layers.yaml": "l: {}\n"}, author="Bob")
    here = "default: on\nenvironments: {production: {state: off}}\n"
    repo.commit_on("2026-01-03", "3", {"flags/a.yaml": here}, author="Ann")
    noon = parse_instant("2026-01-02T12:00:00Z")

    def found(**asked: Any) -> list[str]:
        return [f"{each.subject} {each.entity_key}" for each in entries(repo, **asked)]

    everything = ["3 a", "2 a", "2 None", "1 None", "1 a", "1 b"]
    assert sorted(found()) == sorted(everything)
    assert found(entity="flag", entity_key="a") == ["3 a", "2 a", "1 a"]
    assert found(actor="aNN", entity_key="a") == ["3 a", "1 a"]
    assert found(actor="A@EXAMPLE.COM", entity="layers") == ["2 None"]
    assert found(actor="An") == []
    assert found(since=noon, entity="flag") == ["3 a", "2 a"]
    assert found(until=noon, entity="flag") == ["1 a", "1 b"]
    assert found(environment="staging", entity_key="a") == ["3 a", "2 a", "1 a"]
    repo.commit_on("2026-01-04", "4", {"flags/a.yaml": here + "owner: x\n"})
    both = here.replace("state: off", "state: on")
    repo.commit_on("2026-01-05", "5", {"flags/a.yaml": both + "owner: x\n"})
    assert found(environment="staging", since=noon, entity="flag") == ["4 a", "3 a", "2 a"]
    assert found(environment="production", since=noon, entity="flag") == ["5 a", "4 a", "2 a"]


def test_pages_stay_as_they_were_while_commits_arrive(repo: SignedRepository) -> None:
    for number in range(1, 8):
        files = {f"flags/{name}.yaml": f"owner: o{number}\ndefault: on\n" for name in "abc"}
        repo.commit_on(f"2026-01-{number:02}", f"{number}", files)
    index = HistoryIndex(repo.root, "", repo.keys, None)
    index.advance(git(repo.root, "rev-parse", "HEAD"))
    whole = index.page(AuditQuery(tenant="acme", entity="flag", limit=200))
    assert isinstance(whole, AuditPage)
    assert len(whole.entries) == 21
    found: list[AuditEntry] = []
    cursor: str | None = None
    for step in range(30):
        page = index.page(AuditQuery(tenant="acme", entity="flag", limit=2, cursor=cursor))
        assert isinstance(page, AuditPage)
        found += page.entries
        cursor = page.cursor
        if cursor is None:
            break
        if step == 3:  # somebody pushes a merge whose first parent is not our tip
            git(repo.root, "switch", "--quiet", "--create", "theirs", "HEAD~2")
            repo.commit_on("2026-02-01", "theirs", {"flags/z.yaml": ON})
            repo.git("2026-02-02", "Bob", "merge", "--quiet", "-m", "foxtrot", "main")
            git(repo.root, "branch", "--force", "main")
        else:
            repo.commit_on("2026-03-01", "more", {"flags/a.yaml": f"owner: p{step}\ndefault: on\n"})
        index.advance(git(repo.root, "rev-parse", "HEAD"))
    assert tuple(found) == whole.entries
    again = HistoryIndex(repo.root, "", repo.keys, None)
    again.advance(git(repo.root, "rev-parse", "HEAD"))
    query = AuditQuery(tenant="acme", entity="flag", limit=200)
    assert again.page(query) == index.page(query)


def test_a_cursor_that_leads_nowhere_is_a_value(repo: SignedRepository) -> None:
    repo.commit_on("2026-01-01", "1", {"flags/a.yaml": ON, "flags/b.yaml": ON})
    tip = git(repo.root, "rev-parse", "HEAD")
    index = HistoryIndex(repo.root, "", repo.keys, None)
    index.advance(tip)
    query = AuditQuery(tenant="acme", limit=1)
    page = index.page(query)
    assert isinstance(page, AuditPage)
    good = page.cursor
    assert good is not None
    assert set(good) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    filters = digest_of("acme", None, None, None, None, None, None)
    wrong = [
        *("", "x", "é", "%00", good[:-4], good + "AAAA", good[::-1], "A" * 10_000, "-_" * 40),
        *(good[:place] + "." + good[place + 1 :] for place in range(0, len(good), 7)),
        *(write_cursor(Position(tip, back, 0, filters)) for back in (-1, 1, 10**9, 2**63)),
        write_cursor(Position("0" * 40, 0, 0, filters)),
        write_cursor(Position("main", 0, 0, filters)),
        write_cursor(Position(tip, 0, -1, filters)),
    ]
    for each in wrong:
        assert isinstance(index.page(msgspec.structs.replace(query, cursor=each)), BadCursor), each
    other = AuditQuery(tenant="globex", limit=1, cursor=good)
    assert isinstance(index.page(other), BadCursor)
    unmerged = repo.commit_on("2026-01-02", "not ours", {"flags/secret.yaml": ON})
    beside = write_cursor(Position(unmerged, 0, 0, filters))
    assert isinstance(index.page(msgspec.structs.replace(query, cursor=beside)), BadCursor)
    git(repo.root, "commit", "--quiet", "--amend", "--message", "other")
    index.advance(unmerged)
    last = index.page(query)
    assert isinstance(last, AuditPage)
    index.advance(git(repo.root, "rev-parse", "HEAD"))
    rewritten = index.page(msgspec.structs.replace(query, cursor=last.cursor))
    assert rewritten == BadCursor("the history was rewritten since it was given")


def test_a_filter_that_takes_a_look_at_each_gives_up_after_some(repo: SignedRepository) -> None:
    text = "default: on\nenvironments: {staging: {default: off}}\n"
    repo.commit_on("2026-01-01", "many", {f"flags/n{number}.yaml": text for number in range(410)})
    index = HistoryIndex(repo.root, "", repo.keys, None)
    index.advance(git(repo.root, "rev-parse", "HEAD"))
    query = AuditQuery(tenant="acme", entity="flag", environment="elsewhere", limit=10)
    page = index.page(query)
    assert isinstance(page, AuditPage)
    assert page.entries == ()
    assert page.cursor is not None
    rest = index.page(msgspec.structs.replace(query, cursor=page.cursor))
    assert rest == AuditPage((), None)


def test_threads_may_ask_while_one_takes_in_commits(repo: SignedRepository) -> None:
    tips = [
        repo.commit_on(f"2026-01-{number:02}", f"{number}", {"flags/a.yaml": f"owner: o{number}\n"})
        for number in range(1, 25)
    ]
    index = HistoryIndex(repo.root, "", repo.keys, None)
    index.advance(tips[0])

    def ask(_: int) -> list[str]:
        page = index.page(AuditQuery(tenant="acme", entity="flag", limit=200))
        assert isinstance(page, AuditPage)
        return [each.commit for each in page.entries]

    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(60))
        for tip in [*tips[1:], tips[3], tips[-1]]:
            index.advance(tip)
        for found in asked:
            assert found == tips[: len(found)][::-1] != []
    assert ask(0) == tips[::-1]
