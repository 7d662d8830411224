"""Promise: for every bad input `burgee check` and `build` exit as they should and write nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from burgee_cli.main import main
from support.golden import EXPECTED, FILES, cases

FOLDERS = [each for each in cases("invalid") if not (each / FILES).exists()]
USAGE = "error[B127]"  # a root without burgee.yaml is wrong usage
TESTS = ("error[B601]", "error[B602]", "error[B603]")  # `check` runs none


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(each) for each in arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_exit_codes(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = (folder / EXPECTED).read_text(encoding="utf-8")
    code = 2 if USAGE in expected else int("error[" in expected)
    out = tmp_path / "dist"
    assert run("build", folder, "--out", out) == code
    assert out.exists() == (code == 0)
    assert run("check", folder) == (0 if any(each in expected for each in TESTS) else code)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
