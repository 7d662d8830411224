"""Promise: `burgee stale` names what could go, why and since when, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.command import Ran, run_burgee
from support.dated_repository import DatedRepository
from support.flag_repository import git

NOW = ("--at", "2026-06-01")
FIRST = "2026-01-01"


@pytest.fixture
def repo(tmp_path: Path) -> DatedRepository:
    return DatedRepository(tmp_path / "flags")


def stale(repo: DatedRepository, *more: str | Path) -> Ran:
    arguments = more if "--at" in more else (*more, *NOW)
    done = run_burgee("stale", "--repo", repo.root, *arguments, cwd=repo.root)
    assert done.returncode == 0, done.shown
    return done


def reasons(repo: DatedRepository, *more: str | Path) -> dict[str, dict[str, Any]]:
    """By name, each reason with the day and the commit's subject since which it holds."""
    shown = stale(repo, "--json", *more).json()
    found: dict[str, dict[str, Any]] = {}
    for item in shown["stale"]:
        for each in item["reasons"]:
            since = each["since"]
            said = None if since is None else f"{since['at'][:10]} {since['subject']}"
            found.setdefault(item["name"], {})[each["reason"]] = said
    return found


RAMP = """\
rules:
  - {name: ramp, percentage: 50, serve: on}
default: off
"""


def test_a_flag_is_constant_since_the_commit_that_made_it_so(repo: DatedRepository) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": RAMP})
    opened = repo.commit_on("2026-02-01", "Open it", {"flags/a.yaml": "default: on\n"})
    repo.commit_on("2026-04-01", "Say whose", {"flags/a.yaml": "owner: me\ndefault: on\n"})
    repo.commit_on("2026-05-31", "Another", {"flags/b.yaml": RAMP})
    assert reasons(repo) == {"a": {"constant": "2026-02-01 Open it"}}
    assert stale(repo).stdout == (
        "acme/a  (acme/flags/a.yaml)\n"
        '  constant   everyone gets "on" in every environment, '
        f"since 2026-02-01 ({opened[:7]} Open it)\n"
        "\n"
        "1 flag could go\n"
        "  = help: take a flag out of the code first, then remove its file and lock\n"
        "  = help: a flag that is to stay as it is for ever is of kind ops or permission\n"
    )


@pytest.mark.parametrize(("at", "is_stale"), [("2026-03-02", False), ("2026-03-04", True)])
def test_it_takes_thirty_days(repo: DatedRepository, at: str, is_stale: bool) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": RAMP})
    repo.commit_on("2026-02-01", "Open it", {"flags/a.yaml": "default: on\n"})
    assert bool(reasons(repo, "--at", at)) is is_stale


def test_another_answer_begins_anew(repo: DatedRepository) -> None:
    repo.commit_on(FIRST, "On", {"flags/a.yaml": "default: on\n"})
    repo.commit_on("2026-02-01", "Off", {"flags/a.yaml": "default: off\n"})
    repo.commit_on("2026-03-01", "Stopped", {"flags/a.yaml": "state: off\ndefault: on\n"})
    assert reasons(repo) == {"a": {"constant": "2026-02-01 Off"}}  # by answers, not by text


NOT_CONSTANT = {
    "a rule": RAMP,
    "an override": "overrides: [{user: u, serve: on}]\ndefault: off\n",
    "a schedule to come": "default: off\nschedule: [{at: 2027-01-01, set: {default: on}}]\n",
    "a rule to come": "rules: [{name: r, starts: 2027-01-01, serve: on}]\ndefault: off\n",
    "another answer elsewhere in time": (
        "default: {serve: on, percentage: {from: 0, to: 100, start: 2026-01-01, end: 2027-01-01}}\n"
    ),
    "a draft": (
        "variants: [a, b]\ndefault: a\nrules:\n  - name: t\n"
        "    experiment: {status: draft, control: a}\n    serve: {split: {a: 1, b: 1}}\n"
    ),
    "a kind that stays": "kind: ops\ndefault: off\n",
    "a permission": "kind: permission\ndefault: on\n",
}


@pytest.mark.parametrize("text", NOT_CONSTANT.values(), ids=NOT_CONSTANT)
def test_what_is_not_constant(repo: DatedRepository, text: str) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": text})
    assert reasons(repo) == {}


CONSTANT = {
    "rules that serve what the default does": (
        "rules: [{name: r, when: {attribute: a, eq: 1}, serve: off}]\ndefault: off\n"
    ),
    "a rule for everyone": (
        "rules: [{name: r, serve: on}, {name: s, when: {attribute: a, eq: 1}, serve: off}]\n"
        "default: off\n"
    ),
    "a rule that has ended": "rules: [{name: r, ends: 2026-01-01, serve: on}]\ndefault: off\n",
    "an override that has expired": (
        "overrides: [{user: u, serve: on, expires: 2026-01-01}]\ndefault: off\n"
    ),
    "an environment with another answer": "default: off\nenvironments: {staging: {default: on}}\n",
}


@pytest.mark.parametrize("text", CONSTANT.values(), ids=CONSTANT)
def test_what_is_constant(repo: DatedRepository, text: str) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": text})
    assert reasons(repo) == {"a": {"constant": "2026-01-01 New"}}


def test_a_schedule_makes_constant_when_its_time_comes(repo: DatedRepository) -> None:
    text = "default: off\nschedule: [{at: 2026-02-10, set: {default: on}}]\n"
    commit = repo.commit_on(FIRST, "New", {"flags/a.yaml": text})
    assert reasons(repo) == {"a": {"constant": "2026-02-10 New"}}
    shown = stale(repo).stdout
    assert f"since 2026-02-10 (a schedule of {commit[:7]} New)" in shown


def test_a_rename_is_followed(repo: DatedRepository) -> None:
    text = "owner: team-of-a-flag\ndescription: Opens the new page for all.\ndefault: on\n"
    repo.commit_on(FIRST, "New", {"flags/a.yaml": text})
    repo.commit_on(
        "2026-05-20",
        "Rename",
        {"flags/shop/b.yaml": "seed: a\n" + text},
        remove=("flags/a.yaml",),
    )
    assert reasons(repo) == {"shop.b": {"constant": "2026-01-01 New"}}


def test_a_merge_counts_when_it_arrives(repo: DatedRepository) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": RAMP})
    git(repo.root, "checkout", "--quiet", "-b", "open")
    repo.commit_on("2026-01-02", "Open it", {"flags/a.yaml": "default: on\n"})
    git(repo.root, "checkout", "--quiet", "main")
    repo.commit_on("2026-02-01", "Another", {"flags/b.yaml": RAMP})
    repo.git("2026-03-01", "Ann", "merge", "--quiet", "--no-ff", "-m", "Merge open", "open")
    assert reasons(repo) == {"a": {"constant": "2026-03-01 Merge open"}}


def test_an_edit_that_is_not_committed_begins_anew(repo: DatedRepository) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": "default: on\n"})
    repo.write({"flags/a.yaml": "default: off\n"})
    assert reasons(repo) == {}
    assert reasons(repo, "--rev", "HEAD") == {"a": {"constant": "2026-01-01 New"}}


def test_a_shallow_clone_says_at_least(repo: DatedRepository, tmp_path: Path) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": "default: on\n"})
    repo.commit_on("2026-02-01", "Another", {"flags/b.yaml": RAMP})
    git(tmp_path, "clone", "--quiet", "--depth=1", repo.root.as_uri(), "clone")
    done = run_burgee("stale", "--repo", tmp_path / "clone", *NOW, cwd=tmp_path)
    assert "since at least 2026-02-01 (" in done.stdout, done.shown


def test_without_git_it_says_what_it_cannot_tell(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "acme" / "flags").mkdir(parents=True)
    (folder / "burgee.yaml").write_text("environments: [production]\n")
    (folder / "acme" / "flags" / "a.yaml").write_text("expires: 2026-01-01\ndefault: on\n")
    done = run_burgee("stale", "--repo", folder, *NOW, cwd=tmp_path)
    assert done.returncode == 0
    assert "expired    it was to be gone from code by 2026-01-01  [acme/flags/a.yaml:1]" in (
        done.stdout
    )
    assert done.stderr == (
        "without git's history whether flags have long given everyone one answer cannot be told\n"
    )


def test_past_its_date_whatever_its_kind(repo: DatedRepository) -> None:
    text = "kind: ops\nexpires: 2026-05-01\n" + RAMP
    repo.commit_on(FIRST, "New", {"flags/a.yaml": text})
    assert reasons(repo, "--at", "2026-04-30") == {}
    assert reasons(repo) == {"a": {"expired": "2026-05-01 None"}}


def test_a_concluded_experiment(repo: DatedRepository) -> None:
    text = """\
variants: [a, b]
default: a
rules:
  - name: trial
    when: {attribute: plan, eq: free}
    experiment: {status: running, control: a}
    serve: {split: {a: 1, b: 1}}
"""
    ended = text.replace("running, control: a", "concluded, control: a, winner: b")
    repo.commit_on(FIRST, "New", {"flags/f.yaml": text})
    repo.commit_on("2026-05-30", "b won", {"flags/f.yaml": ended})
    repo.commit_on("2026-05-31", "Owner", {"flags/f.yaml": "owner: me\n" + ended})
    assert reasons(repo) == {"f": {"concluded": "2026-05-30 b won"}}
    line = "concluded  its experiment trial is concluded: b won, since 2026-05-30 ("
    assert line in stale(repo).stdout
    going = ended + "    environments: {staging: {experiment: {status: running, control: a}}}\n"
    repo.commit_on("2026-05-31", "Not there", {"flags/f.yaml": going})
    assert reasons(repo) == {}


def test_a_segment_that_nothing_uses(repo: DatedRepository) -> None:
    user = "rules: [{name: r, when: {segment: outer}, serve: on}]\ndefault: off\n"
    repo.commit_on(
        FIRST,
        "New",
        {
            "segments/outer.yaml": "when: {segment: inner}\n",
            "segments/inner.yaml": "members: [u1]\n",
            "segments/other.yaml": "members: [u1]\n",
            "flags/f.yaml": user,
        },
    )
    assert reasons(repo) == {"other": {"unused": "2026-01-01 New"}}
    repo.commit_on("2026-03-01", "Without", {"flags/f.yaml": user.replace("outer", "other")})
    assert reasons(repo) == {"outer": {"unused": "2026-03-01 Without"}, "inner": {"unused": None}}
    assert "no flag uses it: it is named only by segment outer" in stale(repo).stdout


# Code


CODE = {
    "src/pay.py": 'if client.get_boolean_value("shop.pay", False):\n    pass  # "shop.old"\n',
    "src/pay.ts": "// 'shop.old'\nconst on = await client.getBooleanValue(`shop.pay`, false);\n",
    "src/Pay.java": 'client.getBooleanValue("shop.pya", false);\n',
    "node_modules/x.js": "use('shop.old')\n",
    "notes.md": '"shop.old"\n',
}


def write_code(folder: Path) -> Path:
    for name, text in CODE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_flags_that_no_code_names(repo: DatedRepository, tmp_path: Path) -> None:
    code = write_code(tmp_path / "app")
    asks = "requires: [{flag: shop.asked, serves: [on]}]\n" + RAMP
    repo.commit_on(
        FIRST,
        "New",
        {
            "flags/shop/pay.yaml": "expires: 2026-01-02\n" + asks,
            "flags/shop/old.yaml": RAMP,
            "flags/shop/asked.yaml": RAMP,
        },
    )
    assert "shop.old" not in reasons(repo)
    shown = stale(repo, "--code", code, "--json").json()
    assert [
        (each["name"], [why["reason"] for why in each["reasons"]]) for each in shown["stale"]
    ] == [
        ("shop.old", ["unnamed"]),
        ("shop.pay", ["expired"]),
    ]
    assert shown["references"] == {
        "shop.pay": [
            {"file": f"{code}/src/pay.py", "line": 1},
            {"file": f"{code}/src/pay.ts", "line": 2},
        ]
    }
    assert shown["unknown"] == [
        {"file": f"{code}/src/Pay.java", "line": 1, "key": "shop.pya", "nearest": "shop.pay"}
    ]
    done = run_burgee("stale", "--repo", repo.root, "--code", ".", *NOW, cwd=code)
    assert "  in code    src/pay.py:1, src/pay.ts:2\n" in done.stdout
    assert 'src/Pay.java:1: there is no flag "shop.pya"; did you mean shop.pay?\n' in done.stdout
    assert "2 flags could go; 1 reference to flags that do not exist\n" in done.stdout


def test_where_there_is_no_code_no_flag_is_called_unnamed(
    repo: DatedRepository, tmp_path: Path
) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": RAMP})
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.md").write_text("a", encoding="utf-8")
    done = run_burgee("stale", "--repo", repo.root, "--code", empty, cwd=repo.root)
    assert (done.returncode, done.stdout) == (2, ""), done.shown
    assert f"error: there is no code in {empty}\n" in done.stderr


def test_fail_is_1_where_anything_is_found(repo: DatedRepository) -> None:
    repo.commit_on(FIRST, "New", {"flags/a.yaml": RAMP})
    arguments = ("stale", "--repo", repo.root, "--fail")
    good = run_burgee(*arguments, cwd=repo.root)
    assert (good.returncode, good.stdout) == (0, "nothing is stale\n")
    repo.write({"flags/a.yaml": "expires: 2026-01-01\n" + RAMP})
    assert run_burgee(*arguments, *NOW, cwd=repo.root).returncode == 1
    assert run_burgee("check", repo.root, cwd=repo.root).returncode == 0  # that stays as it is


def test_settings(repo: DatedRepository) -> None:
    burgee = "environments: [production]\nstale: {days: 200, ignore: [release]}\n"
    files = {"flags/a.yaml": "default: on\n", "flags/b.yaml": "kind: ops\ndefault: on\n"}
    repo.commit_on("2025-01-01", "New", {"burgee.yaml": burgee, **files})
    repo.commit_on("2026-01-01", "Off", {"flags/b.yaml": "kind: ops\ndefault: off\n"})
    assert reasons(repo) == {}
    assert reasons(repo, "--days", "100") == {"b": {"constant": "2026-01-01 Off"}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{days: soon}", "days"),
        ("{days: -1}", "days"),
        ("{ignore: [permissions]}", 'did you mean "permission"?'),
        ("{day: 3}", 'did you mean "days"?'),
        ("[30]", "stale"),
    ],
)
def test_settings_that_are_none(tmp_path: Path, settings: str, message: str) -> None:
    repo = DatedRepository(
        tmp_path / "flags",
        {
            "burgee.yaml": f"environments: [production]\nstale: {settings}\n",
            "flags/a.yaml": "default: on\n",
        },
    )
    done = run_burgee("check", repo.root, cwd=tmp_path)
    assert done.returncode == 1
    assert "--> burgee.yaml:2:" in done.stdout
    assert message in done.stdout


def test_a_tenant_of_several(repo: DatedRepository) -> None:
    old = "expires: 2026-01-01\n" + RAMP
    repo.commit_on(FIRST, "New", {"flags/a.yaml": old, "beta/flags/b.yaml": old})
    assert set(reasons(repo)) == {"a", "b"}
    assert set(reasons(repo, "--tenant", "beta")) == {"b"}


def test_a_repository_with_faults_is_searched_all_the_same(repo: DatedRepository) -> None:
    repo.commit_on(
        FIRST,
        "New",
        {"flags/a.yaml": "default: onn\n", "flags/b.yaml": "defalt: on\n", "flags/c.yaml": RAMP},
    )
    repo.commit_on("2026-01-02", "Mended", {"flags/c.yaml": "default: on\n"})
    assert reasons(repo) == {"c": {"constant": "2026-01-02 Mended"}}
