"""Promise: every way to fail has its exit code and a message with a cure; help teaches."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import PYTHON, environment, run_burgee, start_burgee

COMMANDS = (
    *("up", "init", "check", "test", "build", "eval", "explain", "list", "show", "schema"),
    *("edge", "client"),
)


def run_python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = run_burgee("--help", cwd=tmp_path)
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [name for name in COMMANDS if name not in listed] == []


@pytest.mark.parametrize("command", [(name,) for name in COMMANDS] + [("client", "add")])
def test_help_of_a_command_has_an_example(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run_burgee(*command, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.shown
    assert done.stderr == ""
    assert "Example:" in done.stdout or command == ("client",)


def test_version(tmp_path: Path) -> None:
    done = run_burgee("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout[:7]) == (0, "burgee,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chek",), "Did you mean 'check'?"),
        (("check", "--fromat", "json"), "--format"),
        (("build",), "--out"),
        (("check",), "burgee init DIR"),
        (("check", "."), "it has no burgee.yaml"),
        (("check", "nowhere.yaml"), "burgee.yaml"),
        (("build", "--out", "x"), "burgee.yaml"),
        (("list",), "--repo DIR"),
        (("list", "--repo", "nowhere"), "nowhere is no flag repository"),
        (("eval", "a", "--at", "2026-12-01 09:00"), "2026-12-01T09:00:00Z"),
        (("schema", "flagg"), "'flag'"),
    ],
)
def test_wrong_usage_is_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run_burgee(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.shown
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_at_all_shows_the_help(tmp_path: Path) -> None:
    done = run_burgee(cwd=tmp_path)
    assert done.returncode == 2
    assert "explain" in done.stdout + done.stderr


def test_an_interrupt_is_130(repo: Path) -> None:
    waiting = start_burgee("eval", "welcome-banner", "-e", "staging", "--context", "-", cwd=repo)
    with waiting:
        assert waiting.stdin is not None
        waiting.stdin.write("{")
        waiting.stdin.flush()
        wait_until_it_reads(waiting)
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert said.strip() == "interrupted"


def wait_until_it_reads(process: subprocess.Popen[str]) -> None:
    """Wait until the process sleeps in a read of its standard input."""
    if not sys.platform.startswith("linux"):
        pytest.skip("asks Linux what a process waits for")
    call = Path(f"/proc/{process.pid}/wchan")
    for _ in range(2_000):
        if "pipe" in call.read_text(encoding="utf-8"):
            return
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail(f"it ended with {process.returncode} and did not wait for input")


def test_a_reader_that_goes_away_is_no_bug(repo: Path) -> None:
    with subprocess.Popen(
        [*PYTHON, "schema", "flag"],
        cwd=repo,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("library", "arguments", "extra"),
    [
        ("pygit2", ["check", "--rev", "HEAD"], "burgee[compiler]"),
        ("yaml", ["test"], "burgee[compiler]"),
        ("uvicorn", ["edge", "--source", "x", "--environment", "y"], "burgee[edge]"),
        ("watchfiles", ["up"], "burgee[compiler]"),
        ("click", ["--help"], "burgee[all]"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    repo: Path, library: str, arguments: list[str], extra: str
) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; import burgee_cli; "
    done = run_python(code + f"burgee_cli.main({arguments!r})", repo)
    assert done.returncode == 2, done.stderr
    assert library in done.stderr
    assert f"pip install '{extra}'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bug_is_3_with_a_report_to_paste(repo: Path) -> None:
    code = (
        "import burgee_cli, burgee_cli.commands.check as check\n"
        "def fail(*_): raise RuntimeError('lost')\n"
        "check.open_repository = fail\n"
        "burgee_cli.main(['check'])"
    )
    done = run_python(code, repo)
    assert done.returncode == 3
    assert "this is a bug in burgee" in done.stderr
    assert "RuntimeError: lost" in done.stderr
    assert "Python 3." in done.stderr


def test_a_command_that_is_still_to_come_says_so(tmp_path: Path) -> None:
    done = run_burgee("import", cwd=tmp_path)
    assert done.returncode == 2
    assert "This version has no 'import' yet." in done.stderr
