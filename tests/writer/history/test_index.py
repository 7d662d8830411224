"""Promise: what the index answers is what git says, whatever became of its file, history or clone.

Only commits that a writer's key signed settle an idempotency key or count as kills; forged trailers
settle nothing. A damaged or foreign file is as good as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from burgee.instants import parse_instant
from burgee_compiler.trees import UnknownRevision
from burgee_writer.git.message import Message
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.history.audit import AuditPage, AuditQuery
from burgee_writer.history.index import HistoryIndex
from burgee_writer.history.kills import Kill
from support.flag_repository import git
from support.signed_repository import SignedRepository, new_key

ON = "default: on\n"
OFF = "state: off\ndefault: on\n"
FLAG = "flags/a.yaml"
KEY, PAYLOAD = "ab" * 32, "cd" * 32


def message(action: str = "flag.state", **more: str | None) -> Message:
    return msgspec.structs.replace(
        Message(subject="a change", action=action, tenant="acme", entities=("flag/a",)), **more
    )


def day(text: str) -> int:
    found = parse_instant(text)
    assert found is not None
    return found


def commits(index: HistoryIndex, tenant: str = "acme") -> list[str]:
    page = index.page(AuditQuery(tenant=tenant, limit=200))
    assert isinstance(page, AuditPage)
    return [each.commit for each in page.entries]


@pytest.fixture
def repo(tmp_path: Path) -> SignedRepository:
    made = SignedRepository(tmp_path / "repo")
    made.commit_on("2026-01-01", "first", {FLAG: ON})
    return made


def index_of(repo: SignedRepository, state: Path | None = None) -> HistoryIndex:
    return HistoryIndex(repo.root, "", repo.keys, state)


def test_a_key_is_remembered_for_seven_days(repo: SignedRepository) -> None:
    parent = git(repo.root, "rev-parse", "HEAD")
    made = repo.sign_on("2026-01-10", message(key=KEY, payload=PAYLOAD), {FLAG: OFF})
    index = index_of(repo)
    index.advance(made)
    at = day("2026-01-10T12:00:00Z")
    found = index.remembered(KEY, now=day("2026-01-17T12:00:00Z"))
    assert found is not None
    assert (found.commit, found.parent, found.payload, found.at) == (made, parent, PAYLOAD, at)
    assert found.message.action == "flag.state"
    assert index.remembered(KEY, now=day("2026-01-17T12:00:01Z")) is None
    assert index.remembered(KEY, now=day("2026-01-17T12:00:01Z"), days=8) is not None
    assert index.remembered("ef" * 32, now=at) is None


def test_the_last_commit_of_a_key_counts(repo: SignedRepository) -> None:
    repo.sign_on("2026-01-10", message(key=KEY, payload=PAYLOAD), {FLAG: OFF})
    later = repo.sign_on("2026-01-20", message(key=KEY, payload="00" * 32), {FLAG: ON})
    index = index_of(repo)
    index.advance(later)
    found = index.remembered(KEY, now=day("2026-01-20"))
    assert found is not None
    assert found.commit == later


@pytest.mark.parametrize("how", ["unsigned", "other key", "changed after", "retired"])
def test_a_forged_trailer_settles_nothing_and_kills_nothing(
    repo: SignedRepository, how: str
) -> None:
    said = message(key=KEY, payload=PAYLOAD, reason="forged")
    if how == "unsigned":
        tip = repo.commit_on("2026-01-10", said.text(), {FLAG: OFF})
    elif how == "changed after":
        made = repo.sign_on("2026-01-10", message(), {FLAG: OFF})
        raw = git(repo.root, "cat-file", "commit", made)
        raw = raw.replace(message().text().strip(), said.text().strip())
        (repo.root.parent / "raw").write_text(raw + "\n")
        tip = git(repo.root, "hash-object", "-t", "commit", "-w", str(repo.root.parent / "raw"))
    else:
        tip = repo.sign_on("2026-01-10", said, {FLAG: OFF}, key=new_key())
    index = index_of(repo)
    if how == "retired":
        retired = repo.sign_on("2026-01-11", said, {FLAG: ON})
        index = HistoryIndex(repo.root, "", CommitKeys([repo.key.public, new_key().public]), None)
        index.advance(retired)
        found = index.remembered(KEY, now=day("2026-01-12"))
        assert found is not None
        assert found.commit == retired  # the key that is no longer in use still counts
        return
    index.advance(tip)
    assert index.remembered(KEY, now=day("2026-01-10")) is None
    assert index.last_kill("acme", "a") is None
    page = index.page(AuditQuery(tenant="acme", entity="flag"))
    assert isinstance(page, AuditPage)
    entry = page.entries[0]
    assert (entry.source, entry.action, entry.reason, entry.request_id) == ("git", None, None, None)
    assert entry.claimed is not None
    assert (entry.claimed.action, entry.claimed.reason) == ("flag.state", "forged")


def test_the_last_kill_is_the_last_that_switched_it_off(repo: SignedRepository) -> None:
    first = git(repo.root, "rev-parse", "HEAD")
    kill = repo.sign_on("2026-01-10", message(), {FLAG: OFF}, author="ann")
    index = index_of(repo)
    index.advance(kill)
    expected = Kill(kill, "ann", day("2026-01-10T12:00:00Z"), first)
    assert index.last_kill("acme", "a") == expected
    repo.sign_on("2026-01-11", message("flag.patch"), {FLAG: OFF + "owner: team\n"})
    back = repo.sign_on("2026-01-12", message(), {FLAG: ON})
    repo.commit_on("2026-01-13", "by hand", {FLAG: OFF})
    index.advance(git(repo.root, "rev-parse", "HEAD"))
    assert index.last_kill("acme", "a") == expected
    assert index.last_kill("globex", "a") is None
    assert index.last_kill("acme", "b") is None
    repo.commit_on("2026-01-14", "by hand", {FLAG: ON})
    here = "default: on\nenvironments: {production: {state: off}}\n"
    second = repo.sign_on("2026-01-15", message(), {FLAG: here})
    index.advance(second)
    found = index.last_kill("acme", "a")
    assert found is not None
    assert found.commit == second
    assert back != second


def test_a_kill_is_told_by_what_users_had_at_that_time(repo: SignedRepository) -> None:
    """The base says off all along; the schedule had switched it on, and the kill takes it out."""
    scheduled = (
        "state: off\ndefault: on\nschedule: [{at: 2026-01-05T00:00:00Z, set: {state: on}}]\n"
    )
    repo.commit_on("2026-01-02", "planned", {FLAG: scheduled})
    kill = repo.sign_on("2026-01-10", message(), {FLAG: OFF})
    index = index_of(repo)
    index.advance(kill)
    found = index.last_kill("acme", "a")
    assert found is not None
    assert found.commit == kill


def test_a_rewritten_history_forgets_what_it_dropped(repo: SignedRepository) -> None:
    base = git(repo.root, "rev-parse", "HEAD")
    dropped = repo.sign_on("2026-01-10", message(key=KEY, payload=PAYLOAD), {FLAG: OFF})
    index = index_of(repo)
    index.advance(dropped)
    git(repo.root, "reset", "--quiet", "--hard", base)
    kept = repo.commit_on("2026-01-11", "another", {"flags/b.yaml": ON})
    index.advance(kept)
    assert index.remembered(KEY, now=day("2026-01-11")) is None
    assert index.last_kill("acme", "a") is None
    fresh = index_of(repo)
    fresh.advance(kept)
    assert commits(index) == commits(fresh) == [kept, base, base]
    index.advance(base)
    assert commits(index) == [base, base]


def test_a_tip_that_is_no_commit_changes_nothing(repo: SignedRepository) -> None:
    index = index_of(repo)
    index.advance(git(repo.root, "rev-parse", "HEAD"))
    known = commits(index)
    for wrong in ("0" * 40, "main", "", git(repo.root, "rev-parse", "HEAD^{tree}")):
        with pytest.raises(UnknownRevision):
            index.advance(wrong)
    assert commits(index) == known != []


def test_before_anything_is_taken_in_there_is_nothing(repo: SignedRepository) -> None:
    index = index_of(repo)
    assert index.page(AuditQuery(tenant="acme")) == AuditPage((), None)
    assert index.remembered(KEY, now=0) is None
    assert index.last_kill("acme", "a") is None


class Counted(CommitKeys):
    """Keys that count how many commits were looked at."""

    seen = 0

    def signed(self, commit: object) -> bool:
        type(self).seen += 1
        return super().signed(commit)  # type: ignore[arg-type]


def test_what_the_file_holds_is_not_read_again(repo: SignedRepository, tmp_path: Path) -> None:
    tip = repo.sign_on("2026-01-10", message(key=KEY, payload=PAYLOAD), {FLAG: OFF})
    first = index_of(repo, tmp_path / "state")
    first.advance(tip)
    later = repo.commit_on("2026-01-11", "later", {FLAG: ON})
    Counted.seen = 0
    second = HistoryIndex(repo.root, "", Counted([repo.key.public]), tmp_path / "state")
    second.advance(later)
    assert Counted.seen == 1
    assert second.remembered(KEY, now=day("2026-01-10")) is not None
    second.save()
    Counted.seen = 0
    third = HistoryIndex(repo.root, "", Counted([repo.key.public]), tmp_path / "state")
    third.advance(later)
    assert Counted.seen == 0
    assert commits(third) == commits(second)


def cut(data: bytes) -> bytes:
    return data[:-7]


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def sealed_nonsense(data: bytes) -> bytes:
    head = data.split(b"\n", 1)[0] + b"\n"
    return head + hashlib.sha256(b"\xc1nonsense").digest() + b"\xc1nonsense"


@pytest.mark.parametrize(
    "damage",
    [cut, flipped, sealed_nonsense, lambda _: b"", lambda data: b"x" + data, lambda _: b"\0" * 99],
)
def test_a_damaged_file_is_thrown_away(
    repo: SignedRepository, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    tip = repo.sign_on("2026-01-10", message(key=KEY, payload=PAYLOAD), {FLAG: OFF})
    state = tmp_path / "state"
    index_of(repo, state).advance(tip)
    (file,) = state.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    again = index_of(repo, state)
    again.advance(tip)
    assert again.remembered(KEY, now=day("2026-01-10")) is not None
    assert file.read_bytes() == whole
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_of_other_keys_or_another_repository_is_thrown_away(
    repo: SignedRepository, tmp_path: Path
) -> None:
    tip = repo.sign_on("2026-01-10", message(key=KEY, payload=PAYLOAD), {FLAG: OFF})
    state = tmp_path / "state"
    index_of(repo, state).advance(tip)
    other = HistoryIndex(repo.root, "", CommitKeys([new_key().public]), state)
    other.advance(tip)
    assert other.remembered(KEY, now=day("2026-01-10")) is None
    assert len(commits(other)) == len(commits(index_of_at(repo, tip)))
    inside = HistoryIndex(repo.root, "acme", repo.keys, state)
    inside.advance(tip)
    assert commits(inside) == []  # what is in it then is no tenant's: flags/a.yaml


def index_of_at(repo: SignedRepository, tip: str) -> HistoryIndex:
    index = index_of(repo)
    index.advance(tip)
    return index


def test_two_may_share_a_file_and_a_folder_that_cannot_be_written_is_no_error(
    repo: SignedRepository, tmp_path: Path
) -> None:
    tip = git(repo.root, "rev-parse", "HEAD")
    state = tmp_path / "state"
    one, other = index_of(repo, state), index_of(repo, state)
    one.advance(tip)
    other.advance(repo.commit_on("2026-01-02", "next", {FLAG: OFF}))
    one.save()
    other.save()
    assert len(list(state.iterdir())) == 1
    third = index_of(repo, state)
    third.advance(git(repo.root, "rev-parse", "HEAD"))
    assert commits(third) == commits(other)
    file = tmp_path / "file"
    file.write_text("no folder")
    index_of(repo, file).advance(tip)


def test_a_shallow_clone_ends_where_it_ends_and_grows(
    repo: SignedRepository, tmp_path: Path
) -> None:
    second = repo.commit_on("2026-01-02", "second", {FLAG: OFF})
    third = repo.commit_on("2026-01-03", "third", {FLAG: ON})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{repo.root}", str(clone))
    index = HistoryIndex(clone, "", repo.keys, tmp_path / "state")
    index.advance(third)
    assert commits(index) == [third]  # what the oldest changed is not known, so nothing is said
    page = index.page(AuditQuery(tenant="acme", limit=1))
    assert isinstance(page, AuditPage)
    git(clone, "fetch", "--quiet", "--unshallow")
    whole = index_of(repo)
    whole.advance(third)
    index.advance(third)
    assert commits(index) == commits(whole)
    assert second in commits(index)
    started = HistoryIndex(clone, "", repo.keys, tmp_path / "state")
    started.advance(third)
    assert commits(started) == commits(whole)


def test_a_bare_repository_and_a_folder_inside_serve_as_well(
    repo: SignedRepository, tmp_path: Path
) -> None:
    for name in ("burgee.yaml", "acme"):
        (repo.root / "sub").mkdir(exist_ok=True)
        git(repo.root, "mv", name, f"sub/{name}")
    moved = repo.commit_on("2026-01-02", "into a folder", {"code.py": "x = 1\n"})
    (repo.root / "sub/acme/flags/a.yaml").write_text(OFF)
    changed = repo.commit_on("2026-01-03", "off", {"code.py": "x = 2\n"})
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo.root), str(bare))
    index = HistoryIndex(bare, "sub", repo.keys, None)
    index.advance(changed)
    page = index.page(AuditQuery(tenant="acme"))
    assert isinstance(page, AuditPage)
    said = [(each.commit, each.entity, each.files) for each in page.entries]
    assert said == [
        (changed, "flag", ("acme/flags/a.yaml",)),
        (moved, "repository", ("burgee.yaml",)),
        (moved, "flag", ("acme/flags/a.yaml",)),
    ]
    assert page.entries[0].before == {"default": "on"}
    assert page.entries[0].subject == "off"
