"""Promise: what static analysis says after an edit is what it says without a cache, and advice
costs no reading: where nothing was edited, files are not read for it again."""

from __future__ import annotations

import pytest

from burgee.instants import parse_instant
from burgee_compiler.build import check
from burgee_compiler.cache.remembered import RememberedMemo
from burgee_compiler.changed import Changed
from burgee_compiler.load import load_repository
from support.memory_store import InMemory
from support.memory_tree import MemoryTree

Files = dict[str, str]

NOW = 1_793_491_200_000_000
FLAG, OTHER = "acme/flags/checkout.yaml", "acme/flags/other.yaml"
VIP, PRO = "acme/segments/vip.yaml", "acme/segments/pro.yaml"
ATTRIBUTES, LEVELS = "acme/attributes.yaml", "burgee.yaml"
FILES = {
    LEVELS: "environments: [staging, production]\n",
    FLAG: """\
rules:
  - {name: first, when: {segment: vip}, serve: on}
  - {name: second, when: {attribute: plan, eq: pro}, serve: on}
  # burgee: allow B716 because it rises and falls
  - {name: third, when: {attribute: targetingKey, eq: x}, percentage: 100, serve: on}
default: off
expires: 2026-01-01  # burgee: allow B725 because old apps live long
""",
    OTHER: "rules: [{name: all, when: {segment: pro}, serve: on}]\ndefault: off\n",
    VIP: "members: [a]\n",
    PRO: "when: {attribute: plan, in: [pro]}\n",
    ATTRIBUTES: "plan: {type: string}\n",
}
TAKEN = FILES[FLAG].replace("segment: vip", "attribute: plan, in: [pro, max]")
EXCUSE = "# burgee: allow B712 because it goes soon"
GONE = "gone"
UNUSED = "# burgee: allow B718 because apps name it\n"


class Counting(MemoryTree):
    """Counts which files are read; each has its text for a stamp."""

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self._stamps = {path: text.encode() for path, text in files.items()}
        self.reads: list[str] = []

    def stamps(self) -> dict[str, bytes]:
        return self._stamps

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        return super().read(path)


def checked(files: Files, store: InMemory, now: int | None = None) -> tuple[list[str], list[str]]:
    """Check with a cache and without; return the codes, and what was read with it."""
    tree, memo = Counting(files), RememberedMemo(store)
    found = check(load_repository(tree, memo), now=now)
    memo.save()
    assert found == check(load_repository(MemoryTree(files)), now=now)
    return [each.code for each in found], tree.reads


@pytest.mark.parametrize(
    ("edit", "codes"),
    [
        ({ATTRIBUTES: "plan: {type: boolean}\n"}, ["B721", "B721"]),
        ({ATTRIBUTES: "plan: {type: string, enum: [max]}\n"}, ["B720", "B720"]),
        ({ATTRIBUTES: "plam: {type: string}\n"}, ["B719", "B719"]),
        ({ATTRIBUTES: GONE}, []),
        ({ATTRIBUTES: FILES[ATTRIBUTES] + "# burgee: allow B719 because\n"}, ["B726"]),
        ({OTHER: "default: off\n"}, ["B718"]),
        ({OTHER: "default: off\n", PRO: UNUSED + FILES[PRO]}, []),
        ({PRO: UNUSED + FILES[PRO]}, ["B727"]),
        ({VIP: "when: {segment: pro}\n", OTHER: "variants: [on]\ndefault: on\n"}, []),
        ({VIP: "when: {attribute: plan, eq: pro}\n"}, ["B717"]),
        ({FLAG: TAKEN}, ["B712", "B718"]),
        ({FLAG: TAKEN.replace("  - {name: second", f"  {EXCUSE}\n  - {{name: second")}, ["B718"]),
        ({FLAG: FILES[FLAG].replace("default: off", f"default: off  {EXCUSE}")}, ["B727"]),
        ({LEVELS: FILES[LEVELS] + "levels: {B718: error}\n", OTHER: "default: off\n"}, ["B718"]),
    ],
)
@pytest.mark.parametrize("now", [None, NOW])
def test_an_edit_and_back(edit: Files, codes: list[str], now: int | None) -> None:
    store = InMemory()
    edited = {path: text for path, text in {**FILES, **edit}.items() if text != GONE}
    assert checked(FILES, store)[0] == []
    after, _ = checked(edited, store, now)
    if now is None:
        assert sorted(after) == sorted(codes)
    assert checked(FILES, store)[0] == []
    assert sorted(checked(edited, store)[0]) == sorted(codes)


@pytest.mark.parametrize(
    "dated",
    [
        "default: off\nexpires: 2026-01-01\n",
        "default: off\noverrides: [{user: u, serve: on, expires: 2026-01-01}]\n",
        "default: off\nschedule: [{at: 2026-01-01, set: {default: on}}]\n",
        (
            "rules: [{name: r, when: {attribute: plan, eq: x}, serve: on,\n"
            "  schedule: [{at: 2026-01-01, set: {serve: off}}]}]\ndefault: off\n"
        ),
        (
            "default: off\nenvironments:\n"
            "  staging: {overrides: [{user: u, serve: on, expires: 2026-01-01}]}\n"
        ),
    ],
)
def test_what_is_of_today_is_found_each_day(dated: str) -> None:
    store, files = InMemory(), {**FILES, OTHER: dated}
    assert not of_today(checked(files, store)[0])
    instant = parse_instant("2026-01-01")
    assert instant is not None
    assert not of_today(checked(files, store, instant - 1)[0])
    assert len(of_today(checked(files, store, instant)[0])) == 1
    assert not of_today(checked(files, store)[0])


def of_today(codes: list[str]) -> list[str]:
    return [each for each in codes if each in ("B723", "B724", "B725")]


def test_what_is_of_today_is_not_remembered() -> None:
    store = InMemory()
    files = {**FILES, FLAG: FILES[FLAG].replace("# burgee: allow B725", "#")}
    assert checked(files, store, NOW)[0] == ["B725"]
    assert checked(files, store)[0] == []
    assert checked(files, store, NOW)[0] == ["B725"]
    assert checked(files, store, 0)[0] == []


def test_nothing_is_read_again_but_excuses() -> None:
    store = InMemory()
    checked(FILES, store)
    assert checked(FILES, store)[1] == [LEVELS, ATTRIBUTES, FLAG]
    assert checked(FILES, store, 0)[1] == [LEVELS, ATTRIBUTES, FLAG]
    edited = {**FILES, OTHER: FILES[OTHER] + "# \n", FLAG: "default: off\n"}
    assert "B718" in checked(edited, store)[0]
    assert checked(edited, store)[1] == [LEVELS, ATTRIBUTES]


def test_an_excuse_is_read_as_it_was_or_the_run_begins_again() -> None:
    store = InMemory()
    checked(FILES, store)
    for edited in (FILES[FLAG] + "\n", None):
        tree = Counting(FILES)
        loaded = load_repository(tree, RememberedMemo(store))
        tree._files.pop(FLAG)
        if edited is not None:
            tree._files[FLAG] = edited.encode()
        with pytest.raises(Changed):
            check(loaded)
    tree = Counting(FILES)
    loaded = load_repository(tree)
    tree._files.clear()
    assert check(loaded) == []  # each file was read once
