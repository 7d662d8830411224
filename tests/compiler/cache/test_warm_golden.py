"""Promise: every golden repository, right or wrong, is found and built the same from the cache."""

from pathlib import Path

import pytest

from burgee_compiler.build import build
from burgee_compiler.cache.remembered import RememberedMemo
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder
from support.memory_store import InMemory
from support.process import ROOT

_CASES = sorted((ROOT / "tests" / "golden").glob("*/*/**/burgee.yaml"))


@pytest.mark.parametrize("case", _CASES, ids=[str(each.parent.name) for each in _CASES])
def test_warm_is_cold(case: Path) -> None:
    tree, store = Folder(case.parent), InMemory()
    cold = build(load_repository(tree), None)
    held = build(load_repository(tree), None, lambda _: None)
    for _ in range(3):
        memo = RememberedMemo(store)
        loaded = load_repository(tree, memo)
        assert build(loaded, None) == cold
        assert build(loaded, None, lambda _: None, if_needed=True) == held
        memo.save()
