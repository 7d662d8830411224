"""Promise: what section 10 of the design says of a write holds for the process: its statuses, what
is committed and what is not, what is refused and why, and what each refusal says to do.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.command import run_burgee
from support.flag_repository import FlagRepository, git
from support.waiting import until
from support.writer_place import Place, opened_place
from support.writer_process import bare_repository, writer_process

SPLIT = "variants: [a, b, c]\ndefault: {split: {a: 40, b: 30, c: 30}}\n"
OTHER_WEIGHTS = {"default": {"split": {"a": 50, "b": 25, "c": 25}}}
FILES = {
    "flags/plain.yaml": "# kept\nname: Plain\nmetadata: {ratio: 1.0}\ndefault: off  # for now\n",
    "flags/ruled.yaml": (
        "variants: [a, b]\n"
        "rules:\n  - {name: early, when: {attribute: plan, eq: pro}, serve: b}\n"
        "overrides:\n  - {user: u-1, serve: b}\n"
        "default: a\n"
        "tests:\n  - {it: is a, context: {targetingKey: x}, expect: {variant: a}}\n"
    ),
    "flags/split.yaml": SPLIT,
    "flags/gone.yaml": SPLIT,
    "flags/alias.yaml": (
        "metadata: &m {team: a}\n"
        "environments: {staging: &s {metadata: *m}, production: *s}\n"
        "default: off\n"
    ),
    "flags/undo.yaml": "default: off\n",
    "segments/team.yaml": "members: [u-1]\n",
    "segments/long.yaml": "members:\n" + "".join(f"  - u-{each}\n" for each in range(10_001)),
    "segments/filed.yaml": "members_file: filed.members.csv\n",
    "segments/filed.members.csv": "".join(f"u-{each}\n" for each in range(10_001)),
    "globex/flags/theirs.yaml": "default: off\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened_place(tmp_path_factory.mktemp("place"), FILES) as made:
        yield made


def test_created_updated_and_nothing_to_do(place: Place) -> None:
    writer, before = place.writer, place.tip
    made = writer.ask("POST", "/v1/flags", {"key": "new.one", "owner": "ann"})
    assert made.status == 201
    body: Any = made.json()
    assert body["commit"] == place.tip == made.headers["burgee-commit"]
    assert body["previous_commit"] == before == made.headers["burgee-previous-commit"]
    assert body["flag"] == {"key": "new.one", "owner": "ann", "default": "off"}
    again = writer.ask("POST", "/v1/flags", {"key": "new.one", "tags": ["x"]})
    shown: Any = again.json()
    assert (again.status, shown["changed"], shown["flag"]["owner"]) == (200, True, "ann")
    assert shown["previous_commit"] == body["commit"]
    tip = place.tip
    same = writer.ask("POST", "/v1/flags", {"key": "new.one", "tags": ["x"], "owner": "ann"})
    nothing: Any = same.json()
    assert (same.status, nothing["changed"], nothing["commit"]) == (200, False, None)
    assert nothing["previous_commit"] == tip == place.tip
    assert same.headers["etag"] == again.headers["etag"] != made.headers["etag"]


def test_the_commit_says_who_what_and_why(place: Place) -> None:
    body = {"key": "said", "overrides": [{"user": "u-secret-7", "serve": "on"}]}
    place.writer.done(
        "POST",
        f"/v1/flags?reason={quote('für später')}",
        body,
        X_Request_Id="call-1",
        Idempotency_Key="k-said",
    )
    log = git(place.bare, "log", "-1", "--format=%an|%ae|%cn|%B", "main")
    assert log.startswith("writer|writer@users.burgee.invalid|burgee writer|acme: create flag said")
    lines = log.splitlines()[2:]
    assert lines[:4] == [
        "Burgee-Action: flag.create",
        "Burgee-Entity: flag/said",
        "Burgee-Tenant: acme",
        "Burgee-Request-Id: call-1",
    ]
    assert lines[4].startswith("Idempotency-Key: ")
    assert lines[5:] == ["Reason: für später"]
    place.writer.done("PUT", "/v1/flags/said/overrides/u-secret-8", {"serve": "off"})
    place.writer.done("DELETE", "/v1/flags/said/overrides/u-secret-8")
    place.writer.done("PUT", "/v1/segments/team/members/u-secret-9")
    messages = git(place.bare, "log", "-4", "--format=%B", "main")
    assert "secret" not in messages
    assert "k-said" not in messages


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"ratio": 1}},
        {"metadata": {"ratio": 1.0}},
        {"default": {"serve": "off"}},
        {"state": "on"},
    ],
)
def test_the_same_in_other_words_is_nothing(place: Place, body: dict[str, Any]) -> None:
    before = place.tip
    done = place.writer.done("PATCH", "/v1/flags/plain", body)
    assert (done["changed"], done["commit"]) == (False, None)
    assert place.tip == before


def test_weights_spelled_otherwise_are_nothing(place: Place) -> None:
    body = b'{"default": {"split": {"a": 40.0, "b": 3e1, "c": 30.00}}}'
    assert place.writer.done("PATCH", "/v1/flags/split", body)["changed"] is False


def test_a_changed_resource_is_412_with_both_versions(place: Place) -> None:
    writer = place.writer
    writer.done("POST", "/v1/flags", {"key": "matched", "description": "one"})
    tag = writer.ask("GET", "/v1/flags/matched").headers["etag"]
    ok = writer.ask("PATCH", "/v1/flags/matched", {"description": "two"}, If_Match=tag)
    assert ok.status == 200
    before = place.tip
    for method, target in (
        ("PATCH", "/v1/flags/matched"),
        ("PUT", "/v1/flags/matched"),
        ("DELETE", "/v1/flags/matched"),
        ("PUT", "/v1/flags/matched/state"),
    ):
        body = {"state": "off"} if target.endswith("state") else {"default": "on"}
        error = writer.refused(method, target, body, If_Match=tag)
        assert (error["status"], error["code"]) == (412, "precondition_failed")
        details = error["details"]
        assert details["expected"] == [tag]
        assert details["etag"] == ok.headers["etag"]
        assert details["current"] == {"key": "matched", "description": "two", "default": "off"}
    assert place.tip == before
    listed = f'"other", {ok.headers["etag"]}'
    writer.done("PATCH", "/v1/flags/matched", {"description": "three"}, If_Match=listed)
    writer.done("PATCH", "/v1/flags/matched", {"description": "four"}, If_Match="*")
    assert writer.refused("PUT", "/v1/flags/nowhere", {}, If_Match="*")["status"] == 412


@pytest.mark.parametrize("target", ["/v1/changes", "/v1/undo"])
def test_if_match_is_never_passed_over(place: Place, target: str) -> None:
    """These calls are of no one resource, so that they could not hold what it asks for."""
    commit = place.tip
    changes = [{"method": "PATCH", "path": "/v1/flags/plain", "body": {"name": "No"}}]
    body: Any = {"changes": changes} if target == "/v1/changes" else {"commit": commit}
    for header in ({"If_Match": '"x"'}, {"If_None_Match": "*"}):
        error = place.writer.refused("POST", target, body, **header)
        assert (error["status"], error["code"]) == (400, "invalid_header")
    assert place.tip == commit


def test_an_empty_if_match_is_no_licence(place: Place) -> None:
    error = place.writer.refused("PATCH", "/v1/flags/plain", {"name": "No"}, If_Match="")
    assert (error["status"], error["code"]) == (400, "invalid_header")


def test_if_none_match_creates_only(place: Place) -> None:
    writer = place.writer
    body = {"key": "only.new", "owner": "a"}
    assert writer.ask("POST", "/v1/flags", body, If_None_Match="*").status == 201
    error = writer.refused("POST", "/v1/flags", {**body, "owner": "b"}, If_None_Match="*")
    assert (error["status"], error["code"]) == (412, "precondition_failed")
    assert writer.get("/v1/flags/only.new")["flag"]["owner"] == "a"
    assert (
        writer.ask("PUT", "/v1/segments/new", {"members": ["u"]}, If_None_Match="*").status == 201
    )


@pytest.mark.parametrize(
    ("method", "body", "dropped"),
    [
        ("PUT", {"default": "on"}, ["the rule early", "the override of u-1", "the test is a"]),
        ("PATCH", {"rules": None}, ["the rule early"]),
        ("PATCH", {"overrides": []}, ["the override of u-1"]),
        ("PATCH", {"tests": None}, ["the test is a"]),
        ("PATCH", {"variants": ["a", "c"]}, ["the variant b"]),
    ],
)
def test_what_drops_rules_has_to_say_so(
    place: Place, method: str, body: dict[str, Any], dropped: list[str]
) -> None:
    before = place.tip
    error = place.writer.refused(method, "/v1/flags/ruled", body)
    assert (error["status"], error["code"]) == (409, "replaces_rules")
    assert set(dropped) <= set(error["details"]["dropped"])
    assert "replace_rules=true" in error["details"]["help"]
    assert place.tip == before
    if body != {"variants": ["a", "c"]}:
        target = "/v1/flags/ruled?replace_rules=true&dry_run=true"
        assert place.writer.done(method, target, body)["plan"] is not None


def test_deleted_gone_and_given_back(place: Place) -> None:
    writer = place.writer
    writer.done("PATCH", "/v1/flags/gone", OTHER_WEIGHTS)
    paths = ["acme/flags/gone.lock.yaml", "acme/flags/gone.yaml"]
    before, texts = place.tree(), [place.text(each) for each in paths]
    gone = writer.ask("DELETE", "/v1/flags/gone")
    assert (gone.status, gone.body) == (204, b"")
    assert place.files() == paths
    for method in ("GET", "DELETE"):
        assert writer.ask(method, "/v1/flags/gone").status == 404
    undone = writer.done("POST", "/v1/undo", {"commit": gone.headers["burgee-commit"]})
    assert undone["previous_commit"] == gone.headers["burgee-commit"]
    assert [place.text(each) for each in paths] == texts
    assert place.tree() == before


def test_changes_are_all_made_or_none(place: Place) -> None:
    writer, before = place.writer, place.tip
    good = {"method": "POST", "path": "/v1/flags", "body": {"key": "several.a"}}
    then = {"method": "PUT", "path": "/v1/flags/several.a/state", "body": {"state": "off"}}
    bad = {"method": "DELETE", "path": "/v1/flags/several.nowhere"}
    error = writer.refused("POST", "/v1/changes", {"changes": [good, then, bad]})
    assert error["status"] == 404
    assert "changes[2]" in error["message"].lower()
    assert place.tip == before
    done = writer.done("POST", "/v1/changes", {"changes": [good, then], "reason": "both"})
    assert git(place.bare, "rev-list", "--count", f"{before}..main") == "1"
    assert done["commit"] == place.tip
    assert writer.get("/v1/flags/several.a")["environments"][0]["state"] == "off"
    message = git(place.bare, "log", "-1", "--format=%B", "main")
    assert "Reason: both" in message
    assert "Burgee-Entity: flag/several.a" in message


def test_undo_says_why_it_does_not(place: Place) -> None:
    writer = place.writer
    first = writer.done("PATCH", "/v1/flags/undo", {"description": "one"})["commit"]
    second = writer.done("PATCH", "/v1/flags/undo", {"description": "two"})["commit"]
    touched = writer.refused("POST", "/v1/undo", {"commit": first})
    assert (touched["status"], touched["code"]) == (409, "changed_since")
    assert touched["details"]["files"] == ["acme/flags/undo.yaml"]
    theirs = writer.done(
        "PATCH", "/v1/flags/theirs", {"name": "T"}, X_API_Key="key-of-globex", X_Tenant_ID="globex"
    )["commit"]
    foreign = writer.refused("POST", "/v1/undo", {"commit": theirs})
    assert foreign["status"] == 403
    shared = place.push(
        {"flags/undo2.yaml": "default: off\n", "globex/flags/b.yaml": "default: off\n"}
    )
    mixed = writer.refused("POST", "/v1/undo", {"commit": shared})
    assert (mixed["status"], mixed["code"]) == (403, "foreign_commit")
    assert writer.ask("GET", "/v1/flags/undo2").status == 200
    writer.done("POST", "/v1/undo", {"commit": shared, "entity": "flag/undo2"})
    assert writer.ask("GET", "/v1/flags/undo2").status == 404
    assert place.text("globex/flags/b.yaml") == "default: off"
    for commit in ("0" * 40, place.tree()):
        assert writer.refused("POST", "/v1/undo", {"commit": commit})["status"] == 404
    writer.done("POST", "/v1/undo", {"commit": second})
    assert writer.get("/v1/flags/undo")["flag"]["description"] == "one"


BREAKS = {
    "default": ("default: nowhere\n", "flags/held1.yaml"),
    "test": (
        "default: off\ntests: [{it: is on, context: {targetingKey: x}, expect: {variant: on}}]\n",
        "flags/held2.yaml",
    ),
    "syntax": ("default: [off\n", "flags/held3.yaml"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_held_flag_is_said_to_be_held_and_can_be_let_go(place: Place, how: str) -> None:
    writer, (text, path) = place.writer, BREAKS[how]
    key = path.removeprefix("flags/").removesuffix(".yaml")
    place.push({path: "default: off\n"})
    broke = place.push({path: text})
    until(lambda: writer.get("/v1/stats")["commit"] == broke, "the push is seen")
    error = writer.refused("PUT", f"/v1/flags/{key}/state", {"state": "off"})
    assert place.tip == broke
    assert (error["status"], error["code"]) == (409, "flag_held"), error
    details = error["details"]
    assert details["commit"] == broke
    assert {each["file"] for each in details["findings"]} == {f"acme/{path}"}
    undo = details["undo"]
    writer.done("POST", undo["path"], undo["body"])
    done = writer.done("PUT", f"/v1/flags/{key}/state", {"state": "off"})
    assert {each["after"] for each in done["environments"]} == {"off"}


def test_a_dry_run_changes_nothing(place: Place) -> None:
    before, refs = place.tip, git(place.bare, "for-each-ref")
    for method, target, body in (
        ("PATCH", "/v1/flags/plain", {"default": "on"}),
        ("DELETE", "/v1/flags/plain", None),
        ("POST", "/v1/flags", {"key": "dry.new"}),
        ("PUT", "/v1/flags/plain/state", {"state": "off"}),
    ):
        answer = place.writer.ask(method, f"{target}?dry_run=true", body, Idempotency_Key="dry")
        assert answer.status == 200
        shown: Any = answer.json()
        assert (shown["dry_run"], shown["changed"], shown["commit"]) == (True, False, None)
        assert [each["flag"] for each in shown["plan"]["flags"]] in (["plain"], ["dry.new"])
        assert "burgee-commit" not in answer.headers
        assert "etag" not in answer.headers
    assert (place.tip, git(place.bare, "for-each-ref")) == (before, refs)
    assert place.writer.ask("GET", "/v1/flags/dry.new").status == 404


def test_a_proposal_is_a_branch_that_a_retry_finds(place: Place) -> None:
    before = place.tip
    call = ("PATCH", "/v1/flags/plain?propose=true", {"default": "on"})
    first = place.writer.ask(*call, Idempotency_Key="p-1")
    assert first.status == 202
    body: Any = first.json()
    assert place.tip == before
    assert body["branch"].startswith("burgee/acme/")
    assert git(place.bare, "rev-parse", body["branch"]) == body["commit"]
    assert git(place.bare, "rev-parse", f"{body['branch']}~1") == before
    assert body["plan"]["flags"][0]["flag"] == "plain"
    assert place.writer.get("/v1/flags/plain")["flag"]["default"] == "off"
    again = place.writer.ask(*call, Idempotency_Key="p-1")
    found: Any = again.json()
    assert (again.status, found["branch"], found["commit"]) == (202, body["branch"], body["commit"])
    assert again.headers["idempotency-replayed"] == "true"
    other = place.writer.refused(call[0], call[1], {"name": "N"}, Idempotency_Key="p-1")
    assert (other["status"], other["code"]) == (422, "key_reused")


def test_weights_and_their_lock_are_one_commit(place: Place) -> None:
    done = place.writer.done("PATCH", "/v1/flags/split", OTHER_WEIGHTS)
    assert place.files(done["commit"]) == ["acme/flags/split.lock.yaml", "acme/flags/split.yaml"]
    [flag] = done["plan"]["flags"]
    moved = flag["environments"][0]["worst_moved"]
    assert (moved["numerator"], moved["denominator"]) in ((1, 10), (10_000, 100_000))


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("PUT", "state", {"state": "off", "environments": ["production"]}),
        ("PUT", "overrides/u-1", {"serve": "on", "environment": "production"}),
    ],
)
def test_an_alias_is_not_edited_through(
    place: Place, method: str, target: str, body: dict[str, Any]
) -> None:
    before = place.tip
    error = place.writer.refused(method, f"/v1/flags/alias/{target}", body)
    assert (error["status"], error["code"]) == (409, "aliased")
    assert place.tip == before


@pytest.mark.parametrize("segment", ["long", "filed"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_long_lists_are_for_pull_requests(place: Place, segment: str, method: str) -> None:
    error = place.writer.refused(method, f"/v1/segments/{segment}/members/u-7")
    assert (error["status"], error["code"]) == (409, "list_too_long")


def test_a_key_settles_a_call_once_and_survives_a_restart(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/a.yaml": "default: off\n"})
    call = ("PATCH", "/v1/flags/a", {"name": "A"})
    with writer_process(bare, tmp_path / "state") as writer:
        first = writer.done(*call, Idempotency_Key="k-1")
        writer.done("PATCH", "/v1/flags/a", {"name": "B"}, Idempotency_Key="k-2")
    with writer_process(bare, tmp_path / "state") as writer:
        again = writer.ask(*call, Idempotency_Key="k-1")
        found: Any = again.json()
        assert found["commit"] == first["commit"]
        assert found["flag"] == first["flag"] == {"key": "a", "name": "A", "default": "off"}
        assert again.headers["idempotency-replayed"] == "true"
        assert writer.get("/v1/flags/a")["flag"]["name"] == "B"
        for other in (
            ("PATCH", "/v1/flags/a", {"name": "C"}),
            ("PATCH", "/v1/flags/a?reason=x", {"name": "A"}),
            ("PUT", "/v1/flags/a", {"name": "A"}),
        ):
            error = writer.refused(*other, Idempotency_Key="k-1")
            assert (error["status"], error["code"]) == (422, "key_reused")
        tag = writer.ask("GET", "/v1/flags/a").headers["etag"]
        error = writer.refused(*call, Idempotency_Key="k-1", If_Match=tag)
        assert error["code"] == "key_reused"
    assert git(bare, "rev-list", "--count", "main") == "3"


def test_a_refused_call_leaves_its_key_free(place: Place) -> None:
    call = ("PATCH", "/v1/flags/later", {"name": "L"})
    assert place.writer.refused(*call, Idempotency_Key="k-later")["status"] == 404
    place.writer.done("POST", "/v1/flags", {"key": "later"})
    assert place.writer.done(*call, Idempotency_Key="k-later")["changed"] is True


def test_a_work_tree_follows_unless_it_is_dirty(tmp_path: Path) -> None:
    repo = FlagRepository(
        tmp_path / "flags", {"flags/a.yaml": "default: off\n", "flags/b.yaml": "default: off\n"}
    )
    repo.commit()
    with writer_process(repo.root, tmp_path / "state") as writer:
        writer.done("PATCH", "/v1/flags/a", {"name": "A"})
        assert repo.path("flags/a.yaml").read_text() == "name: A\ndefault: off\n"
        repo.write({"flags/b.yaml": "default: on\n"})
        error = writer.refused("PATCH", "/v1/flags/b", {"name": "B"})
        assert (error["status"], error["code"]) == (409, "worktree_dirty")
        assert repo.path("flags/b.yaml").read_text() == "default: on\n"
        writer.done("PATCH", "/v1/flags/a", {"name": "AA"})
        assert git(repo.root, "status", "--porcelain") == "M acme/flags/b.yaml"
        git(repo.root, "checkout", "--quiet", "acme/flags/b.yaml")
        writer.done("PATCH", "/v1/flags/b", {"name": "B"})
    assert git(repo.root, "status", "--porcelain") == ""


def test_a_stop_in_the_middle_of_writes_finishes_them(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/a.yaml": "default: off\n"})
    with writer_process(bare, tmp_path / "state") as writer:
        answered: dict[str, int] = {}
        begun = threading.Barrier(9)

        def write(number: int) -> None:
            begun.wait()
            name = f"call-{number}"
            try:
                answer = writer.ask(
                    "POST", "/v1/flags", {"key": f"made.n{number}"}, X_Request_Id=name
                )
            except (OSError, EOFError):
                return
            answered[name] = answer.status

        with ThreadPoolExecutor(8) as threads:
            calls = [threads.submit(write, number) for number in range(8)]
            begun.wait()
            until(lambda: git(bare, "rev-list", "--count", "main") != "1", "a first write")
            writer.process.send_signal(signal.SIGTERM)
            for call in calls:
                call.result()
        assert writer.process.wait(20) == 0
    trailers = git(bare, "log", "--format=%(trailers:key=Burgee-Request-Id,valueonly)", "main")
    assert sorted(trailers.split()) == sorted(
        each for each, status in answered.items() if status == 201
    )
    assert len(answered) == 8, answered
    git(bare, "fsck", "--strict")


@pytest.mark.parametrize(
    ("path", "text"),
    [("flags/bad.yaml", '{"default": "x"}'), ("segments/bad.yaml", '{"when": {"attribute": "a"}}')],
)
def test_findings_are_those_of_check(place: Place, tmp_path: Path, path: str, text: str) -> None:
    folder = path.partition("/")[0]
    error = place.writer.refused("PUT", f"/v1/{folder}/bad", text.encode())
    assert (error["status"], error["code"]) == (422, "invalid")
    repo = FlagRepository(tmp_path / "repo", {path: text})
    ran = run_burgee("check", repo.root, "--format", "json", cwd=tmp_path)
    told = [each["message"] for each in ran.json()["findings"] if each["severity"] == "error"]
    assert [each["message"] for each in error["details"]["findings"]] == told
