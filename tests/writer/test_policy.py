"""Promise: the policy decides what the process commits at once, what becomes a proposal and what is
refused; small steps add up to a large one; and only one's own kill is taken back without a review.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burgee_writer.git.branch import Author, Done, Draft
from support.flag_repository import git
from support.writer_git import branch_of
from support.writer_place import Place, opened_place

POLICY = """\
environments: [staging, production]
policy:
  - {change: [kill, restore], then: allow}
  - {change: [metadata, none], then: allow}
  - {environments: [production], flag_kind: permission, then: deny}
  - {environments: [staging], then: allow}
  - {class: [low], then: allow}
"""
RAMP = "rules:\n  - {name: ramp, percentage: 1, serve: on}\ndefault: off\n"
FILES = {
    "burgee.yaml": POLICY,
    "flags/kill.yaml": "# a comment\ndefault: on\n",
    "flags/theirs.yaml": "default: on\nstate: on  # said\n",
    "flags/old.yaml": "default: on\n",
    "flags/edited.yaml": "default: on\n",
    "flags/steps.yaml": RAMP,
    "flags/stride.yaml": RAMP,
    "flags/may.yaml": "kind: permission\ndefault: off\n",
    "flags/staged.yaml": "default: off\n",
    "flags/beside.yaml": "default: on\n",
    "flags/passed.yaml": "default: off\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opened_place(tmp_path_factory.mktemp("policy"), FILES) as made:
        yield made


def ramp(percentage: float) -> dict[str, Any]:
    return {"rules": [{"name": "ramp", "percentage": percentage, "serve": "on"}]}


def switch(place: Place, key: str, state: str, who: str = "writer") -> tuple[int, str]:
    """Pull a switch; the status, and the code of a refusal."""
    answer = place.writer.ask("PUT", f"/v1/flags/{key}/state", {"state": state}, who=who)
    body: Any = answer.json()
    return answer.status, body["error"]["code"] if "error" in body else ""


def test_what_wants_a_review_is_told_with_the_plan_and_the_call(place: Place) -> None:
    before = place.tip
    error = place.writer.refused("PATCH", "/v1/flags/staged", {"default": "on"})
    assert (error["status"], error["code"]) == (409, "review_required")
    assert error["message"].endswith("staged in production, which none of its lines allows.")
    [flag] = error["details"]["plan"]["flags"]
    verdicts = {each["environment"]: each["verdict"]["then"] for each in flag["environments"]}
    assert verdicts == {"staging": "allow", "production": "review"}
    assert "propose=true" in error["details"]["propose"]
    assert place.tip == before
    dry = place.writer.done("PATCH", "/v1/flags/staged?dry_run=true", {"default": "on"})
    assert dry["plan"]["verdict"]["then"] == "review"
    made = place.writer.ask("PATCH", "/v1/flags/staged?propose=true", {"default": "on"})
    assert made.status == 202
    assert place.tip == before
    only = {"environments": {"staging": {"default": "on"}}}
    assert place.writer.done("PATCH", "/v1/flags/staged", only)["changed"] is True


def test_what_is_denied_is_not_even_proposed(place: Place) -> None:
    refs = git(place.bare, "for-each-ref")
    for more in ("", "?propose=true"):
        error = place.writer.refused("PATCH", f"/v1/flags/may{more}", {"default": "on"})
        assert (error["status"], error["code"]) == (403, "denied")
        plan = error["details"]["plan"]
        assert (plan["flags"][0]["flag"], plan["verdict"]["then"]) == ("may", "deny")
    dry = place.writer.done("PATCH", "/v1/flags/may?dry_run=true", {"default": "on"})
    assert dry["plan"]["verdict"]["then"] == "deny"
    assert git(place.bare, "for-each-ref") == refs


def test_one_takes_back_ones_own_kill_and_nobody_elses(place: Place) -> None:
    before = place.text("acme/flags/theirs.yaml")
    for own, foreign in (("writer", "other"), ("other", "writer")):
        assert switch(place, "theirs", "off", own) == (200, "")
        assert switch(place, "theirs", "on", foreign) == (409, "review_required")
        assert switch(place, "theirs", "on", own) == (200, "")
        assert place.text("acme/flags/theirs.yaml") == before


def test_undo_takes_back_ones_own_kill_too(place: Place) -> None:
    before = place.tree()
    done = place.writer.done("PUT", "/v1/flags/kill/state", {"state": "off"})
    call = ("POST", "/v1/undo", {"commit": done["commit"]})
    assert place.writer.refused(*call, who="other")["code"] == "review_required"
    assert place.writer.done(*call)["changed"] is True
    assert place.tree() == before


def test_other_bytes_than_before_the_kill_are_no_restore(place: Place) -> None:
    assert switch(place, "edited", "off") == (200, "")
    place.push({"flags/edited.yaml": "default: on\nstate: off\ndescription: other\n"})
    assert switch(place, "edited", "on") == (409, "review_required")


def test_a_kill_of_yesterday_is_no_longer_ones_own(place: Place, tmp_path: Path) -> None:
    """The commit is the writer's own in every way, but for its time."""
    branch = branch_of(place.bare, place.writer.state)
    path, off = "acme/flags/old.yaml", b"default: on\nstate: off\n"
    author = Author("writer", "writer@users.burgee.invalid")
    for hours, expected in ((25, (409, "review_required")), (23, (200, ""))):
        place.push({"flags/old.yaml": "default: on\n"})
        message = "acme: switch old off\n\nBurgee-Action: flag.state\nBurgee-Tenant: acme\n"
        at = round(time.time()) - hours * 3600
        parent = branch.tip()
        made = branch.commit(
            parent, Draft(changes={path: off}, message=message, author=author, at=at)
        )
        assert isinstance(branch.publish(parent, made), Done)
        assert switch(place, "old", "on") == expected


def test_small_steps_are_judged_as_the_large_one_that_they_are(place: Place) -> None:
    def judged(key: str, percentage: float, *, dry: bool) -> str:
        target = f"/v1/flags/{key}{'?dry_run=true' if dry else ''}"
        answer = place.writer.ask("PATCH", target, ramp(percentage))
        body: Any = answer.json()
        if answer.status == 409:
            return str(body["error"]["code"])
        return "review_required" if body["plan"]["verdict"]["then"] == "review" else "allowed"

    at_once = [judged("stride", 1 + each, dry=True) for each in range(1, 21)]
    in_steps = [judged("steps", 1 + each, dry=False) for each in range(1, 21)]
    assert in_steps == at_once
    assert in_steps[0] == "allowed"
    assert in_steps[-1] == "review_required"
    reached = in_steps.index("review_required")
    place.push({"flags/steps.yaml": RAMP.replace("percentage: 1", f"percentage: {1 + reached}")})
    assert judged("steps", 2 + reached, dry=False) == "allowed"  # a person has looked at it


def test_one_broken_flag_holds_up_no_other_kill_switch(place: Place) -> None:
    broke = place.push({"flags/broken.yaml": "default: [nowhere\n", "segments/bad.yaml": "x: 1\n"})
    try:
        assert switch(place, "beside", "off") == (200, "")
        assert place.writer.done("PATCH", "/v1/flags/beside", {"owner": "ann"})["changed"] is True
    finally:
        git(place.person.root, "pull", "--quiet", "--rebase", "origin", "main")
        git(place.person.root, "revert", "--no-edit", broke)
        git(place.person.root, "push", "--quiet", "origin", "HEAD:main")


def test_the_policy_is_read_at_the_parent_and_no_call_writes_it(place: Place) -> None:
    strict = POLICY.replace("environments: [staging], then: allow", "class: [low], then: deny")
    before = place.push({"burgee.yaml": strict})
    call = ("PATCH", "/v1/flags/passed", {"environments": {"staging": {"default": "on"}}})
    assert place.writer.refused(*call)["code"] in ("denied", "review_required")
    assert place.writer.refused("POST", "/v1/undo", {"commit": before})["status"] == 403
    place.push({"burgee.yaml": POLICY})
    assert place.writer.done(*call)["changed"] is True


@pytest.mark.parametrize(
    "text",
    ["environments: [staging, production]\npolcy: []\n", "policy: [{then: alow}]\n", "a: [", None],
    ids=["typo", "unknown value", "no YAML", "gone"],
)
def test_a_policy_that_nobody_can_read_lets_nothing_through(
    tmp_path: Path, text: str | None
) -> None:
    with opened_place(
        tmp_path, {"burgee.yaml": POLICY, "flags/staged.yaml": "default: off\n"}
    ) as p:
        if text is None:
            git(p.person.root, "rm", "--quiet", "burgee.yaml")
            git(p.person.root, "commit", "--quiet", "--message", "gone")
            git(p.person.root, "push", "--quiet", "origin", "HEAD:main")
        else:
            p.push({"burgee.yaml": text})
        broken = p.tip
        for call in (
            ("PATCH", "/v1/flags/staged", {"default": "on"}),
            ("PATCH", "/v1/flags/staged?propose=true", {"default": "on"}),
            ("PUT", "/v1/flags/staged/state", {"state": "off"}),
        ):
            error = p.writer.refused(*call)
            assert (error["status"], error["code"]) == (409, "unreadable")
            assert error["details"]["commit"] == broken
            assert error["details"]["findings"][0]["file"] == "burgee.yaml"
        assert p.tip == broken
        p.push({"burgee.yaml": POLICY})
        assert switch(p, "staged", "off") == (200, "")
