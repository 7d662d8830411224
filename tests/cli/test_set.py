"""Promise: set changes the lines that it must; what check would refuse is not written."""

from pathlib import Path

import pytest

from support.command import git, run_burgee
from support.edits import changed_lines, status

ONE_PAGE = "acme/flags/checkout/one-page.yaml"


def test_a_field(copy: Path) -> None:
    done = run_burgee("set", "checkout.one-page", "state=on", cwd=copy)
    assert (done.returncode, done.stdout) == (0, f"wrote {ONE_PAGE}\n")
    assert done.stderr == "note: the schedule sets state too, at 2030-01-01T00:00:00Z\n"
    assert changed_lines(copy) == ["-state: off", "+state: on"]


def test_several_fields_in_one_edit(copy: Path) -> None:
    fields = ("name=Checkout: new # one", "tags=[a, b]", "metadata.tier=2")
    done = run_burgee("set", "checkout.one-page", *fields, "--remove", "owner", cwd=copy)
    assert done.returncode == 0, done.shown
    assert changed_lines(copy) == [
        *("-name: Checkout", "-owner: team-payments", "-tags: [checkout]"),
        *('+name: "Checkout: new # one"', "+tags: [a, b]", "+metadata: {tier: 2}"),
    ]


def test_a_rule_by_its_name(copy: Path) -> None:
    done = run_burgee("set", "welcome-banner", "rules.premium.percentage=40", cwd=copy)
    assert done.returncode == 0, done.shown
    lines = [each.strip("+-").strip()[:14] for each in changed_lines(copy)]
    assert lines == ["percentage: 25", "percentage: 40"]


def test_one_environment_alone(copy: Path) -> None:
    arguments = ("checkout.one-page", "state=on", "--environment", "staging")
    done = run_burgee("set", *arguments, cwd=copy)
    assert done.returncode == 0, done.shown
    assert changed_lines(copy) == ["+environments:", "+  staging: {state: on}"]
    shown = run_burgee("list", "--json", cwd=copy).json()
    assert shown[0]["state"] == {"development": "off", "staging": "on", "production": "off"}
    again = run_burgee("set", "checkout.one-page", "state=off", "-e", "staging", cwd=copy)
    assert again.returncode == 0
    base = run_burgee("set", "checkout.one-page", "state=on", cwd=copy)
    assert "note: staging says otherwise: this does not reach state there" in base.stderr


def test_new_weights_come_with_their_lock(copy: Path) -> None:
    flag = "variants: [a, b, c]\ndefault: {split: {a: 40, b: 30, c: 30}}\n"
    (copy / "acme/flags/rank.yaml").write_text(flag, encoding="utf-8")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "rank")
    done = run_burgee("set", "rank", "default.weights={a: 30, b: 30, c: 40}", cwd=copy)
    assert done.returncode == 0, done.shown
    assert done.stdout == "wrote acme/flags/rank.lock.yaml\nwrote acme/flags/rank.yaml\n"
    assert run_burgee("lock", "--check", cwd=copy).returncode == 0
    again = run_burgee("rollback", "--to", "HEAD", "--flag", "rank", cwd=copy)
    assert "would be lost" in again.stderr


def test_a_value_from_a_file(copy: Path) -> None:
    value = copy / "rules.yaml"
    value.write_text("- name: all   # everybody\n  serve: one-page\n", encoding="utf-8")
    done = run_burgee("set", "checkout.one-page", "rules=@rules.yaml", cwd=copy)
    assert done.returncode == 0, done.shown
    lines = ["+rules:", "+  - name: all", "+    serve: one-page"]
    assert changed_lines(copy) == lines


def test_nothing_to_change(copy: Path) -> None:
    done = run_burgee("set", "checkout.one-page", "state=off", cwd=copy)
    assert (done.returncode, done.stdout, status(copy)) == (0, "nothing to change\n", "")


def test_findings_that_it_would_add_are_printed_and_nothing_is_written(copy: Path) -> None:
    done = run_burgee("set", "checkout.one-page", "default=nope", cwd=copy)
    assert done.returncode == 1
    assert 'error[B303]: the flag has no variant "nope"' in done.stdout
    assert f"--> {ONE_PAGE}:9:10" in done.stdout
    assert done.stderr == "error: this edit would add these findings, so nothing was written\n"
    shown = run_burgee("set", "checkout.one-page", "default=nope", "--json", cwd=copy)
    assert (shown.returncode, shown.json()["written"]) == (1, False)
    assert [each["code"] for each in shown.json()["findings"]] == ["B303"]
    assert status(copy) == ""


def test_a_repository_with_findings_can_be_edited(broken: Path) -> None:
    done = run_burgee("set", "checkout.one-page", "state=on", cwd=broken)
    assert done.returncode == 0, done.shown
    mended = run_burgee("set", "welcome-banner", "default=on", cwd=broken)
    assert mended.returncode == 0, mended.shown


def test_line_ends_and_a_missing_last_one_survive(copy: Path) -> None:
    file = copy / ONE_PAGE
    text = file.read_bytes().replace(b"\n", b"\r\n").rstrip()
    file.write_bytes(text)
    done = run_burgee("set", "checkout.one-page", "state=on", cwd=copy)
    assert done.returncode == 0, done.shown
    assert file.read_bytes() == text.replace(b"state: off\r", b"state: on\r", 1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("checkout.one-pag", "state=on"), 1, "did you mean checkout.one-page?"),
        (("checkout.one-page",), 2, "nothing is set"),
        (("checkout.one-page", "state"), 2, "'state' sets nothing"),
        (("checkout.one-page", "stat=on"), 1, 'did you mean "state"?'),
        (("checkout.one-page", "state="), 1, "use --remove state"),
        (("checkout.one-page", "rules.x.percentage=1"), 1, 'the flag has no rule "x"'),
        (("checkout.one-page", "state=on", "-e", "producton"), 2, "did you mean production?"),
        (("checkout.one-page", "--remove", "kind.x"), 1, "there is no kind.x"),
        (("checkout.one-page", "rules=@nosuch"), 2, "nosuch cannot be read"),
    ],
)
def test_what_it_refuses(copy: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee("set", *arguments, cwd=copy)
    assert (done.returncode, said in done.stderr) == (code, True), done.shown
    assert status(copy) == ""


def test_an_alias_is_not_edited_through(copy: Path) -> None:
    file = copy / ONE_PAGE
    text = file.read_text(encoding="utf-8").replace("owner: team-payments", "owner: &o team")
    text = text.replace("name: Checkout", "name: Checkout\nmetadata: &m {a: 1}")
    text += "environments: {staging: {metadata: *m}}\n"
    file.write_text(text, encoding="utf-8")
    done = run_burgee("set", "checkout.one-page", "metadata.a=2", cwd=copy)
    assert (done.returncode, "&m stands here, and *m uses it" in done.stderr) == (1, True)
    assert file.read_text(encoding="utf-8") == text
