"""Promise: keys in the code of many languages are found with their lines, comments are not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from burgee_compiler.stale.code import scan_code
from support.flag_repository import git

KEYS = ("shop.pay", "shop.one-page", "banner")

FOUND = [
    ("a.py", "x('shop.pay')", [1]),
    ("a.py", '"""\nshop.pay\n"""\n# "shop.pay"\nx("shop.pay")  # "banner"\n', [5]),
    ("a.py", "x('it\\'s', 'shop.pay')", [1]),
    ("a.py", 'url = "https://e.example#"; y = "shop.pay"', [1]),
    ("a.py", 'get(f"/ofrep/v1/evaluate/flags/shop.pay")', [1]),
    ("a.py", 'get("/v1/flags/shop.pay?x=1")', [1]),
    ("a.ts", "/* 'shop.pay'\n'shop.pay' */ x(`shop.pay`, // 'shop.pay'\n 'shop.pay')", [2, 3]),
    ("a.jsx", '<Flag key="shop.pay">It\'s</Flag>', [1]),
    ("a.js", "x('//', 'shop.pay')", [1]),
    ("a.go", "client.BooleanValue(ctx, `shop.pay`, false, c)\n// `shop.pay`", [1]),
    ("a.java", 'c.getBooleanValue("shop.pay", false);', [1]),
    ("a.kt", 'val a = """x"""\nc.getBooleanValue("shop.pay", false)', [2]),
    ("a.rb", "# 'shop.pay'\nclient.fetch_boolean_value(flag_key: 'shop.pay')", [2]),
    ("a.php", "// 'shop.pay'\n# 'shop.pay'\n$c->get('shop.pay');", [3]),
    ("a.cs", 'await c.GetBooleanValueAsync("shop.pay", false);', [1]),
    ("a.swift", 'client.getValue(key: "shop.pay", defaultValue: false)', [1]),
    ("a.rs", 'fn f<\'a>() { c.get_bool_value("shop.pay", None, None) }', [1]),
    ("a.html", '<p data-flag="shop.pay">', [1]),
    ("a.md", '"shop.pay"', []),
    ("a.py", "x('shop.pays', 'shop.pay.x', 'ashop.pay', shop.pay)", []),
    ("a.py", "\0x('shop.pay')", []),
    ("a.py", f"x('shop.pay')\n{'#' * (1 << 20)}", []),
]


@pytest.mark.parametrize(("name", "text", "lines"), FOUND)
def test_references(tmp_path: Path, name: str, text: str, lines: list[int]) -> None:
    (tmp_path / name).write_text(text)
    scan = scan_code([tmp_path], KEYS)
    assert [each.line for each in scan.known.get("shop.pay", [])] == lines
    assert "banner" not in scan.known
    assert scan.unknown == []


UNKNOWN = [
    ("a.py", 'client.get_boolean_value("shop.pya", False)'),
    ("a.py", 'client.get_string_details(\n    "shop.pya", "")'),
    ("a.py", "Depends(require_feature('shop.pya'))"),
    ("a.py", 'flags.evaluate("shop.pya", context)'),
    ("a.ts", "client.getBooleanValue('shop.pya', false)"),
    ("a.ts", "useBooleanFlagValue('shop.pya', false)"),
    ("a.tsx", "useFlag<boolean>('shop.pya', false)"),
    ("a.go", 'client.BooleanValue(ctx, "shop.pya", false, c)'),
    ("a.go", 'client.BooleanValueDetails(context.Background(), "shop.pya", false, c)'),
    ("a.java", 'client.getObjectDetails("shop.pya", v)'),
    ("a.cs", 'client.GetIntegerValueAsync("shop.pya", 1)'),
]


@pytest.mark.parametrize(("name", "text"), UNKNOWN)
def test_misspelt_keys_in_calls_that_evaluate(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (one,) = scan_code([tmp_path], KEYS).unknown
    assert one.key == "shop.pya"


NOT_UNKNOWN = [
    'x("shop.pya")',
    'client.get_boolean_value(key, "shop.pya")',  # a default, or what a key is made of
    'client.get_string_value("shop.pay", "none")',
    'client.get_string_value("two words", "none")',
    'get_value("shop.pya")',
    'xpath.evaluate("shop.pya")',
    '# client.get_boolean_value("shop.pya")',
]


@pytest.mark.parametrize("text", NOT_UNKNOWN)
def test_no_false_alarm(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    assert scan_code([tmp_path], KEYS).unknown == []


def test_what_git_ignores_is_passed_over(tmp_path: Path) -> None:
    for name in ("a.py", "new.py", "out/b.py", "deep/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x('shop.pay')")
    (tmp_path / ".gitignore").write_text("out/\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "a.py")
    scan = scan_code([tmp_path], KEYS)
    found = [Path(each.file).name for each in scan.known["shop.pay"]]
    assert found == ["a.py", "c.py", "new.py"]
    below = scan_code([tmp_path / "deep", tmp_path], KEYS)
    assert len(below.known["shop.pay"]) == 3  # each file once


def test_links_and_folders_of_others_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.js").write_text("x('shop.pay')")
    (tmp_path / "real.py").write_text("x('shop.pay')")
    (tmp_path / "link.py").symlink_to("real.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    scan = scan_code([tmp_path], KEYS)
    assert [Path(each.file).name for each in scan.known["shop.pay"]] == ["real.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_may_be_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x('shop.pay')")
    (one,) = scan_code([tmp_path], KEYS).known["shop.pay"]
    assert one.file == f"{tmp_path}/caf\ufffd.py"


def test_a_file_may_be_named_itself(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x('shop.pay')")
    assert list(scan_code([tmp_path / "a.py"], KEYS).known) == ["shop.pay"]
