"""Promise: segment adds and removes ids where the segment keeps them, line by line."""

from pathlib import Path

import pytest

from support.command import git, run_burgee
from support.edits import changed_lines, status


@pytest.fixture
def segments(copy: Path) -> Path:
    folder = copy / "acme" / "segments"
    (folder / "vip.yaml").write_text("members_file: vip.csv  # from sales\n", encoding="utf-8")
    (folder / "vip.csv").write_bytes(b"u-1\r\nu-2\r\nu-3")
    text = 'members:\n  - u-1  # Ann\n  - "7"\nexcluded: [u-9]\n'
    (folder / "beta.yaml").write_text(text, encoding="utf-8")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "segments")
    return copy


def test_members_in_the_segment(segments: Path) -> None:
    done = run_burgee("segment", "beta", "add", "u-2", "u-1", "8", cwd=segments)
    assert done.returncode == 0, done.shown
    assert done.stderr == "note: in it already: u-1\n"
    assert changed_lines(segments) == ["+  - u-2", '+  - "8"']
    assert run_burgee("segment", "beta", "remove", "u-2", "7", "8", cwd=segments).returncode == 0
    assert changed_lines(segments) == ['-  - "7"']


def test_members_in_a_list_beside_it(segments: Path) -> None:
    file = segments / "acme" / "segments" / "vip.csv"
    assert run_burgee("segment", "vip", "add", "u-4", cwd=segments).returncode == 0
    assert file.read_bytes() == b"u-1\r\nu-2\r\nu-3\r\nu-4"
    done = run_burgee("segment", "vip", "remove", "u-2", "u-4", "nobody", cwd=segments)
    assert (done.stdout, done.stderr) == (
        "wrote acme/segments/vip.csv\n",
        "note: not in it: nobody\n",
    )
    assert file.read_bytes() == b"u-1\r\nu-3\r\n"


def test_ids_from_a_file(segments: Path) -> None:
    (segments / "ids.txt").write_text("u-5\n\nu-6\n", encoding="utf-8")
    done = run_burgee("segment", "beta", "add", "--from", "ids.txt", cwd=segments)
    assert done.returncode == 0, done.shown
    assert changed_lines(segments) == ["+  - u-5", "+  - u-6"]


def test_an_environment_takes_the_others_along(segments: Path) -> None:
    done = run_burgee("segment", "beta", "add", "u-2", "-e", "staging", cwd=segments)
    assert done.returncode == 0, done.shown
    lines = ["+environments:", '+  staging: {members: [u-1, "7", u-2]}']
    assert changed_lines(segments) == lines


def test_nothing_to_do(segments: Path) -> None:
    done = run_burgee("segment", "beta", "remove", "nobody", cwd=segments)
    assert (done.returncode, done.stdout, status(segments)) == (0, "nothing to change\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("betta", "add", "u-1"), 1, "did you mean beta?"),
        (("beta", "add"), 2, "no id is named"),
        (("beta", "add", "u-9"), 1, "B311"),
        (("beta", "push", "u-1"), 2, "Invalid value"),
        (("vip", "add", "u-8", "-e", "staging"), 1, "has the member list of every environment"),
        (("beta", "remove", "u-1", "7"), 1, "B312"),
    ],
)
def test_what_it_refuses(segments: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run_burgee("segment", *arguments, cwd=segments)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.shown
    assert status(segments) == ""
