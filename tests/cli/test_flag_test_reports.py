"""Promise: `burgee test` tells what failed and why, what no test reaches, and CI reads the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from support.command import run_burgee

FLAG = """\
variants: [a, b, c]
off_variant: c
rules:
  - name: beta
    when: {segment: beta}
    serve: b
  - name: trial
    when: {attribute: plan, eq: free}
    experiment: {status: running, control: a}
    serve:
      split:
        a: 50
        b: 40
        c: 10
    environments:
      staging: {serve: {split: {a: 50, c: 50}}}
  - name: draft
    when: {attribute: plan, eq: draft}
    experiment: {status: draft, control: a}
    serve: {split: {a: 50, b: 50}}
  - name: nobody
    percentage: 0
    serve: b
default: {serve: a, percentage: 20}
environments:
  staging: {default: b}
tests:
"""
SEGMENT = """\
when: {attribute: plan, in: [pro, max]}
tests:
  - {it: takes pro users, context: {targetingKey: u1, plan: pro}, expect: {member: true}}
"""
PRO = "{it: pro, context: {targetingKey: u1, plan: pro}, expect: {variant: b, rule: beta}}"


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    folder = tmp_path / "flags"
    (folder / "acme" / "flags").mkdir(parents=True)
    (folder / "acme" / "segments").mkdir()
    (folder / "burgee.yaml").write_text("environments: [staging, production]\n")
    (folder / "acme" / "segments" / "beta.yaml").write_text(SEGMENT)
    return folder


def write(folder: Path, *tests: str) -> None:
    text = FLAG + "".join(f"  - {each}\n" for each in tests)
    (folder / "acme" / "flags" / "pay.yaml").write_text(text)


def test_a_failed_test_shows_expected_actual_and_every_step(flags: Path) -> None:
    write(
        flags,
        "{it: x, context: {targetingKey: u1, plan: free}, bucket: 0.2, expect: {variant: b}}",
    )
    done = run_burgee("test", flags, cwd=flags)
    assert done.returncode == 1
    shown = done.stdout.partition("    expected")[2]
    assert shown.startswith(
        """  variant b
    actual    variant a, reason experiment_assigned, rule trial
    pay: "a"  (variant a, reason experiment_assigned)
      acme, staging
    ✗ beta: condition does not hold  [acme/flags/pay.yaml:4]
        ✗ segment beta
          ✗ plan in ["pro", "max"]  — saw "free"
    ✓ trial: serves  [acme/flags/pay.yaml:7]
        ✓ plan eq "free"  — saw "free"
          split: targetingKey is taken to have slot 20,000 of 100,000 → a
"""
    ), done.shown
    assert done.stdout.endswith("2 tests passed, 2 failed\n")


def test_shares_that_are_wrong_show_the_way_to_one_of_them(flags: Path) -> None:
    write(flags, "{environment: production, expect: {shares: {a: 25, c: 75}}}")
    shown = run_burgee("test", flags, cwd=flags).stdout
    assert "    expected  shares {a: 25 %, c: 75 %}\n" in shown
    assert "    actual    shares {a: 20 %, c: 80 %}\n" in shown
    assert "✓ default: serves by its table  [acme/flags/pay.yaml:24]" in shown


def test_a_segments_failed_test_shows_its_condition(flags: Path) -> None:
    write(flags, PRO)
    path = flags / "acme" / "segments" / "beta.yaml"
    path.write_text(SEGMENT.replace("plan: pro", "plan: free"))
    shown = run_burgee("test", flags, cwd=flags).stdout
    assert (
        """
    expected  member true
    actual    member false
      acme, staging
    ✗ segment beta
      ✗ plan in ["pro", "max"]  — saw "free"
"""
        in shown
    )


def test_coverage_names_each_rule_and_arm_that_no_test_reaches(flags: Path) -> None:
    write(flags, PRO, "{context: {plan: free}, bucket: 0.2, expect: {variant: a}}")
    done = run_burgee("test", flags, "--coverage", cwd=flags)
    # Not `draft`, which nobody gets, nor `nobody`; `b` is the default of staging alone.
    assert done.stdout == (
        "6 tests passed\n"
        "acme/flags/pay.yaml:16: no test of acme/pay reaches arms c, b of rule trial\n"
        "acme/flags/pay.yaml:26: no test of acme/pay reaches the default (b, a, c)\n"
        "coverage: 2 of 7 arms reached, 28.5 %\n"
    ), done.shown


def test_exact_shares_reach_every_arm_that_they_name(flags: Path) -> None:
    write(
        flags,
        PRO,
        "{environment: production, context: {plan: free}, expect: {shares: {a: 50, b: 40, c: 10}}}",
        "{environment: production, expect: {shares: {a: 20, c: 80}}}",
        "{environment: staging, expect: {variant: b}}",
    )
    good = run_burgee("test", flags, "--coverage-min", "100", cwd=flags)
    assert good.returncode == 0, good.shown
    assert good.stdout.endswith("coverage: 7 of 7 arms reached, 100.0 %\n")


def test_too_little_coverage_is_1(flags: Path) -> None:
    write(flags, PRO)
    few = run_burgee("test", flags, "--coverage-min", "14.3", cwd=flags)
    enough = run_burgee("test", flags, "--coverage-min", "14.2", cwd=flags)  # one arm of seven
    assert (few.returncode, enough.returncode) == (1, 0)
    assert few.stderr == "coverage is 14.2 %, less than 14.3 %\n"
    assert run_burgee("test", flags, "--coverage-min", "101", cwd=flags).returncode == 2


def test_coverage_of_a_selection_is_of_its_flags(flags: Path) -> None:
    write(flags, PRO)
    (flags / "acme" / "flags" / "other.yaml").write_text("default: off\n")
    whole = run_burgee("test", flags, "--coverage", "--json", cwd=flags).json()["coverage"]
    part = run_burgee("test", flags, "-k", "pro", "--coverage", "--json", cwd=flags)
    assert (whole["arms"], whole["reached"]) == (8, 1)
    assert whole["missed"][0] == {
        "tenant": "acme",
        "flag": "other",
        "rule": None,
        "variants": ["off"],
        "whole": True,
        "place": "acme/flags/other.yaml:1",
    }
    assert part.json()["coverage"]["arms"] == 7


def test_what_earlier_runs_learnt_covers_the_same(flags: Path) -> None:
    write(flags, PRO)
    runs = [
        run_burgee("test", flags, "--coverage", *more, cwd=flags).stdout
        for more in ((), (), ("--no-cache",))
    ]
    assert runs[0] == runs[1] == runs[2]


def test_json_has_expected_actual_and_trace(flags: Path) -> None:
    write(flags, PRO.replace("variant: b", "variant: a"))
    done = run_burgee("test", flags, "--json", cwd=flags)
    shown = done.json()
    assert (done.returncode, shown["passed"], shown["failed"]) == (1, 2, 2)
    first = shown["tests"][0]
    assert (first["expected"], first["actual"]) == (
        {"variant": "a", "rule": "beta"},
        {"variant": "b", "rule": "beta", "reason": "rule_match"},
    )
    assert first["trace"]["rules"][0]["verdict"] == "served"
    assert "coverage" not in shown


# JUnit


def suites(path: Path) -> ET.Element:
    root = ET.fromstring(path.read_bytes())
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        cases = suite.findall("testcase")
        assert len(cases) == len(suite) == int(suite.get("tests", ""))
        for kind in ("failure", "error"):
            count = sum(len(case.findall(kind)) for case in cases)
            assert count == int(suite.get(f"{kind}s", "")), kind
        assert suite.get("skipped") == "0"
        for case in cases:
            assert case.get("name")
            assert case.get("classname")
            float(case.get("time", ""))
            assert {each.tag for each in case} <= {"failure", "error"}
        names = [(case.get("classname"), case.get("name")) for case in cases]
        assert len(set(names)) == len(names)
    for kind in ("tests", "failures", "errors"):
        assert int(root.get(kind, "")) == sum(int(suite.get(kind, "")) for suite in root)
    return root


def test_junit_has_a_suite_for_each_tenant_and_environment(flags: Path, tmp_path: Path) -> None:
    write(
        flags,
        PRO,
        PRO,
        "{it: wrong, environment: production, expect: {variant: b}}",
        "{it: wide, environment: staging, expect: {variant: a}}",
    )
    report = tmp_path / "new" / "report.xml"
    assert run_burgee("test", flags, "--junit", report, cwd=flags).returncode == 1
    root = suites(report)
    counts = {each.get("name"): (each.get("tests"), each.get("failures")) for each in root}
    assert counts == {"acme/staging": ("4", "1"), "acme/production": ("4", "1")}
    failure = root.find(".//testcase[@name='wide']/failure")
    assert failure is not None
    assert failure.get("type") == "B601"
    assert (failure.text or "").startswith("expected  variant a\nactual    variant b, reason")


def test_junit_escapes_what_xml_cannot_hold(flags: Path, tmp_path: Path) -> None:
    name = r'"a\u0001\u001b[31m<b>&\u202e\ufffe\"]]>"'
    write(flags, f"{{it: {name}, environment: staging, expect: {{variant: a}}}}")
    report = tmp_path / "report.xml"
    run_burgee("test", flags, "--junit", report, cwd=flags)
    (case,) = suites(report).findall(".//testcase[failure]")
    assert case.get("name") == r'a\x01\x1b[31m<b>&\u202e\ufffe"]]>'


def test_a_test_that_cannot_run_is_an_error_in_junit(flags: Path, tmp_path: Path) -> None:
    write(flags)
    timed = "default: off\nschedule: [{at: 2030-01-01, set: {default: on}}]\n"
    tests = "tests: [{it: now, expect: {variant: off}}]\n"
    (flags / "acme" / "flags" / "pay.yaml").write_text(timed + tests)
    report = tmp_path / "report.xml"
    done = run_burgee("test", flags, "--junit", report, cwd=flags)
    assert done.returncode == 1
    assert "= help: add a clock to the test, such as `at: 2030-01-01T00:00:00Z`" in done.stdout
    assert suites(report).get("errors") == "2"


def test_junit_says_so_where_no_test_could_run(flags: Path, tmp_path: Path) -> None:
    (flags / "acme" / "flags" / "pay.yaml").write_text("default: onn\n")
    report = tmp_path / "report.xml"
    assert run_burgee("test", flags, "--junit", report, cwd=flags).returncode == 1
    root = suites(report)
    assert root.get("errors") == "1"
    (case,) = root.findall(".//testcase")
    assert case.get("name", "").endswith(" acme/flags/pay.yaml:1")


def test_a_report_that_cannot_be_written_is_2(flags: Path, tmp_path: Path) -> None:
    write(flags, PRO)
    (tmp_path / "file").touch()
    done = run_burgee("test", flags, "--junit", tmp_path / "file" / "x.xml", cwd=flags)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
