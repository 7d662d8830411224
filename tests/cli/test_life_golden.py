"""Promise: reports on tests, history, figures and stale flags read as their golden files do.

They are reviewed by eye: would whoever reads one know what to do? BURGEE_ACCEPT=1 takes new ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import git, run_burgee
from support.golden import accepts
from support.shop_history import NOW, shop_code, shop_history

GOLDEN = Path(__file__).parent.parent / "golden" / "life"
CODE = ("--code", "code")
WHEN = ("--at", NOW)

CASES = {
    "test.txt": ("test", "flags", "--coverage"),
    "test.json": ("test", "flags", "--coverage", "--json"),
    "test.xml": ("test", "flags", "--junit", "report.xml"),
    "stale.txt": ("stale", "--repo", "flags", *CODE, *WHEN),
    "stale.json": ("stale", "--repo", "flags", *CODE, *WHEN, "--json"),
    "history.txt": ("show", "checkout.one-page", "--history", "--repo", "flags"),
    "history.json": ("show", "checkout.one-page", "--history", "--repo", "flags", "--json"),
    "stats.txt": ("stats", "--repo", "flags", *WHEN),
    "stats.json": ("stats", "--repo", "flags", *WHEN, "--json"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shop")
    shop_history(made / "flags")
    shop_code(made / "code")
    return made


@pytest.fixture
def failing(folder: Path) -> Path:
    """The shop as of its second commit, with a rule in front that its tests do not know."""
    clone = folder / "then"
    if not clone.exists():
        git(folder, "clone", "--quiet", "flags", "then")
        git(clone, "checkout", "--quiet", "HEAD~4")
        path = clone / "acme" / "flags" / "checkout" / "badges.yaml"
        rule = "  - {name: quiet-start, when: {attribute: country, eq: DE}, serve: none}\n"
        path.write_text(path.read_text().replace("rules:\n", "rules:\n" + rule))
    return clone


@pytest.mark.parametrize("name", CASES)
def test_golden(folder: Path, failing: Path, name: str) -> None:
    arguments = [str(failing) if each == "flags" else each for each in CASES[name]]
    if CASES[name][0] != "test":
        arguments = list(CASES[name])
    done = run_burgee(*arguments, cwd=folder)
    assert done.returncode in (0, 1), done.shown
    shown = done.stdout
    if name.endswith(".xml"):
        shown = (folder / "report.xml").read_text(encoding="utf-8")
    expected = GOLDEN / name
    actual = GOLDEN / f"{name}.actual"
    if accepts():
        GOLDEN.mkdir(exist_ok=True)
        expected.write_text(shown, encoding="utf-8")
    known = expected.read_text(encoding="utf-8") if expected.exists() else None
    if shown != known:
        actual.write_text(shown, encoding="utf-8")
    elif actual.exists():
        actual.unlink()
    assert shown == known, f"see {actual}"
