"""Promise: list and show tell what is in a repository, as it stands in an environment."""

from pathlib import Path

import pytest

from support.command import run_burgee


def test_list(repo: Path) -> None:
    done = run_burgee("list", cwd=repo)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert lines[0][:5] == ["TENANT", "FLAG", "DEVELOPMENT", "STAGING", "PRODUCTION"]
    assert lines[1][:6] == ["acme", "checkout.one-page", "off", "off", "off", "object"]
    assert lines[2][:6] == ["acme", "welcome-banner", "on", "on", "on", "boolean"]


def test_list_as_json(repo: Path) -> None:
    rows = run_burgee("list", "--json", "--at", "2030-06-01", cwd=repo).json()
    assert rows[0] == {
        "tenant": "acme",
        "key": "checkout.one-page",
        "file": "acme/flags/checkout/one-page.yaml",
        "type": "object",
        "kind": "ops",
        "state": {"development": "on", "staging": "on", "production": "on"},
        "owner": "team-payments",
        "tags": ["checkout"],
        "name": "Checkout",
        "expires": None,
    }


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ((), ["checkout.one-page", "welcome-banner"]),
        (("--tag", "web"), ["welcome-banner"]),
        (("--tag", "web", "--tag", "checkout"), []),
        (("--kind", "ops"), ["checkout.one-page"]),
        (("--state", "on"), ["welcome-banner"]),
        (("--state", "off", "--at", "2030-01-01"), []),
        (("--state", "off", "-e", "staging"), ["checkout.one-page"]),
        (("--tenant", "acme"), ["checkout.one-page", "welcome-banner"]),
        (("--rev", "HEAD~1"), ["welcome-banner"]),
    ],
)
def test_list_filters(repo: Path, filters: tuple[str, ...], keys: list[str]) -> None:
    rows = run_burgee("list", *filters, "--json", cwd=repo).json()
    assert [row["key"] for row in rows] == keys


def test_list_says_what_it_cannot_show(copy: Path) -> None:
    (copy / "acme" / "flags" / "welcome-banner.yaml").write_text("default: [", encoding="utf-8")
    done = run_burgee("list", cwd=copy)
    assert done.returncode == 0
    assert "welcome-banner" not in done.stdout
    assert done.stderr == "without 1 flag that does not read: `burgee check` says why\n"


def test_list_knows_its_words(repo: Path) -> None:
    done = run_burgee("list", "--tenant", "acmee", cwd=repo)
    assert done.returncode == 2
    assert "did you mean acme?" in done.stderr
    assert run_burgee("list", "--tag", "nosuch", cwd=repo).stdout == "no flags\n"


def test_show(repo: Path) -> None:
    done = run_burgee("show", "checkout.one-page", "-e", "production", cwd=repo)
    assert done.returncode == 0
    for line in (
        "state off, object, ops, by targetingKey, seed checkout.one-page",
        '  classic   {"steps": 3}   (served when off)',
        "  welcome-banner to serve on",
        "default  classic 75 %, one-page 25 %",
        "  2030-01-01T00:00:00Z  state off → on",
    ):
        assert line in done.stdout.splitlines(), line


def test_show_of_an_environment_and_of_who_names_it(repo: Path) -> None:
    production = run_burgee("show", "welcome-banner", "-e", "production", cwd=repo).stdout
    assert "rule 2  premium: on to 25 %; the others go on" in production
    assert '  if plan in ["premium", "enterprise"]' in production
    assert "  checkout.one-page requires it  [acme/flags/checkout/one-page.yaml:8]" in production
    assert (
        "rule 1" not in run_burgee("show", "welcome-banner", "-e", "development", cwd=repo).stdout
    )


def test_show_as_json(repo: Path) -> None:
    shown = run_burgee("show", "welcome-banner", "-e", "production", "--json", cwd=repo).json()
    assert [rule["name"] for rule in shown["rules"]] == ["staff", "premium"]
    assert shown["rules"][1]["when"] == {"attribute": "plan", "in": ["premium", "enterprise"]}
    assert shown["rules"][1]["serves"] == {
        "shares": {"on": 100.0},
        "percentage": 25.0,
        "moving": None,
    }
    assert shown["segments"] == ["staff"]
    assert [each["flag"] for each in shown["named_by"]] == ["checkout.one-page"]


MOVING = """\
variants: [a, b]
default: {serve: {split: {a: 1, b: 2}}, percentage: {from: 0, to: 100, start: 2030-01-01, end: 2030-01-11}}
rules:
  - name: old
    when: {any: [{attribute: t, older_than: 36h}, {not: [{segment: staff}, {flag: welcome-banner, serves: [on]}]}]}
    percentage: 10
    serve: a
    schedule:
      - {at: 2030-01-01, set: {percentage: 50}}
      - {at: 2030-01-02, set: {serve: {split: {a: 1, b: 1}}, when: {attribute: t, before: 2030-01-01}}}
schedule:
  - {at: 2030-02-01, set: {rules: [{name: new, serve: b}], default: b}}
"""  # noqa: E501


ASKED = "t older_than 36h or not (in segment staff and flag welcome-banner serves on)"


def test_show_of_what_moves(copy: Path) -> None:
    (copy / "acme" / "flags" / "moving.yaml").write_text(MOVING, encoding="utf-8")
    at = ("-e", "staging", "--at", "2029-12-31")
    shown = run_burgee("show", "moving", *at, "--json", cwd=copy).json()
    assert shown["schedule"] == [
        {"at": "2030-01-01T00:00:00Z", "what": ["rule old: percentage 10 % → 50 %"]},
        {
            "at": "2030-01-02T00:00:00Z",
            "what": [
                f"rule old: when [{ASKED}] → [t before 2030-01-01T00:00:00Z]",
                "rule old: serve a → {a: 1, b: 1}",
            ],
        },
        {
            "at": "2030-02-01T00:00:00Z",
            "what": shown["schedule"][2]["what"],  # looked at below
        },
    ]
    old, new, default = shown["schedule"][2]["what"]
    assert (old, new.partition(":")[0]) == ("rule old goes", "rule new comes")
    assert default.startswith("default {a: 1, b: 2} for 0 → 100 % (2030-01-01T00:00:00Z to ")
    assert default.endswith(" → b")
    halfway = run_burgee("show", "moving", "-e", "staging", "--at", "2030-01-06", cwd=copy).stdout
    assert "default  a 33.333 %, b 66.667 % to 50 % now (0 to 100 % between" in halfway


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("welcome-baner", "-e", "staging"), 1, "did you mean welcome-banner?"),
        (("welcome-baner",), 1, "did you mean welcome-banner?"),
        (("welcome-banner",), 2, "add --environment NAME"),
        (("welcome-banner", "-e", "x"), 2, "there are: development, staging, production"),
    ],
)
def test_show_knows_its_words(repo: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee("show", *arguments, cwd=repo)
    assert (done.returncode, said in done.stderr) == (code, True), done.shown
