"""Promise: eval and explain tell what production does, at any commit, and touch nothing."""

import json
from pathlib import Path

import pytest

from support.command import git, run_burgee

STAFF = json.dumps({"targetingKey": "u-1", "email": "ann@acme.example"})
PREMIUM = json.dumps({"targetingKey": "u-1", "plan": "premium"})


def test_one_decision(repo: Path) -> None:
    done = run_burgee("eval", "welcome-banner", "-e", "production", "--context", STAFF, cwd=repo)
    assert done.stdout == "true  (variant on, reason rule_match, rule staff)\n"
    assert done.returncode == 0


def test_json(repo: Path) -> None:
    arguments = ("welcome-banner", "-e", "production", "--context", STAFF, "--json")
    result = run_burgee("eval", *arguments, cwd=repo).json()
    assert (result["variant"], result["value"], result["rule"]) == ("on", True, "staff")
    trace = run_burgee("explain", *arguments, cwd=repo).json()
    assert trace["trace"]["result"]["variant"] == "on"
    assert trace["places"]["staff"] == "acme/flags/welcome-banner.yaml:7"


@pytest.mark.parametrize("form", ["text", "file", "stdin"])
def test_context_from_anywhere(repo: Path, tmp_path: Path, form: str) -> None:
    (tmp_path / "user.json").write_text(STAFF, encoding="utf-8")
    context = {"text": STAFF, "file": f"@{tmp_path / 'user.json'}", "stdin": "-"}[form]
    done = run_burgee(
        "eval", "welcome-banner", "-e", "staging", "--context", context, cwd=repo, stdin=STAFF
    )
    assert "rule staff" in done.stdout


def test_an_older_commit_without_touching_the_work_tree(copy: Path) -> None:
    banner = copy / "acme" / "flags" / "welcome-banner.yaml"
    banner.write_text("not: even a flag", encoding="utf-8")
    before = git(copy, "status", "--porcelain")
    asked = ("welcome-banner", "-e", "production", "--context", '{"targetingKey": "u-1"}')
    now = run_burgee("eval", *asked, "--rev", "HEAD", cwd=copy)
    then = run_burgee("eval", *asked, "--rev", "HEAD~1", cwd=copy)
    broken = run_burgee("eval", *asked, cwd=copy)
    explained = run_burgee("explain", *asked, "--rev", "HEAD~1", cwd=copy)
    assert now.stdout.startswith("true ")
    assert then.stdout.startswith("false ")
    assert "✓ default: serves  [acme/flags/welcome-banner.yaml:14]" in explained.stdout
    assert broken.returncode == 1
    assert "welcome-banner does not build" in broken.stderr
    assert git(copy, "status", "--porcelain") == before
    assert banner.read_text(encoding="utf-8") == "not: even a flag"


def test_the_clock_can_be_set(repo: Path) -> None:
    asked = ("eval", "checkout.one-page", "-e", "production", "--context", PREMIUM)
    assert "flag_off" in run_burgee(*asked, "--at", "2029-12-31", cwd=repo).stdout
    later = run_burgee(*asked, "--at", "2030-01-01T00:00:00Z", cwd=repo)
    assert "default_distribution" in later.stdout


def test_explain_shows_what_was_seen(repo: Path) -> None:
    done = run_burgee(
        "explain", "welcome-banner", "-e", "production", "--context", PREMIUM, cwd=repo
    )
    assert done.returncode == 0
    for line in (
        '✗ email endswith "@acme.example" (ignoring case)  — saw nothing: it is missing',
        '✓ plan in ["premium", "enterprise"]  — saw "premium"',
        'gate: targetingKey "u-1" has slot 224 of 100,000 → in',
        "█ in 25 %",
    ):
        assert line in done.stdout


@pytest.mark.parametrize(
    ("condition", "value", "said"),
    [
        ("within_last: 30d", "2026-11-20T00:00:00", "which is no time with an offset"),
        ("after: 2026-11-20", "2026-11-19", None),
        ("gte: 5", "7", "which is no number"),
        ("gte: 5", 4, None),
        ("eq: 5", "5", "which is text, not a number"),
        ("in: [a, true]", 1, "which is a number, not a boolean or text"),
        ("in: [a, b]", ["a"], "which is a list, not text"),
        ("in: [a, b]", "c", None),
        ('semver_gte: "7.1"', 7.2, "which is no version in text"),
        ("endswith: x", True, "which is no text"),
        ("contains: x", {}, "which is no text and no list"),
        ("cidr: 10.0.0.0/8", "10.0.0", "which is no IP address"),
        ("cidr: 10.0.0.0/8", "11.0.0.1", None),
    ],
)
def test_explain_says_where_a_value_is_of_the_wrong_type(
    tmp_path: Path, condition: str, value: object, said: str | None
) -> None:
    flags = tmp_path / "acme" / "flags"
    flags.mkdir(parents=True)
    (tmp_path / "burgee.yaml").write_text("environments: [production]", encoding="utf-8")
    rule = f"{{name: r, when: {{attribute: a, {condition}}}, serve: on}}"
    (flags / "f.yaml").write_text(f"default: off\nrules: [{rule}]\n", encoding="utf-8")
    context = json.dumps({"a": value})
    asked = ("explain", "f", "--context", context, "--at", "2026-11-21")
    line = next(
        each for each in run_burgee(*asked, cwd=tmp_path).stdout.splitlines() if "saw" in each
    )
    assert ("✗" in line, ", which is" in line) == (True, said is not None), line
    assert said is None or said in line


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("welcome-baner", "-e", "staging"), 1, "did you mean welcome-banner?"),
        (("welcome-baner",), 1, "did you mean welcome-banner?"),
        (("zzz", "-e", "staging"), 1, "`burgee list --tenant acme` shows them"),
        (("welcome-banner", "-e", "stagin"), 2, "did you mean staging?"),
        (("welcome-banner",), 2, "there are development, staging, production"),
        (("welcome-banner", "-e", "staging", "-t", "nobody"), 2, "there are: acme"),
        (("welcome-banner", "-e", "staging", "--context", "{"), 2, "--context is no JSON"),
        (("welcome-banner", "-e", "staging", "--context", "[1]"), 2, "is no JSON object"),
        (("welcome-banner", "-e", "staging", "--context", '{"a": NaN}'), 2, "NaN is not JSON"),
        (("welcome-banner", "-e", "staging", "--context", "@nowhere"), 2, "cannot be read"),
        (("welcome-banner", "-e", "staging", "--rev", "nosuch"), 2, "names no commit"),
    ],
)
def test_what_cannot_be_answered(
    repo: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run_burgee("eval", *arguments, cwd=repo)
    assert done.returncode == code, done.shown
    assert said in done.stderr


def test_a_failing_test_keeps_no_one_from_asking_why(copy: Path) -> None:
    banner = copy / "acme" / "flags" / "welcome-banner.yaml"
    text = banner.read_text(encoding="utf-8")
    banner.write_text(text.replace("{value: true}", "{value: false}"), encoding="utf-8")
    failing = run_burgee("test", cwd=copy)
    assert failing.returncode == 1, failing.shown
    done = run_burgee("explain", "welcome-banner", "-e", "development", cwd=copy)
    assert done.returncode == 0, done.shown
    assert "default: serves" in done.stdout


def test_only_findings_behind_the_flag_are_shown(copy: Path) -> None:
    flags = copy / "acme" / "flags"
    (flags / "other.yaml").write_text("default: offf\n", encoding="utf-8")
    banner = flags / "welcome-banner.yaml"
    text = banner.read_text(encoding="utf-8")
    asked = ("eval", "checkout.one-page", "-e", "production", "--context", PREMIUM)
    assert run_burgee(*asked, cwd=copy).returncode == 0  # another flag's error holds up none
    banner.write_text(text.replace("default: on", "default: onn", 1), encoding="utf-8")
    done = run_burgee(*asked, cwd=copy)  # which requires the banner
    assert (done.returncode, done.stdout) == (1, "")
    assert "onn" in done.stderr
    assert "offf" not in done.stderr
    assert "checkout.one-page does not build" in done.stderr


def test_an_error_result_is_1(repo: Path) -> None:
    done = run_burgee(
        "eval", "checkout.one-page", "-e", "production", "--at", "2031-01-01", cwd=repo
    )
    assert done.returncode == 1
    assert "targeting_key_missing" in done.stdout
