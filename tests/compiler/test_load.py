"""Promise: reading a tree gives every definition its name, and knows of those it cannot read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burgee_compiler.layout import files_read
from burgee_compiler.load import load_repository
from burgee_compiler.repository import Repository, TenantFiles
from burgee_compiler.trees import Entry, Folder
from support.flag_repository import FlagRepository
from support.memory_tree import MemoryTree

ROOT = {"burgee.yaml": "environments: [production]\n"}
ON = "default: on\n"


def load(files: dict[str, str | bytes]) -> Repository:
    return load_repository(MemoryTree({**ROOT, **files}))


def acme(files: dict[str, str | bytes]) -> TenantFiles:
    return load({f"acme/{path}": text for path, text in files.items()}).tenants["acme"]


def found(repository: Repository) -> list[str]:
    return [f"{each.code} {each.where.file}" for each in repository.found]


def test_names_are_paths() -> None:
    tenant = acme(
        {
            "flags/checkout/one-page.yaml": ON,
            "flags/checkout/one-page.lock.yaml": "tables: []\n",
            "flags/adFailure.yaml": ON,
            "segments/regions/eea.yaml": "members: [u]\n",
            "segments/regions/eea.members.csv": "u-1\n",
        }
    )
    assert list(tenant.flags) == ["adFailure", "checkout.one-page"]
    assert list(tenant.locks) == ["checkout.one-page"]
    assert list(tenant.segments) == ["regions.eea"]
    assert list(tenant.members) == ["acme/segments/regions/eea.members.csv"]
    assert tenant.flags["checkout.one-page"].path == "acme/flags/checkout/one-page.yaml"


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("acme/flags/a.yaml", True),
        ("acme/segments/a.yaml", True),
        ("acme/segments/a.csv", True),
        ("acme/tenant.yaml", True),
        ("acme/layers.yaml", True),
        ("acme/attributes.yaml", True),
        ("acme/flags", True),
        ("docs/flag/a.yaml", False),
        ("docs/a.yaml", False),
        ("docs/deep/flags/a.yaml", False),
        ("node_modules/x/flags/a.yaml", False),
    ],
)
def test_what_makes_a_top_folder_a_tenant(path: str, is_one: bool) -> None:
    assert bool(load({path: ON}).tenants) is is_one


def test_empty_folders_make_no_tenant(tmp_path: Path) -> None:
    """Git keeps none, so that a clone and the folder it was made from would differ."""
    repository = FlagRepository(tmp_path, {"acme/flags/a.yaml": ON})
    for folder in ("other/flags", "third/segments/deep", "fourth/tenant.yaml"):
        (tmp_path / folder).mkdir(parents=True)
    assert list(load_repository(Folder(repository.root)).tenants) == ["acme"]


def test_a_tenant_that_nodes_would_refuse_is_left_out_and_still_read() -> None:
    repository = load({"acme/flags/a.yaml": ON, "my shop/flags/b.yaml": "defualt: on\n"})
    assert list(repository.tenants) == ["acme"]
    assert found(repository) == ["B125 my shop/", "B201 my shop/flags/b.yaml"]


UNREADABLE: dict[str, str | bytes] = {
    "flags/syntax.yaml": "default: [\n",
    "flags/shape.yaml": "defualt: on\n",
    "flags/bytes.yaml": b"\xff",
    "flags/empty.yaml": "",
    "flags/large.yaml": b"#" * (2**20 + 1),
    "flags/old.yml": ON,
}


def test_a_flag_that_cannot_be_read_still_exists() -> None:
    repository = load({f"acme/{path}": text for path, text in UNREADABLE.items()})
    flags = repository.tenants["acme"].flags
    assert set(flags) == {"syntax", "shape", "bytes", "empty", "large", "old"}
    assert not any(file.flag for file in flags.values())
    assert len(repository.found) == len(UNREADABLE)


def test_kinds_that_are_no_files(tmp_path: Path) -> None:
    repository = FlagRepository(tmp_path, {"flags/a.yaml": ON})
    repository.path("flags/link.yaml").symlink_to("a.yaml")
    repository.path("flags/folder.yaml").mkdir()
    os.mkfifo(repository.path("flags/pipe.yaml"))
    os.mkfifo(tmp_path / "acme/layers.yaml")
    read = load_repository(Folder(tmp_path))
    assert sorted(found(read)) == [
        "B122 acme/flags/link.yaml",
        "B123 acme/flags/folder.yaml",
        "B129 acme/flags/pipe.yaml",
        "B129 acme/layers.yaml",
    ]
    tenant = read.tenants["acme"]
    assert {key for key, file in tenant.flags.items() if file.flag is None} == {
        *("link", "folder", "pipe"),
    }
    assert not tenant.has_layers


def test_a_root_that_is_no_file(tmp_path: Path) -> None:
    FlagRepository(tmp_path, {"flags/a.yaml": ON})
    (tmp_path / "burgee.yaml").unlink()
    os.mkfifo(tmp_path / "burgee.yaml")
    read = load_repository(Folder(tmp_path))
    assert read.burgee is None
    assert found(read) == ["B129 burgee.yaml"]


class Closed(MemoryTree):
    """A tree with a folder that may not be looked into."""

    def __init__(self, files: dict[str, str | bytes], folder: str) -> None:
        super().__init__(files)
        self._folder = folder

    def entries(self) -> list[Entry]:
        inside = (self._folder, f"{self._folder}/")
        kept = [each for each in super().entries() if not each.path.startswith(inside)]
        return sorted([*kept, Entry(self._folder, "closed")])


@pytest.mark.parametrize("folder", ["acme", "acme/flags", "acme/flags/ops"])
def test_a_folder_that_cannot_be_looked_into(folder: str) -> None:
    files: dict[str, str | bytes] = {
        **ROOT,
        "acme/flags/ops/a.yaml": ON,
        "acme/segments/s.yaml": "members: [u]\n",
    }
    read = load_repository(Closed(files, folder))
    assert found(read) == [f"B129 {folder}"]
    assert not read.tenants["acme"].is_whole


def test_other_closed_folders_are_nobody_s_business() -> None:
    files: dict[str, str | bytes] = {**ROOT, "acme/flags/a.yaml": ON}
    read = load_repository(Closed(files, "lost+found"))
    assert not read.found


MEMBER_LISTS: list[tuple[bytes, tuple[str, ...] | None, list[str]]] = [
    (b"a\nb\n", ("a", "b"), []),
    (b"a\r\nb", ("a", "b"), []),
    (b"\n\na\n\n", ("a",), []),
    (b"", (), []),
    (b" a\nb\t\n", (" a", "b\t"), ["B130 acme/segments/l.csv", "B130 acme/segments/l.csv"]),
    (b'"a","b"\n', ('"a","b"',), []),
    ("ü\u2028x\n".encode(), ("ü\u2028x",), []),
    (b"\xff\n", None, ["B101 acme/segments/l.csv"]),
    ("\ufeffa\n".encode(), None, ["B102 acme/segments/l.csv"]),
]


@pytest.mark.parametrize(("data", "ids", "expected"), MEMBER_LISTS)
def test_member_lists(data: bytes, ids: tuple[str, ...] | None, expected: list[str]) -> None:
    read = load({"acme/segments/l.csv": data, "acme/segments/s.yaml": "members_file: l.csv\n"})
    assert found(read) == expected
    tenant = read.tenants["acme"]
    assert tenant.members["acme/segments/l.csv"].ids == ids
    # A segment without its list would hold fewer users than it says.
    assert (tenant.segments["s"].segment is None) is (ids is None)


def test_a_list_over_the_limit_is_not_read() -> None:
    class Large(MemoryTree):
        def entries(self) -> list[Entry]:
            return [
                Entry(each.path, each.kind, 2**26 + 1 if each.path.endswith(".csv") else each.size)
                for each in super().entries()
            ]

    read = load_repository(Large({**ROOT, "acme/segments/l.csv": "a\n"}))
    assert found(read) == ["B104 acme/segments/l.csv"]
    assert "acme/segments/l.csv" not in read.files


def test_a_file_that_is_gone_before_it_is_read() -> None:
    class Gone(MemoryTree):
        def read(self, path: str) -> bytes:
            if path.endswith("a.yaml"):
                raise FileNotFoundError(2, "No such file or directory", path)
            return super().read(path)

    read = load_repository(Gone({**ROOT, "acme/flags/a.yaml": ON, "acme/flags/b.yaml": ON}))
    assert found(read) == ["B129 acme/flags/a.yaml"]
    assert read.tenants["acme"].flags["b"].flag is not None


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["flags/Checkout/a.yaml", "flags/checkout/b.yaml"], ["acme/flags/checkout/b.yaml"]),
        (["flags/A.yaml", "flags/a.yaml"], ["acme/flags/a.yaml"]),
        (["flags/a/b.yaml", "flags/a/c.yaml", "flags/a.yaml"], []),
        (["flags/A/x.yaml", "flags/a/x.yaml", "flags/a/y.yaml"], ["acme/flags/a/x.yaml"]),
        (["flags/a.yaml", "segments/A.yaml"], []),
    ],
)
def test_names_that_some_file_systems_take_for_one(paths: list[str], expected: list[str]) -> None:
    texts = {path: ON if path.startswith("flags") else "members: [u]\n" for path in paths}
    read = load({f"acme/{path}": text for path, text in texts.items()})
    assert found(read) == [f"B126 {path}" for path in expected]


def test_files_that_are_read() -> None:
    files: dict[str, str | bytes] = {
        "acme/flags/a.yaml": ON,
        "acme/flags/a.lock.yaml": "tables: []\n",
        "acme/segments/l.csv": "u\n",
        "acme/segments/s.yaml": "members_file: l.csv\n",
        "acme/layers.yaml": "{}\n",
        "acme/README.md": "x",
        "acme/flags/old.yml": ON,
        "docs/a.yaml": ON,
        "README.md": "x",
    }
    tree = MemoryTree({**ROOT, **files})
    expected = [
        "acme/flags/a.lock.yaml",
        "acme/flags/a.yaml",
        "acme/layers.yaml",
        "acme/segments/l.csv",
        "acme/segments/s.yaml",
        "burgee.yaml",
    ]
    assert sorted(files_read(tree.entries())) == expected
    assert list(load_repository(tree).files) == expected


def test_all_findings_come_at_once() -> None:
    read = load(
        {
            "burgee.yaml": "environments: []\n",
            "acme/layers.yaml": "x: [\n",
            "acme/flags/a.yaml": "default: [\n",
            "acme/segments/s.yaml": "membres: [u]\n",
            "other/flags/b.yml": ON,
        }
    )
    assert sorted({each.split()[0] for each in found(read)}) == ["B106", "B121", "B201", "B214"]
    assert read.burgee is None
    assert list(read.tenants) == ["acme", "other"]
